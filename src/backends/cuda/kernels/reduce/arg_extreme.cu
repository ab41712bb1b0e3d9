// ArgMax and ArgMin along one axis: a warp for a result where the axis is innermost (INNER), else a thread,
// so that neighbours read neighbouring elements. Options: TYPE; COMPUTE; LARGEST, LAST (of equal ones);
// INNER.
#include "backends/cuda/kernels/device/launch.cuh"
#include "backends/cuda/kernels/device/types.cuh"
#include "backends/cuda/kernels/reduce/reduce_params.h"

struct Found {
  COMPUTE value;
  int index;
};

__device__ inline bool is_better(Found a, Found b) {
  if (a.value != b.value) return LARGEST ? a.value > b.value : a.value < b.value;
  return LAST ? a.index > b.index : a.index < b.index;
}

extern "C" __global__ void __launch_bounds__(256)
    arg_extreme(const TYPE* __restrict__ x, i64* __restrict__ y, const ArgExtremeParams p) {
  wait_for_previous_kernel();
  constexpr int kThreads = INNER ? 32 : 1;
  const unsigned result = (blockIdx.x * 256 + threadIdx.x) / kThreads;
  if (result >= p.results) return;
  const unsigned outer = divide(result, p.inner), inner = remainder_of(result, outer, p.inner);
  const TYPE* from = x + i64(outer) * p.size * p.inner.divisor + inner;
  const int part = INNER ? threadIdx.x % 32 : 0;
  const int first = min(part, p.size - 1);
  Found best = {widen<COMPUTE>(from[i64(first) * p.inner.divisor]), first};
  for (int k = part + kThreads; k < p.size; k += kThreads) {
    const Found here = {widen<COMPUTE>(from[i64(k) * p.inner.divisor]), k};
    if (is_better(here, best)) best = here;
  }
  if (INNER) {
    for (int step = 16; step > 0; step /= 2) {
      const Found other = {__shfl_xor_sync(0xffffffffu, best.value, step),
                           __shfl_xor_sync(0xffffffffu, best.index, step)};
      if (is_better(other, best)) best = other;
    }
  }
  if (part == 0) y[result] = best.index;
}
