// The op Custom: a node whose inference and computation the program brings (include/ingot/custom_op.h).
#pragma once

#include <memory>

#include "ops/op.h"

namespace ingot::ops {

class CustomHooks {
 public:
  /// What a GPU offers: include/ingot/custom_op.h.
  struct Gpu {
    void* stream;
    std::function<Result<void*>(size_t bytes)> workspace;
    std::function<Status(void* host, const void* device, size_t bytes)> read;
  };

  virtual ~CustomHooks() = default;
  virtual Status infer(InferContext& c) = 0;
  virtual Status eval(EvalContext& c) = 0;
  /// Whether `enqueue` computes it on a GPU, from tensors there.
  virtual bool on_gpu() const = 0;
  virtual Status enqueue(EvalContext& c, const Gpu& gpu) = 0;
};

using CustomFactory = std::function<Result<std::shared_ptr<CustomHooks>>(const std::string& data)>;
/// Thread-safe. The factory is asked whenever a node is inferred or run: keeping ops is its business.
void register_custom(const std::string& kind, CustomFactory factory);
/// The hooks of a node with these attributes.
Result<std::shared_ptr<CustomHooks>> custom_hooks(const Attrs& attrs);

}  // namespace ingot::ops
