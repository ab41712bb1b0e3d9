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

  /// What a GPU offers to one execution.
  struct Gpu {
    void* stream;                                          ///< a CUstream
    std::function<Result<void*>(size_t bytes)> workspace;  ///< memory until the execution is done; asked once
    /// Copies to the host, behind what was enqueued, and waits.
    std::function<Status(void* host, const void* device, size_t bytes)> read;
  };
  /// Whether `enqueue` is called in place of `run` where the network runs on a GPU.
  virtual bool on_gpu() const { return false; }
  /// As `run`, with all tensors in the GPU's memory: puts the work on the stream. An output whose size its
  /// data tell may be asked for twice: with the most that it can be, and with its size.
  virtual Status enqueue(const std::vector<TensorRef>& inputs, size_t num_outputs, const Allocate& output,
                         const Gpu& gpu);
};

/// A kind of custom op and the data (any bytes) from which one node's op is made.
struct CustomOpRef {
  std::string kind, data;
};

using CustomOpFactory = std::function<Result<std::shared_ptr<CustomOp>>(const std::string& data)>;
/// Later registrations of a kind replace earlier ones. Thread-safe.
INGOT_API void register_custom_op(const std::string& kind, CustomOpFactory factory);

}  // namespace ingot
