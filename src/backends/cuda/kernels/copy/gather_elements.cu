// GatherElements. Options: TYPE, a type as large as the element; INDEX.
#include "backends/cuda/kernels/copy/copy_params.h"
#include "backends/cuda/kernels/device/launch.cuh"
#include "backends/cuda/kernels/device/types.cuh"

extern "C" __global__ void __launch_bounds__(256)
    gather_elements(const TYPE* __restrict__ x, const INDEX* __restrict__ indices, TYPE* __restrict__ y,
                    const GatherElementsParams p) {
  wait_for_previous_kernel();
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= p.elements) return;
  i64 index = indices[i];
  index = min(max(index < 0 ? index + p.axis_size : index, i64(0)), i64(p.axis_size - 1));
  unsigned rest = i;
  i64 from = 0;
  for (int d = 0; d < p.rank; ++d) {
    const unsigned next = divide(rest, p.sizes[d]);
    from += (d == p.axis ? index : i64(remainder_of(rest, next, p.sizes[d]))) * p.strides[d];
    rest = next;
  }
  y[i] = x[from];
}
