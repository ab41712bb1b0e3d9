// Convolutions by cuDNN: convolution, bias, residual and activation as one graph, and the engines that can
// run it. Tensors are channels-last.
#pragma once

#include <map>
#include <optional>

#include "backends/cuda/driver/cudnn.h"
#include "base/tensor.h"

namespace ingot::cuda {

/// y = activation(conv(x, w) + bias + residual). Dims are [N, C, spatial...] and [K, C / groups, spatial...].
struct CudnnProblem {
  DataType type = DataType::kF32;
  Dims x, w, y;
  Dims strides, dilations, pads_begin, pads_end;
  bool transposed = false;  // y takes the place of the input of a convolution whose output is x
  bool bias = false, residual = false;
  std::optional<dnn::PointwiseMode> activation;
  std::optional<double> upper;  // of kRelu
  bool tf32 = true;

  std::string key() const;
};

/// An engine of cuDNN with its settings: what an engine file keeps of a plan.
struct CudnnEngine {
  int64_t index = 0;
  Dims knobs, values;
};

/// A finished plan. Used by one thread at a time.
class CudnnPlan {
 public:
  /// Errors: kUnsupported where the engine cannot do this problem.
  static Result<std::unique_ptr<CudnnPlan>> create(const CudnnFunctions& f, CudnnHandle handle,
                                                   const CudnnProblem& problem, const CudnnEngine& engine);
  size_t workspace_bytes() const { return workspace_bytes_; }

  struct Pointers {
    const void *x = nullptr, *w = nullptr, *bias = nullptr, *residual = nullptr;
    void *y = nullptr, *workspace = nullptr;
    friend bool operator==(const Pointers&, const Pointers&) = default;
  };
  Status run(CudnnHandle handle, const Pointers& pointers);

 private:
  CudnnPlan(const CudnnFunctions& f, dnn::Descriptor plan) : f_(f), plan_(std::move(plan)) {}
  const CudnnFunctions& f_;
  dnn::Descriptor plan_;
  size_t workspace_bytes_ = 0;
  Pointers last_;
  std::optional<dnn::Descriptor> pack_;
};

/// Engines for a problem, by cuDNN's own estimate the fastest first; none that rounds sums to less than
/// float32 or that gives other bits from run to run. Errors: kUnsupported.
Result<std::vector<CudnnEngine>> cudnn_engines(const CudnnFunctions& f, CudnnHandle handle,
                                               const CudnnProblem& problem, size_t limit);

}  // namespace ingot::cuda
