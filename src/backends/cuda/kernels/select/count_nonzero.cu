// Counts what is not zero in each part of a tensor; the last block to come adds up the counts of those before
// each part. Options: TYPE.
#include "backends/cuda/kernels/device/launch.cuh"
#include "backends/cuda/kernels/device/types.cuh"
#include "backends/cuda/kernels/select/select_params.h"

extern "C" __global__ void __launch_bounds__(256)
    count_nonzero(const TYPE* __restrict__ x, i64* __restrict__ counts, unsigned* __restrict__ arrived,
                  const NonZeroParams p) {
  wait_for_previous_kernel();
  const unsigned first = blockIdx.x * NonZeroParams::kChunk;
  int own = 0;
  for (unsigned i = threadIdx.x; i < NonZeroParams::kChunk; i += 256)
    own += first + i < p.elements && to_float(x[first + i]) != 0;
  __shared__ int sum;
  __shared__ bool last;
  if (threadIdx.x == 0) sum = 0;
  __syncthreads();
  atomicAdd(&sum, own);
  __syncthreads();
  if (threadIdx.x == 0) {
    counts[blockIdx.x] = sum;
    __threadfence();
    last = atomicAdd(arrived, 1u) == gridDim.x - 1;
    if (last) {
      *arrived = 0;  // for the next launch
      __threadfence();
      i64 before = 0;
      for (unsigned b = 0; b < p.blocks; ++b) {
        const i64 here = __ldcg(counts + b);
        counts[b] = before;
        before += here;
      }
      counts[p.blocks] = before;
    }
  }
}
