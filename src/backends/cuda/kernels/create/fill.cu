// One value everywhere. Options: TYPE, an unsigned type as large as the element.
#include "backends/cuda/kernels/create/create_params.h"
#include "backends/cuda/kernels/device/launch.cuh"
#include "backends/cuda/kernels/device/types.cuh"

extern "C" __global__ void __launch_bounds__(256) fill(TYPE* __restrict__ y, const FillParams p) {
  wait_for_previous_kernel();
  for (unsigned i = blockIdx.x * 256 + threadIdx.x; i < p.elements; i += gridDim.x * 256)
    y[i] = TYPE(p.value);
}
