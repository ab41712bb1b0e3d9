// What suppression kept, as rows of image, class and box: a block for each class of each image.
#include "backends/cuda/kernels/device/launch.cuh"
#include "backends/cuda/kernels/device/types.cuh"
#include "backends/cuda/kernels/select/select_params.h"

extern "C" __global__ void __launch_bounds__(128)
    list_boxes(const int* __restrict__ kept, const int* __restrict__ counts, i64* __restrict__ y,
               const SuppressParams p) {
  wait_for_previous_kernel();
  i64 before = 0;
  for (unsigned b = 0; b < blockIdx.x; ++b) before += counts[b];
  for (int i = threadIdx.x; i < counts[blockIdx.x]; i += blockDim.x) {
    i64* row = y + (before + i) * 3;
    row[0] = blockIdx.x / p.classes;
    row[1] = blockIdx.x % p.classes;
    row[2] = kept[i64(blockIdx.x) * p.limit + i];
  }
}
