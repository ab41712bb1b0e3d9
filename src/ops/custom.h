// The op Custom: a node whose inference and computation the program brings (include/ingot/custom_op.h).
#pragma once

#include <memory>

#include "ops/op.h"

namespace ingot::ops {

class CustomHooks {
 public:
  virtual ~CustomHooks() = default;
  virtual Status infer(InferContext& c) = 0;
  virtual Status eval(EvalContext& c) = 0;
};

using CustomFactory = std::function<Result<std::shared_ptr<CustomHooks>>(const std::string& data)>;
/// Thread-safe. The factory is asked whenever a node is inferred or run: keeping ops is its business.
void register_custom(const std::string& kind, CustomFactory factory);

}  // namespace ingot::ops
