// Non-maximum suppression: a block for each class of each image takes the best box that is left, and strikes
// out those that overlap it, until none is left. The workspace holds what the boxes still score. Options:
// CENTERS; HAS_LOWEST.
#include "backends/cuda/kernels/device/launch.cuh"
#include "backends/cuda/kernels/device/types.cuh"
#include "backends/cuda/kernels/select/select_params.h"

struct Box {
  double x1, y1, x2, y2;
  __device__ double area() const { return (x2 - x1) * (y2 - y1); }
};

__device__ inline Box read_box(const float* v) {
  const double a = v[0], b = v[1], c = v[2], d = v[3];
  if (CENTERS) return {a - c / 2, b - d / 2, a + c / 2, b + d / 2};
  return {min(b, d), min(a, c), max(b, d), max(a, c)};
}

__device__ inline double overlap(const Box& a, const Box& b) {
  const double width = min(a.x2, b.x2) - max(a.x1, b.x1), height = min(a.y2, b.y2) - max(a.y1, b.y1);
  if (width <= 0 || height <= 0) return 0;
  const double both = width * height, all = a.area() + b.area() - both;
  return all > 0 ? both / all : 0;
}

extern "C" __global__ void __launch_bounds__(512)
    suppress(const float* __restrict__ boxes, const float* __restrict__ scores, int* __restrict__ kept,
             int* __restrict__ counts, float* __restrict__ left, const SuppressParams p) {
  wait_for_previous_kernel();
  const float kGone = __int_as_float(0xff800000);
  boxes += i64(blockIdx.x / p.classes) * p.boxes * 4;
  scores += i64(blockIdx.x) * p.boxes;
  left += i64(blockIdx.x) * p.boxes;
  kept += i64(blockIdx.x) * p.limit;
  __shared__ float best_of_warps[16];
  __shared__ int place_of_warps[16];
  __shared__ Box chosen;
  __shared__ int place;
  for (int i = threadIdx.x; i < p.boxes; i += blockDim.x) {
    const float s = scores[i];
    // A score of minus infinity cannot be told from one that is gone: the lowest number stands for it.
    left[i] = s != s || (HAS_LOWEST && !(s > p.lowest)) ? kGone : fmaxf(s, -3.402823466e38f);
  }
  int count = 0;
  while (count < p.limit) {
    float best = kGone;
    int at = p.boxes;
    for (int i = threadIdx.x; i < p.boxes; i += blockDim.x)  // each thread reads what it wrote itself
      if (left[i] > best) best = left[i], at = i;
    for (int step = 16; step > 0; step /= 2) {
      const float other = __shfl_xor_sync(0xffffffffu, best, step);
      const int where = __shfl_xor_sync(0xffffffffu, at, step);
      if (other > best || (other == best && where < at)) best = other, at = where;
    }
    if (threadIdx.x % 32 == 0) best_of_warps[threadIdx.x / 32] = best, place_of_warps[threadIdx.x / 32] = at;
    __syncthreads();
    if (threadIdx.x == 0) {
      for (int w = 1; w < 16; ++w)
        if (best_of_warps[w] > best || (best_of_warps[w] == best && place_of_warps[w] < at))
          best = best_of_warps[w], at = place_of_warps[w];
      place = best == kGone ? -1 : at;
      if (place >= 0) {
        chosen = read_box(boxes + i64(at) * 4);
        kept[count] = at;
      }
    }
    __syncthreads();
    if (place < 0) break;
    ++count;
    for (int i = threadIdx.x; i < p.boxes; i += blockDim.x)
      if (i == place || (left[i] != kGone && overlap(read_box(boxes + i64(i) * 4), chosen) > p.iou))
        left[i] = kGone;
    __syncthreads();
  }
  if (threadIdx.x == 0) counts[blockIdx.x] = count;
}
