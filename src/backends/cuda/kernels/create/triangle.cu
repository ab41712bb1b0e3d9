// Trilu. Options: TYPE, an unsigned type as large as the element; UPPER.
#include "backends/cuda/kernels/create/create_params.h"
#include "backends/cuda/kernels/device/launch.cuh"
#include "backends/cuda/kernels/device/types.cuh"

extern "C" __global__ void __launch_bounds__(256)
    triangle(const TYPE* __restrict__ x, TYPE* __restrict__ y, const TriangleParams p) {
  wait_for_previous_kernel();
  const unsigned i = blockIdx.x * 256 + threadIdx.x;
  if (i >= p.elements) return;
  const unsigned line = divide(i, p.columns), matrix = divide(line, p.rows);
  const i64 above =
      i64(remainder_of(i, line, p.columns)) - i64(remainder_of(line, matrix, p.rows)) - p.diagonal;
  y[i] = (UPPER ? above >= 0 : above <= 0) ? x[i] : TYPE(0);
}
