// Gather along one axis. Options: TYPE, a type as large as the element; VEC of them at a time; INDEX.
#include "backends/cuda/kernels/copy/copy_params.h"
#include "backends/cuda/kernels/device/launch.cuh"
#include "backends/cuda/kernels/device/vector.cuh"

extern "C" __global__ void __launch_bounds__(256)
    gather(const TYPE* __restrict__ x, const INDEX* __restrict__ indices, TYPE* __restrict__ y,
           const GatherParams p) {
  wait_for_previous_kernel();
  const unsigned v = blockIdx.x * blockDim.x + threadIdx.x;
  if (v >= p.vectors) return;
  const unsigned row = divide(v, p.inner), outer = divide(row, p.indices);
  i64 at = indices[remainder_of(row, outer, p.indices)];
  at = min(max(at < 0 ? at + p.axis : at, i64(0)), i64(p.axis - 1));
  const i64 from = (outer * i64(p.axis) + at) * p.inner.divisor + remainder_of(v, row, p.inner);
  store<VEC>(y + i64(v) * VEC, load<VEC>(x + from * VEC));
}
