// The two small matrix-vector products of a squeeze-and-excitation block, a block for an image; the hidden
// values stay in shared memory. A warp for a
// hidden value, a thread for a gate. Options: TYPE; VEC_1, VEC_2: elements of a row loaded at once. Prelude:
// namespaces first and second, each with run_program.
#include "backends/cuda/kernels/device/launch.cuh"
#include "backends/cuda/kernels/device/reduce.cuh"
#include "backends/cuda/kernels/device/vector.cuh"
#include "backends/cuda/kernels/pointwise/functions.cuh"
#include "backends/cuda/kernels/pool/pool_params.h"
#include "prelude"

// The share of a thread in row * v: every STEP-th vector, from `first` on.
template <int VEC, int STEP>
__device__ inline float dot(const TYPE* row, const float* v, int first, int count) {
  float sum = 0;
#pragma unroll 8
  for (int i = first * VEC; i < count; i += STEP * VEC) {
    const Vec<TYPE, VEC> w = load<VEC>(row + i);
#pragma unroll
    for (int j = 0; j < VEC; ++j) sum += to_float(w[j]) * v[i + j];
  }
  return sum;
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
    const float part = dot<VEC_1, 32>(w1 + i64(h) * p.channels, values, threadIdx.x % 32, p.channels);
    const float in[] = {reduce_warp<32>(part, SumOf()) + to_float(b1[h])};
    if (threadIdx.x % 32 == 0) hidden[h] = first::run_program(in);
  }
  __syncthreads();
  for (int c = threadIdx.x; c < p.channels; c += blockDim.x) {
    const float in[] = {dot<VEC_2, 1>(w2 + i64(c) * p.hidden, hidden, 0, p.hidden) + to_float(b2[c])};
    y[i64(blockIdx.x) * p.channels + c] = convert<TYPE>(second::run_program(in));
  }
}
