// Resampling of height and width of NHWC by tables of TAPS_H rows and TAPS_W columns for each output element.
// A thread has VEC channels of an output pixel; PLAIN: PART channels of it, which it writes as NCHW, the
// pixels of a row side by side. Options: TYPE, VEC, TAPS_H, TAPS_W, PLAIN, PART (whole vectors).
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
  // Which pixel, and which of its channels: those change fastest in NHWC.
  const unsigned pixel = PLAIN ? at : divide(at, p.channel_vectors);
  const unsigned row = divide(pixel, p.out_width), ow = remainder_of(pixel, row, p.out_width);
  const unsigned plane = divide(row, p.out_height), oh = remainder_of(row, plane, p.out_height);
  const unsigned image = PLAIN ? divide(plane, p.channel_vectors) : plane;
  const unsigned part =
      PLAIN ? remainder_of(plane, image, p.channel_vectors) : remainder_of(at, pixel, p.channel_vectors);
  const int first = part * PART, last = min(first + PART, p.channels);
  const TYPE* taps[TAPS_H * TAPS_W];
  float weights[TAPS_H * TAPS_W];
#pragma unroll
  for (int r = 0; r < TAPS_H; ++r)
#pragma unroll
    for (int s = 0; s < TAPS_W; ++s) {
      const int h = h_index[oh * TAPS_H + r], w = w_index[ow * TAPS_W + s];
      taps[r * TAPS_W + s] = x + ((i64(image) * p.height + h) * p.width + w) * p.channels;
      weights[r * TAPS_W + s] = h_weight[oh * TAPS_H + r] * w_weight[ow * TAPS_W + s];
    }
  const i64 plane_size = i64(p.out_height.divisor) * p.out_width.divisor;
  TYPE* const to = y + (i64(image) * p.channels * p.out_height.divisor + oh) * p.out_width.divisor + ow;
#pragma unroll 2
  for (int c = first; c < last; c += VEC) {
    float v[VEC] = {};
#pragma unroll
    for (int t = 0; t < TAPS_H * TAPS_W; ++t) {
      const Vec<TYPE, VEC> e = load<VEC>(taps[t] + c);
#pragma unroll
      for (int j = 0; j < VEC; ++j) v[j] += weights[t] * to_float(e[j]);
    }
    Vec<TYPE, VEC> out;
#pragma unroll
    for (int j = 0; j < VEC; ++j) out[j] = convert<TYPE>(v[j]);
    if (!PLAIN) store<VEC>(y + i64(at) * VEC, out);
#pragma unroll
    for (int j = 0; PLAIN && j < VEC; ++j) to[(c + j) * plane_size] = out[j];
  }
}
