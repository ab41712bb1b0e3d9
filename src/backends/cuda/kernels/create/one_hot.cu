// OneHot. Options: TYPE, an unsigned type as large as the element; INDEX.
#include "backends/cuda/kernels/create/create_params.h"
#include "backends/cuda/kernels/device/launch.cuh"
#include "backends/cuda/kernels/device/types.cuh"

extern "C" __global__ void __launch_bounds__(256)
    one_hot(const INDEX* __restrict__ indices, const TYPE* __restrict__ values, TYPE* __restrict__ y,
            const OneHotParams p) {
  wait_for_previous_kernel();
  const unsigned i = blockIdx.x * 256 + threadIdx.x;
  if (i >= p.elements) return;
  const unsigned row = divide(i, p.inner), outer = divide(row, p.depth);
  const i64 depth = p.depth.divisor;
  i64 index = indices[outer * p.inner.divisor + remainder_of(i, row, p.inner)];
  if (index < 0) index += depth;
  y[i] = values[index == i64(remainder_of(row, outer, p.depth))];
}
