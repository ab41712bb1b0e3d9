// Softmax and LogSoftmax along an axis that is not the innermost: a thread for VEC columns. Options: TYPE,
// VEC, LOGARITHM.
#include "backends/cuda/kernels/device/launch.cuh"
#include "backends/cuda/kernels/device/vector.cuh"
#include "backends/cuda/kernels/norm/norm_params.h"

extern "C" __global__ void __launch_bounds__(128)
    softmax_columns(const TYPE* __restrict__ x, TYPE* __restrict__ y, const ColumnSoftmaxParams p) {
  wait_for_previous_kernel();
  const unsigned at = blockIdx.x * blockDim.x + threadIdx.x;
  if (at >= p.vectors) return;
  const unsigned outer = divide(at, p.inner);
  const i64 step = i64(p.inner.divisor) * VEC;
  const i64 first = outer * step * p.size + remainder_of(at, outer, p.inner) * VEC;
  float largest[VEC], sum[VEC];  // the sum of powers relative to the largest so far
#pragma unroll
  for (int j = 0; j < VEC; ++j) largest[j] = __int_as_float(0xff800000), sum[j] = 0;
  for (int k = 0; k < p.size; ++k) {
    const Vec<TYPE, VEC> e = load<VEC>(x + first + k * step);
#pragma unroll
    for (int j = 0; j < VEC; ++j) {
      const float v = to_float(e[j]), now = fmaxf(v, largest[j]);
      sum[j] = sum[j] * (now == largest[j] ? 1.f : __expf(largest[j] - now)) + __expf(v - now);
      largest[j] = now;
    }
  }
  for (int k = 0; k < p.size; ++k) {
    Vec<TYPE, VEC> e = load<VEC>(x + first + k * step);
#pragma unroll
    for (int j = 0; j < VEC; ++j) {
      const float v = to_float(e[j]) - largest[j];
      e[j] = convert<TYPE>(LOGARITHM ? v - logf(sum[j]) : __expf(v) / sum[j]);
    }
    store<VEC>(y + first + k * step, e);
  }
}
