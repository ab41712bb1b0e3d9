// The coordinates of what is not zero, in order: a block for each part that was counted. Options: TYPE.
#include "backends/cuda/kernels/device/launch.cuh"
#include "backends/cuda/kernels/device/types.cuh"
#include "backends/cuda/kernels/select/select_params.h"

extern "C" __global__ void __launch_bounds__(256)
    list_nonzero(const TYPE* __restrict__ x, const i64* __restrict__ counts, i64* __restrict__ y,
                 const NonZeroParams p) {
  wait_for_previous_kernel();
  __shared__ int warps[8];
  i64 before = counts[blockIdx.x];
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  for (unsigned i0 = 0; i0 < NonZeroParams::kChunk; i0 += 256) {
    const unsigned i = blockIdx.x * NonZeroParams::kChunk + i0 + threadIdx.x;
    const bool found = i < p.elements && to_float(x[i]) != 0;
    const unsigned votes = __ballot_sync(0xffffffffu, found);
    if (lane == 0) warps[warp] = __popc(votes);
    __syncthreads();
    i64 at = before + __popc(votes & ((1u << lane) - 1));
    for (int w = 0; w < 8; ++w) {
      if (w < warp) at += warps[w];
      before += warps[w];
    }
    if (found) {
      unsigned rest = i;
      for (int d = 0; d < p.rank; ++d) {
        const unsigned next = divide(rest, p.sizes[d]);
        y[(p.rank - 1 - d) * p.found + at] = remainder_of(rest, next, p.sizes[d]);
        rest = next;
      }
    }
    __syncthreads();
  }
}
