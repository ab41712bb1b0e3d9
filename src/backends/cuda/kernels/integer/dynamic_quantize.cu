// DynamicQuantizeLinear: the range of x in parts, a block each; then all elements by the range of all parts.
#include "backends/cuda/kernels/device/launch.cuh"
#include "backends/cuda/kernels/device/reduce.cuh"
#include "backends/cuda/kernels/device/types.cuh"
#include "backends/cuda/kernels/integer/integer_params.h"

extern "C" __global__ void __launch_bounds__(256)
    range_of_parts(const float* __restrict__ x, float* __restrict__ parts, const DynamicQuantizeParams p) {
  wait_for_previous_kernel();
  float low = 0, high = 0;
  for (unsigned i = blockIdx.x * 256 + threadIdx.x; i < p.elements; i += gridDim.x * 256) {
    low = fminf(low, x[i]);
    high = fmaxf(high, x[i]);
  }
  low = -reduce_row<256>(-low, LargestOf());
  high = reduce_row<256>(high, LargestOf());
  if (threadIdx.x != 0) return;
  parts[2 * blockIdx.x] = low;
  parts[2 * blockIdx.x + 1] = high;
}

extern "C" __global__ void __launch_bounds__(256)
    dynamic_quantize(const float* __restrict__ x, const float* __restrict__ parts, u8* __restrict__ y,
                     float* __restrict__ scale_out, u8* __restrict__ zero_out,
                     const DynamicQuantizeParams p) {
  wait_for_previous_kernel();
  const bool has_part = threadIdx.x < p.parts;
  const float low = -reduce_row<256>(has_part ? -parts[2 * threadIdx.x] : 0.f, LargestOf());
  const float high = reduce_row<256>(has_part ? parts[2 * threadIdx.x + 1] : 0.f, LargestOf());
  const float scale = low == high ? 1.f : (high - low) / 255.f;
  const float zero = float(float_to_u8(-low / scale));
  if (blockIdx.x == 0 && threadIdx.x == 0) {
    if (scale_out != nullptr) *scale_out = scale;
    if (zero_out != nullptr) *zero_out = u8(zero);
  }
  if (y == nullptr) return;
  for (unsigned i = blockIdx.x * 256 + threadIdx.x; i < p.elements; i += gridDim.x * 256)
    y[i] = u8(float_to_u8(rintf(x[i] / scale) + zero));
}
