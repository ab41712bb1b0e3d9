// GroupNormalization (and InstanceNormalization, groups of one channel) of [image, pixel, channel]. A block
// takes TILE channels of an image, whole groups of them; VEC channels a thread, LANES = TILE / VEC threads
// side by side. It reads its pixels three times, the last two from L2: once for the means, once for the
// variances around them, and for what rounding left of the means. Options: TYPE, SCALE (type of scale and
// bias), TILE, VEC.
#include "backends/cuda/kernels/device/launch.cuh"
#include "backends/cuda/kernels/device/vector.cuh"
#include "backends/cuda/kernels/norm/norm_params.h"

constexpr int kLanes = TILE / VEC;

// Per channel sums over the block's threads, then over the groups: sums[c] becomes that of c's group.
__device__ inline void sum_groups(float (&v)[VEC], float* sums, float* groups, int group) {
  const int lane = threadIdx.x % kLanes;
  for (int c = threadIdx.x; c < TILE; c += blockDim.x) sums[c] = 0;
  __syncthreads();
#pragma unroll
  for (int j = 0; j < VEC; ++j) atomicAdd(&sums[lane * VEC + j], v[j]);
  __syncthreads();
  for (int g = threadIdx.x; g < TILE / group; g += blockDim.x) {
    float sum = 0;
    for (int c = 0; c < group; ++c) sum += sums[g * group + c];
    groups[g] = sum;
  }
  __syncthreads();
#pragma unroll
  for (int j = 0; j < VEC; ++j) v[j] = groups[(lane * VEC + j) / group];
}

extern "C" __global__ void group_norm(const TYPE* __restrict__ x, const SCALE* __restrict__ scale,
                                      const SCALE* __restrict__ bias, TYPE* __restrict__ y,
                                      const GroupNormParams p) {
  wait_for_previous_kernel();
  __shared__ float sums[TILE], groups[TILE];
  const int lane = threadIdx.x % kLanes, rows = blockDim.x / kLanes;
  const int channel = blockIdx.x * TILE + lane * VEC;
  const i64 first = i64(blockIdx.y) * p.pixels * p.channels + channel;
  const float count = float(p.pixels) * p.group;
  float mean[VEC] = {}, rest[VEC] = {}, variance[VEC] = {};
  for (int i = threadIdx.x / kLanes; i < p.pixels; i += rows) {
    const Vec<TYPE, VEC> e = load<VEC>(x + first + i64(i) * p.channels);
#pragma unroll
    for (int j = 0; j < VEC; ++j) mean[j] += to_float(e[j]);
  }
  sum_groups(mean, sums, groups, p.group);
#pragma unroll
  for (int j = 0; j < VEC; ++j) mean[j] /= count;
  for (int i = threadIdx.x / kLanes; i < p.pixels; i += rows) {
    const Vec<TYPE, VEC> e = load<VEC>(x + first + i64(i) * p.channels);
#pragma unroll
    for (int j = 0; j < VEC; ++j) {
      const float d = to_float(e[j]) - mean[j];
      rest[j] += d;
      variance[j] += d * d;
    }
  }
  __syncthreads();
  sum_groups(rest, sums, groups, p.group);
  __syncthreads();
  sum_groups(variance, sums, groups, p.group);
  float factor[VEC], shift[VEC];
#pragma unroll
  for (int j = 0; j < VEC; ++j) {
    rest[j] /= count;
    factor[j] =
        rsqrtf(fmaxf(variance[j] / count - rest[j] * rest[j], 0) + p.epsilon) * to_float(scale[channel + j]);
    shift[j] = to_float(bias[channel + j]) - rest[j] * factor[j];
  }
  for (int i = threadIdx.x / kLanes; i < p.pixels; i += rows) {
    Vec<TYPE, VEC> e = load<VEC>(x + first + i64(i) * p.channels);
#pragma unroll
    for (int j = 0; j < VEC; ++j) e[j] = convert<TYPE>((to_float(e[j]) - mean[j]) * factor[j] + shift[j]);
    store<VEC>(y + first + i64(i) * p.channels, e);
  }
}
