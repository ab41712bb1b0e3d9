// Gates of squeeze and excitation for images whose channels another kernel has summed up in p.parts parts. A
// cluster of SLICES blocks for each image (excitation.cuh).
//
// Options: STAGED; TYPE; VEC channels moved at once; SLICE (whole vectors), SLICES; HIDDEN; BLOCK (threads);
// WEIGHTS: elements of a row of W2 loaded at once. Prelude: namespaces first and second, each with
// run_program.
#include "backends/cuda/kernels/device/launch.cuh"
#include "backends/cuda/kernels/device/math.cuh"
#include "backends/cuda/kernels/pointwise/functions.cuh"
#include "backends/cuda/kernels/pool/pool_params.h"
#include "prelude"
// clang-format off: this uses the prelude's programs
#include "backends/cuda/kernels/pool/excitation.cuh"
// clang-format on

constexpr int kGroups = BLOCK / SLICE > 0 ? BLOCK / SLICE : 1;  // threads that add up a channel

extern "C" __global__ void __launch_bounds__(BLOCK)
    gates(const float* __restrict__ part_sums, const TYPE* __restrict__ w1, const TYPE* __restrict__ b1,
          const TYPE* __restrict__ w2, const TYPE* __restrict__ b2, TYPE* __restrict__ y,
          const GatesParams p) {
  extern __shared__ __align__(16) float memory[];
  float* const totals = memory;
  const Slice s(totals + kGroups * SLICE, w1, w2, p.channels);
  wait_for_previous_kernel();
  const float* const from = part_sums + i64(blockIdx.y) * p.parts * p.channels + s.channel0;
  for (int e = threadIdx.x; e < kGroups * SLICE; e += BLOCK) {
    const int c = e % SLICE;
    float sum = 0;
    if (c < s.here)
#pragma unroll 8
      for (int part = e / SLICE; part < p.parts; part += kGroups) sum += from[part * p.channels + c];
    totals[e] = sum;
  }
  __syncthreads();
  for (int c = threadIdx.x; c < SLICE; c += BLOCK) {
    float all = 0;
    for (int g = 0; g < kGroups; ++g) all += totals[g * SLICE + c];
    s.values[c] = all * p.inverse_pixels;
  }
  __syncthreads();
  s.excite(b1, b2);
  for (int c = threadIdx.x; c < s.here; c += BLOCK)
    y[i64(blockIdx.y) * p.channels + s.channel0 + c] = convert<TYPE>(s.values[c]);
  if (SLICES > 1) synchronize_cluster();  // others may still read this block's shares
}
