// Resampling of height and width of NHWC by tables of TAPS_H rows and TAPS_W columns for each output element,
// a thread for VEC channels of an output pixel. Options: TYPE, VEC, TAPS_H, TAPS_W.
#include "backends/cuda/kernels/device/launch.cuh"
#include "backends/cuda/kernels/device/vector.cuh"
#include "backends/cuda/kernels/pool/pool_params.h"

extern "C" __global__ void __launch_bounds__(256)
    resize(const TYPE* __restrict__ x, const int* __restrict__ h_index, const float* __restrict__ h_weight,
           const int* __restrict__ w_index, const float* __restrict__ w_weight, TYPE* __restrict__ y,
           const PoolParams p) {
  wait_for_previous_kernel();
  const unsigned at = blockIdx.x * blockDim.x + threadIdx.x;
  if (at >= p.vectors) return;
  const unsigned pixel = divide(at, p.channel_vectors), c = remainder_of(at, pixel, p.channel_vectors);
  const unsigned row = divide(pixel, p.out_width), ow = remainder_of(pixel, row, p.out_width);
  const unsigned image = divide(row, p.out_height), oh = remainder_of(row, image, p.out_height);
  const i64 step = i64(p.channel_vectors.divisor) * VEC;
  const TYPE* from = x + i64(image) * p.height * p.width * step + c * VEC;
  float v[VEC] = {};
#pragma unroll
  for (int r = 0; r < TAPS_H; ++r) {
    const TYPE* line = from + i64(h_index[oh * TAPS_H + r]) * p.width * step;
#pragma unroll
    for (int s = 0; s < TAPS_W; ++s) {
      const float weight = h_weight[oh * TAPS_H + r] * w_weight[ow * TAPS_W + s];
      const Vec<TYPE, VEC> e = load<VEC>(line + w_index[ow * TAPS_W + s] * step);
#pragma unroll
      for (int j = 0; j < VEC; ++j) v[j] += weight * to_float(e[j]);
    }
  }
  Vec<TYPE, VEC> out;
#pragma unroll
  for (int j = 0; j < VEC; ++j) out[j] = convert<TYPE>(v[j]);
  store<VEC>(y + i64(at) * VEC, out);
}
