// CumSum: a warp for a line, 32 elements at a time. Options: TYPE; COMPUTE (float, double, i64); EXCLUSIVE;
// REVERSE.
#include "backends/cuda/kernels/create/create_params.h"
#include "backends/cuda/kernels/device/launch.cuh"
#include "backends/cuda/kernels/device/types.cuh"

extern "C" __global__ void __launch_bounds__(256)
    running_sum(const TYPE* __restrict__ x, TYPE* __restrict__ y, const RunningSumParams p) {
  wait_for_previous_kernel();
  const unsigned line = blockIdx.x * 8 + threadIdx.x / 32, lane = threadIdx.x % 32;
  if (line >= p.lines) return;
  const unsigned outer = divide(line, p.inner), inner = remainder_of(line, outer, p.inner);
  const i64 first = i64(outer) * p.size * p.inner.divisor + inner;
  COMPUTE before = 0;
  for (unsigned k0 = 0; k0 < p.size; k0 += 32) {
    const unsigned k = k0 + lane;
    const i64 at = first + i64(REVERSE ? p.size - 1 - k : k) * p.inner.divisor;
    const COMPUTE own = k < p.size ? widen<COMPUTE>(x[at]) : COMPUTE(0);
    COMPUTE sum = own;
#pragma unroll
    for (int step = 1; step < 32; step *= 2) {
      const COMPUTE left = __shfl_up_sync(0xffffffffu, sum, step);
      if (lane >= step) sum += left;
    }
    if (k < p.size) y[at] = convert<TYPE>(before + (EXCLUSIVE ? sum - own : sum));
    before += __shfl_sync(0xffffffffu, sum, 31);
  }
}
