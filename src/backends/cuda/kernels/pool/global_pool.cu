// The mean or the largest of all pixels of NHWC: a block takes LANES * VEC channels of an image; its BLOCK /
// LANES rows of threads share the pixels. Options: TYPE, VEC, LANES, BLOCK, AVERAGE.
#include "backends/cuda/kernels/device/launch.cuh"
#include "backends/cuda/kernels/device/vector.cuh"
#include "backends/cuda/kernels/pool/pool_params.h"

__device__ inline float combined(float a, float b) { return AVERAGE ? a + b : fmaxf(a, b); }

extern "C" __global__ void __launch_bounds__(BLOCK)
    global_pool(const TYPE* __restrict__ x, TYPE* __restrict__ y, const GlobalPoolParams p) {
  wait_for_previous_kernel();
  constexpr int kRows = BLOCK / LANES;
  __shared__ float parts[kRows][LANES * VEC];
  const int lane = threadIdx.x % LANES, row = threadIdx.x / LANES;
  const int channel = (blockIdx.x * LANES + lane) * VEC;
  float v[VEC];
#pragma unroll
  for (int j = 0; j < VEC; ++j) v[j] = AVERAGE ? 0.f : __int_as_float(0xff800000);
  if (channel < p.channels) {
    const TYPE* from = x + i64(blockIdx.y) * p.pixels * p.channels + channel;
#pragma unroll 4
    for (int i = row; i < p.pixels; i += kRows) {
      const Vec<TYPE, VEC> e = load<VEC>(from + i64(i) * p.channels);
#pragma unroll
      for (int j = 0; j < VEC; ++j) v[j] = combined(v[j], to_float(e[j]));
    }
  }
#pragma unroll
  for (int j = 0; j < VEC; ++j) parts[row][lane * VEC + j] = v[j];
  __syncthreads();
  for (int c = threadIdx.x; c < LANES * VEC; c += BLOCK) {
    const int at = blockIdx.x * LANES * VEC + c;
    if (at >= p.channels) break;
    float sum = parts[0][c];
    for (int r = 1; r < kRows; ++r) sum = combined(sum, parts[r][c]);
    y[i64(blockIdx.y) * p.channels + at] = convert<TYPE>(AVERAGE ? sum / p.pixels : sum);
  }
}
