// Softmax and normalisation kernels. Statistics are computed in float.
#pragma once

#include "backends/cuda/kernels/kernel_spec.h"

namespace ingot::cuda {

/// Softmax (or LogSoftmax) along `size` of dense [outer, size, inner]. Baked in: the type, `max_size` (where
/// it is 0, `size`) rounded up to a power of two, the vectors that divide rows.
struct SoftmaxProblem {
  DataType type;
  int64_t outer, size, inner = 1;
  bool logarithm = false;
  int64_t max_size = 0;  // of a dynamic axis: the largest that will come
};
/// Arguments: x, y.
Result<KernelSpec> softmax_kernel(const SoftmaxProblem& problem);

/// LayerNormalization (RMSNormalization with `rms`) of dense rows: y = norm(x + skip) * scale + bias, sum = x
/// + skip. Baked in: all but `rows` and `skip_rows`.
struct LayerNormProblem {
  DataType type, scale_type;  // of x, skip, y, sum; of scale and bias
  int64_t rows, columns;
  float epsilon = 1e-5f;
  bool rms = false, has_scale = true, has_bias = true, has_skip = false, has_sum = false;
  int64_t skip_rows = 0;  // the skip repeats after so many rows; 0: it has them all
};
/// Arguments: x, skip, scale, bias, y, sum; null where absent.
Result<KernelSpec> layer_norm_kernel(const LayerNormProblem& problem);

/// GroupNormalization of NHWC [images, pixels, channels]; InstanceNormalization has as many groups as
/// channels. Baked in: all but `images` and `pixels`.
struct GroupNormProblem {
  DataType type, scale_type;
  int64_t images, pixels, channels, groups;
  float epsilon = 1e-5f;
};
/// Arguments: x, scale, bias, y.
Result<KernelSpec> group_norm_kernel(const GroupNormProblem& problem);

}  // namespace ingot::cuda
