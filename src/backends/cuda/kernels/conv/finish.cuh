// The end of a tile of conv.cu or one_tile.cu: sums in shared memory, of one block or of all of a cluster, go
// through the epilogue to y.
#pragma once

#include "backends/cuda/kernels/conv/arguments.cuh"
#include "backends/cuda/kernels/conv/conv_params.h"
#include "backends/cuda/kernels/device/bytes.cuh"
#include "backends/cuda/kernels/device/vector.cuh"

constexpr int kSumStride = BN + 8;  // of the sums' rows, in floats

#define EXTRA_LOAD(i, T, dense)                                                                              \
  {                                                                                                          \
    const T* at = extra##i + image * p.extra_image[i] + pixel * p.extra_pixel[i] + batch * p.extra_batch[i]; \
    if (dense && VEC_Y > 1) {                                                                                \
      const Vec<T, VEC_Y> v = load<VEC_Y>(at + n);                                                           \
      for (int j = 0; j < VEC_Y; ++j) inputs[j][i + 1] = to_float(v[j]);                                     \
    } else {                                                                                                 \
      for (int j = 0; j < VEC_Y; ++j) inputs[j][i + 1] = to_float(at[dense ? n + j : 0]);                    \
    }                                                                                                        \
  }

// Of VEC_Y neighbours, over all blocks of the cluster.
struct Sums {
  float v[VEC_Y];
};
__device__ inline Sums sums_of(const float* at) {
  Sums sums = {};
#if CLUSTER > 1
  constexpr int kStep = VEC_Y < 4 ? VEC_Y : 4;
#pragma unroll
  for (int s = 0; s < CLUSTER; ++s)
#pragma unroll
    for (int j = 0; j < VEC_Y; j += kStep) {
      const Vec<float, kStep> part = load_shared_of<kStep>(s, shared_address(at + j));
#pragma unroll
      for (int i = 0; i < kStep; ++i) sums.v[j + i] += part[i];
    }
#else
#pragma unroll
  for (int j = 0; j < VEC_Y; ++j) sums.v[j] = at[j];
#endif
  return sums;
}

// Rows first_row to last_row of the tile, by THREADS threads.
template <int THREADS>
__device__ inline void finish_rows(const float* tile, int first_row, int last_row, int row0, int filter0,
                                   int batch, const BIAS_TYPE* __restrict__ bias,
                                   SCALE_PARAMETER EXTRAS(EXTRA_PARAMETER) OUT* __restrict__ y,
                                   const ConvParams& p) {
  constexpr int kAcross = BN / VEC_Y;
  // Without branches around the loads, so that those of four steps are under way together.
#pragma unroll 4
  for (int e = first_row * kAcross + threadIdx.x; e < last_row * kAcross; e += THREADS) {
    const int row = e / kAcross, column = e % kAcross * VEC_Y;
    const bool there = (row0 + row < p.rows) & (filter0 + column < p.filters);
    const int m = there ? row0 + row : row0, n = there ? filter0 + column : 0;
    const unsigned image = divide(m, p.pixels), pixel = remainder_of(m, image, p.pixels);
    const Sums sum = sums_of(tile + row * kSumStride + column);
    Compute inputs[VEC_Y][kProgramInputs];
    constexpr int kBiasVec = VEC_Y * sizeof(BIAS_TYPE) > 16 ? 16 / sizeof(BIAS_TYPE) : VEC_Y;
#pragma unroll
    for (int j0 = 0; j0 < VEC_Y; j0 += kBiasVec) {
      Vec<BIAS_TYPE, kBiasVec> shift = {};
      if (HAS_BIAS) shift = load<kBiasVec>(bias + batch * p.bias_batch + n + j0);
#pragma unroll
      for (int j = j0; j < j0 + kBiasVec; ++j) {
#if SCALE
        const float factor = scale[SCALE == 1 ? batch * p.bias_batch + n + j : 0];
#else
        const float factor = p.alpha;
#endif
        inputs[j][0] = factor * sum.v[j] + to_float(shift[j - j0]);
      }
    }
    EXTRAS(EXTRA_LOAD)
    Vec<OUT, VEC_Y> out;
#pragma unroll
    for (int j = 0; j + 1 < VEC_Y; j += 2)
      round_pair<OUT, !IsByte<TYPE>::value>(run_program(inputs[j]), run_program(inputs[j + 1]), out[j],
                                            out[j + 1]);
    if (VEC_Y == 1) out[0] = rounded<OUT>(run_program(inputs[0]));
    if (there) store<VEC_Y>(y + batch * p.y_batch + m * p.y_row + n, out);
  }
}
