// Range: numbers at equal distances. Options: TYPE; COMPUTE (double or i64).
#include "backends/cuda/kernels/create/create_params.h"
#include "backends/cuda/kernels/device/launch.cuh"
#include "backends/cuda/kernels/device/types.cuh"

extern "C" __global__ void __launch_bounds__(256)
    range(const TYPE* __restrict__ start, const TYPE* __restrict__ delta, TYPE* __restrict__ y,
          const FillParams p) {
  wait_for_previous_kernel();
  const unsigned i = blockIdx.x * 256 + threadIdx.x;
  if (i < p.elements) y[i] = convert<TYPE>(widen<COMPUTE>(*start) + COMPUTE(i) * widen<COMPUTE>(*delta));
}
