// A block's sums, in registers of its warps, and the products of one tile of depth that are added to them: by
// warpgroups where WGMMA is set, else by warps. Rows are split among WARPS_M parts of the block, columns
// among WARPS_N.
#pragma once

#if WGMMA
#include "backends/cuda/kernels/device/wgmma.cuh"
#else
#include "backends/cuda/kernels/device/mma.cuh"
#endif

#include "backends/cuda/kernels/device/async.cuh"

#ifndef PROMOTE
#define PROMOTE 0
#endif

struct Accumulators {
  using Sum = SumOfProducts<TYPE>::type;
  static constexpr int kPart = WGMMA ? 128 : 32;                // threads of a part
  static constexpr int kTall = WGMMA ? 64 : 16;                 // rows of an instruction
  static constexpr int kM = BM / WARPS_M, kN = BN / WARPS_N;    // of a part
  static constexpr int kTiles = kM / kTall, kColumns = kN / 8;  // instructions, groups of 8 columns
  Sum sums[kTiles][kColumns * 4];
#if PROMOTE
  // Tensor cores add products of FP8 with few bits: sums of one tile of depth are added up in float.
  float part[kTiles][kColumns * 4];
#endif

  __device__ static int first_row() { return threadIdx.x / kPart / WARPS_N * kM; }
  __device__ static int first_column() { return threadIdx.x / kPart % WARPS_N * kN; }

  __device__ Accumulators() {
    // The first product overwrites: other instructions may not write what wgmma adds to.
    if (WGMMA && !PROMOTE) return;
#pragma unroll
    for (int i = 0; i < kTiles; ++i)
#pragma unroll
      for (int j = 0; j < kColumns * 4; ++j) sums[i][j] = 0;
  }

  // Adds a * b^T of tiles of 128 bytes depth at these addresses. With WGMMA it runs on until wait_wgmma.
  __device__ void multiply(unsigned a, unsigned b, bool first) {
    a += first_row() * 128;
    b += first_column() * 128;
#if WGMMA
    const u64 left = matrix_descriptor(a), right = matrix_descriptor(b);
    begin_wgmma();
#pragma unroll
    for (int k = 0; k < 4; ++k)
#pragma unroll
      for (int i = 0; i < kTiles; ++i)
#if PROMOTE
        wgmma(part[i], advanced(left, i * 64 * 128 + k * 32), advanced(right, k * 32), k != 0);
#else
        wgmma(sums[i], advanced(left, i * 64 * 128 + k * 32), advanced(right, k * 32), !(first && k == 0));
#endif
    commit_wgmma();
#else
    const int lane = threadIdx.x % 32;
#pragma unroll
    for (int k = 0; k < 4; ++k) {
      unsigned left[kTiles][4];
#pragma unroll
      for (int i = 0; i < kTiles; ++i) {
        const int row = i * 16 + lane % 16, piece = k * 2 + lane / 16;
        load_matrices(left[i], a + row * 128 + ((piece ^ (row & 7)) * 16));
      }
#pragma unroll
      for (int j = 0; j < kColumns; j += 2) {
        unsigned right[4];
        const int row = j * 8 + lane % 8 + lane / 16 * 8, piece = k * 2 + lane / 8 % 2;
        load_matrices(right, b + row * 128 + ((piece ^ (row & 7)) * 16));
#pragma unroll
        for (int i = 0; i < kTiles; ++i) {
          Mma<TYPE>::run(sums[i] + j * 4, left[i], right[0], right[1]);
          Mma<TYPE>::run(sums[i] + j * 4 + 4, left[i], right[2], right[3]);
        }
      }
    }
#endif
  }

#if PROMOTE
  // After all products of the tile have ended.
  __device__ void promote() {
#pragma unroll
    for (int i = 0; i < kTiles; ++i)
#pragma unroll
      for (int j = 0; j < kColumns * 4; ++j) sums[i][j] += part[i][j];
  }
#endif

  // To a tile of floats whose rows are `stride` apart.
  __device__ void store(float* tile, int stride) const {
    const int lane = threadIdx.x % 32, warp = threadIdx.x % kPart / 32;
#pragma unroll
    for (int i = 0; i < kTiles; ++i) {
      float* at =
          tile + (first_row() + i * kTall + warp * 16 + lane / 4) * stride + first_column() + lane % 4 * 2;
#pragma unroll
      for (int j = 0; j < kColumns; ++j) {
        *reinterpret_cast<float2*>(at + j * 8) =
            make_float2(float(sums[i][j * 4]), float(sums[i][j * 4 + 1]));
        *reinterpret_cast<float2*>(at + 8 * stride + j * 8) =
            make_float2(float(sums[i][j * 4 + 2]), float(sums[i][j * 4 + 3]));
      }
    }
  }
};
