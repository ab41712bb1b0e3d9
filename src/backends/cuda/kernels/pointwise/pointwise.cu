// One pointwise program over strided operands. Prelude: the program; PROGRAM_INPUTS(F) is F(index, type,
// access) for each input. Options: OUT its type, VEC elements a thread computes at once, VECTORS such vectors
// a thread, ROUND (to integers, else they truncate).
#include "backends/cuda/kernels/device/launch.cuh"
#include "backends/cuda/kernels/device/vector.cuh"
#include "backends/cuda/kernels/pointwise/functions.cuh"
#include "backends/cuda/kernels/pointwise/pointwise_params.h"

// How an operand lies along the innermost dim: next to each other, all the same, or strided.
enum Access { kDense, kRepeated, kStrided };

#include "prelude"

#ifndef ROUND
#define ROUND 0
#endif

template <int ACCESS, class T>
__device__ inline Vec<T, VEC> read(const T* from, i64 stride, int count) {
  Vec<T, VEC> x;
  if constexpr (ACCESS == kDense)  // only these fit an access
    if (count == VEC) return load<VEC>(from);
#pragma unroll
  for (int j = 0; j < VEC; ++j)
    x[j] = from[ACCESS == kRepeated || j >= count ? 0 : j * (ACCESS == kDense ? 1 : stride)];
  return x;
}

#define PARAMETER(i, T, access) const T* __restrict__ x##i,
#define DECLARE(i, T, access) Vec<T, VEC> a##i[VECTORS];
#define READ(i, T, access) a##i[k] = read<access>(x##i + offsets[i + 1], p.inner_strides[i + 1], count);
#define WIDEN(i, T, access) widen<Compute>(a##i[k][j]),

extern "C" __global__ void __launch_bounds__(256)
    pointwise(PROGRAM_INPUTS(PARAMETER) OUT* __restrict__ y, const PointwiseParams p) {
  wait_for_previous_kernel();
  constexpr int kOperands = kProgramInputs + 1;
  PROGRAM_INPUTS(DECLARE)
  i64 to[VECTORS];
  int counts[VECTORS];
#pragma unroll
  for (int k = 0; k < VECTORS; ++k) {
    const unsigned vector = (blockIdx.x * VECTORS + k) * blockDim.x + threadIdx.x;
    if (vector >= p.vectors) {
      counts[k] = 0;
      continue;
    }
    i64 offsets[kOperands];
    int count = VEC;
    unsigned row = 0, inner = vector;
    if (p.rank == 0) {
      count = min(VEC, int(p.elements - vector * VEC));
    } else {
      row = divide(vector, p.inner_vectors);
      inner = remainder_of(vector, row, p.inner_vectors);
    }
#pragma unroll
    for (int i = 0; i < kOperands; ++i) offsets[i] = i64(inner) * VEC * p.inner_strides[i];
    for (int d = 0; d < p.rank; ++d) {
      const unsigned next = divide(row, p.sizes[d]);
      const unsigned at = remainder_of(row, next, p.sizes[d]);
#pragma unroll
      for (int i = 0; i < kOperands; ++i) offsets[i] += at * p.strides[d][i];
      row = next;
    }
    PROGRAM_INPUTS(READ)
    to[k] = offsets[0];
    counts[k] = count;
  }
#pragma unroll
  for (int k = 0; k < VECTORS; ++k) {
    if (counts[k] == 0) continue;
    Vec<OUT, VEC> out;
#pragma unroll
    for (int j = 0; j < VEC; ++j) {
      const Compute x[kProgramInputs] = {PROGRAM_INPUTS(WIDEN)};
#if ROUND
      out[j] = rounded<OUT>(run_program(x));
#else
      out[j] = convert<OUT>(run_program(x));
#endif
    }
    if (OUT_DENSE && counts[k] == VEC) {
      store<VEC>(y + to[k], out);
    } else {
#pragma unroll
      for (int j = 0; j < VEC; ++j)
        if (j < counts[k]) y[to[k] + j * p.inner_strides[0]] = out[j];
    }
  }
}
