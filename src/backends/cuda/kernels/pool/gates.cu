// The two small matrix-vector products of a squeeze-and-excitation block, a block for an image; the hidden
// values stay in shared memory. A warp for an output element. Options: TYPE. Prelude: namespaces first and
// second, each with run_program.
#include "backends/cuda/kernels/device/launch.cuh"
#include "backends/cuda/kernels/device/reduce.cuh"
#include "backends/cuda/kernels/pointwise/functions.cuh"
#include "backends/cuda/kernels/pool/pool_params.h"
#include "prelude"

// Of row * v, over the warp.
__device__ inline float dot(const TYPE* row, const float* v, int count) {
  float sum = 0;
  for (int i = threadIdx.x % 32; i < count; i += 32) sum += to_float(row[i]) * v[i];
  return reduce_warp<32>(sum, SumOf());
}

extern "C" __global__ void __launch_bounds__(1024)
    gates(const TYPE* __restrict__ x, const TYPE* __restrict__ w1, const TYPE* __restrict__ b1,
          const TYPE* __restrict__ w2, const TYPE* __restrict__ b2, TYPE* __restrict__ y,
          const GatesParams p) {
  wait_for_previous_kernel();
  extern __shared__ float values[];  // of the channels, then the hidden ones
  float* hidden = values + p.channels;
  const int warp = threadIdx.x / 32, warps = blockDim.x / 32;
  for (int c = threadIdx.x; c < p.channels; c += blockDim.x)
    values[c] = to_float(x[i64(blockIdx.x) * p.channels + c]);
  __syncthreads();
  for (int h = warp; h < p.hidden; h += warps) {
    const float in[] = {dot(w1 + i64(h) * p.channels, values, p.channels) + to_float(b1[h])};
    if (threadIdx.x % 32 == 0) hidden[h] = first::run_program(in);
  }
  __syncthreads();
  for (int c = warp; c < p.channels; c += warps) {
    const float in[] = {dot(w2 + i64(c) * p.hidden, hidden, p.hidden) + to_float(b2[c])};
    if (threadIdx.x % 32 == 0) y[i64(blockIdx.x) * p.channels + c] = convert<TYPE>(second::run_program(in));
  }
}
