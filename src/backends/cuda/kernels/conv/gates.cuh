// Factor A scaled by a number for each image and channel (the gates of squeeze and excitation) on its way
// from shared memory into the registers that wgmma reads: GATED. The filter is 1x1, so that depth is
// channels.
#pragma once

#include "backends/cuda/kernels/conv/conv_params.h"
#include "backends/cuda/kernels/device/math.cuh"
#include "backends/cuda/kernels/device/mma.cuh"
#include "backends/cuda/kernels/device/wgmma.cuh"

#if GATED
#define GATES_PARAMETER const TYPE* __restrict__ gates,

// Those of 64 * TALL rows, which a warpgroup multiplies: rows of fragments as mma.cuh and wgmma have them.
template <int TALL>
struct Gates {
  const TYPE* of[TALL][2];               // of the images of the thread's rows
  unsigned factors[TALL][2][STEPS * 2];  // pairs of channels of a tile of depth

  __device__ Gates(const TYPE* gates, int row0, const ConvParams& p) {
    const int lane = threadIdx.x % 32, warp = threadIdx.x / 32 % 4;
#pragma unroll
    for (int i = 0; i < TALL; ++i)
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        const int row = min(row0 + i * 64 + warp * 16 + lane / 4 + half * 8, p.rows - 1);
        of[i][half] = gates + i64(divide(row, p.pixels)) * p.channels;
      }
  }

  // Of tile k of depth; past the channels zeros.
  __device__ void load(int k, const ConvParams& p) {
    constexpr int kTileDepth = 128 / sizeof(TYPE);
#pragma unroll
    for (int s = 0; s < STEPS * 2; ++s) {
      const int channel = k * kTileDepth + s * 8 + threadIdx.x % 4 * 2;
#pragma unroll
      for (int i = 0; i < TALL; ++i)
#pragma unroll
        for (int half = 0; half < 2; ++half) {
          factors[i][half][s] = 0;
          if (channel < p.channels)
            factors[i][half][s] = *reinterpret_cast<const unsigned*>(of[i][half] + channel);
        }
    }
  }

  // Begins to add (gates * a) b^T; a's rows begin at a multiple of 1024 bytes.
  template <class SUMS>
  __device__ void multiply(SUMS& sums, unsigned a, unsigned b, bool accumulate) const {
    const int lane = threadIdx.x % 32, row = threadIdx.x / 32 % 4 * 16 + lane % 16;
    unsigned left[STEPS][TALL][4];
#pragma unroll
    for (int s = 0; s < STEPS; ++s)
#pragma unroll
      for (int i = 0; i < TALL; ++i) {
        load_matrices(left[s][i], a + (i * 64 + row) * 128 + ((s * 2 + lane / 16) ^ (row & 7)) * 16);
#pragma unroll
        for (int m = 0; m < 4; ++m)
          left[s][i][m] = multiply_pairs<TYPE>(left[s][i][m], factors[i][m % 2][s * 2 + m / 2]);
      }
    begin_wgmma();
#pragma unroll
    for (int s = 0; s < STEPS; ++s)
#pragma unroll
      for (int i = 0; i < TALL; ++i)
        wgmma_registers(sums[i], left[s][i], matrix_descriptor(b + s * 32), accumulate || s > 0);
    commit_wgmma();
  }
};
#else
#define GATES_PARAMETER
#endif
