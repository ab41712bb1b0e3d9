// Transposed convolutions of NHWC with an epilogue: a sum over the taps that reach each output pixel.
#pragma once

#include "backends/cuda/kernels/conv/conv.h"

namespace ingot::cuda {

/// Weights are [kernel height, kernel width, channels, filters / groups]: of a tap, the filters follow each
/// other. Baked in: the type, the epilogue, divisibility of the filters.
struct TransposedProblem {
  DataType type;
  int64_t images, height, width, channels, filters, groups = 1, out_h, out_w;
  int64_t kernel_h, kernel_w, stride_h = 1, stride_w = 1, pad_top = 0, pad_left = 0;
  int64_t dilation_h = 1, dilation_w = 1;
  bool has_bias = true;
  std::string epilogue;
  std::vector<ConvExtra> extras;
};
/// Arguments: x, weights, bias (null where there is none), extras, y.
Result<KernelSpec> transposed_kernel(const TransposedProblem& problem);

}  // namespace ingot::cuda
