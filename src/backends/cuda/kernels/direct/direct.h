// Convolutions, and transposed ones, of any types in up to three dims: for each place of the result a sum
// over the taps that reach it. For what the kernels that work in tiles (conv.h) do not take.
#pragma once

#include <array>

#include "backends/cuda/kernels/conv/conv.h"

namespace ingot::cuda {

struct DirectAxis {
  int64_t in = 1, out = 1, kernel = 1, stride = 1, pad = 0, dilation = 1;
};

/// Sums of bytes are i32, all others float. The result lies channels last. Baked in: all but sizes and steps;
/// of the filters their divisibility.
struct DirectProblem {
  DataType x_type, weight_type, bias_type, y_type;  // kI32: the sums themselves
  int64_t images, channels, filters, groups = 1;
  std::array<DirectAxis, 3> axes;
  bool transposed = false;
  bool channels_last = true;  // x; else row-major
  /// Weights as ONNX has them; or [channels / groups, taps, filters], of transposed convolutions [taps,
  /// channels, filters / groups].
  bool filters_last = true;
  bool has_bias = false, has_scale = false;
  bool scale_per_filter = false, x_zero = false, w_zero = false, w_zero_per_filter = false;
  std::string epilogue;
  std::vector<ConvExtra> extras;
};
/// Arguments: x, weights, bias, scale (float), zero points of x and of the weights, extras, y; null where
/// there is none.
Result<KernelSpec> direct_kernel(const DirectProblem& problem);

}  // namespace ingot::cuda
