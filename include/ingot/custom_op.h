// Ops that programs bring with them. Register a kind once in each process that builds or runs such a network,
// then add nodes with the op "Custom" and the attributes "kind" and "data".
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ingot/export.h"
#include "ingot/status.h"
#include "ingot/tensor.h"

namespace ingot {

/// One node's computation. Calls may come from several threads at once.
class INGOT_API CustomOp {
 public:
  /// Memory for output i, to be asked for once.
  using Allocate =
      std::function<Result<TensorRef>(size_t i, DataType dtype, const std::vector<int64_t>& dims)>;

  virtual ~CustomOp();
  /// Sets the element type and dims of each output (as many as the node has). A dim may be a number, an
  /// expression over the inputs' symbols, or "?": a size that only a run can tell.
  virtual Status infer(const std::vector<TensorInfo>& inputs, std::vector<TensorInfo>& outputs) = 0;
  /// Computes all outputs. Inputs are dense, in host memory; one without a type is not given.
  virtual Status run(const std::vector<TensorRef>& inputs, size_t num_outputs, const Allocate& output) = 0;
};

/// A kind of custom op and the data (any bytes) from which one node's op is made.
struct CustomOpRef {
  std::string kind, data;
};

using CustomOpFactory = std::function<Result<std::shared_ptr<CustomOp>>(const std::string& data)>;
/// Later registrations of a kind replace earlier ones. Thread-safe.
INGOT_API void register_custom_op(const std::string& kind, CustomOpFactory factory);

}  // namespace ingot
