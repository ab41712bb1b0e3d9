// GatherND. Options: TYPE, an unsigned type as large as the element; VEC of them at a time; INDEX; DEPTH of a
// tuple.
#include "backends/cuda/kernels/device/launch.cuh"
#include "backends/cuda/kernels/device/vector.cuh"
#include "backends/cuda/kernels/index/index_params.h"

extern "C" __global__ void __launch_bounds__(256)
    gather_nd(const TYPE* __restrict__ x, const INDEX* __restrict__ indices, TYPE* __restrict__ y,
              const IndexParams p) {
  wait_for_previous_kernel();
  const unsigned v = blockIdx.x * blockDim.x + threadIdx.x;
  if (v >= p.elements) return;
  const unsigned tuple = divide(v, p.inner), batch = divide(tuple, p.tuples);
  i64 from = batch * p.batch_stride + i64(remainder_of(v, tuple, p.inner)) * VEC;
#pragma unroll
  for (int d = 0; d < DEPTH; ++d) {
    i64 at = indices[i64(tuple) * DEPTH + d];
    at = at < 0 ? at + p.sizes[d] : at;
    from += min(max(at, i64(0)), i64(p.sizes[d] - 1)) * p.strides[d];
  }
  store<VEC>(y + i64(v) * VEC, load<VEC>(x + from));
}
