// The microkernel family under everything compute-bound: one tile of C in registers, a sum over blocks of A *
// B.
//
// Convolution, matrix product and Winograd differ only in the offsets they pass. Drivers are plain code; the
// kernels themselves are compiled per instruction set.
#pragma once

#include <cstdint>

#include "backends/cpu/kernels/simd/isa.h"

namespace ingot::cpu {

/// C[rows][vecs * V] (+)= sum over blocks of A(block)[rows][depth] * B(block)[depth][vecs * V], where V is
/// the vector length, and rows and vecs are the kernel's own. Strides and offsets count floats.
struct TileArgs {
  const float* a = nullptr;
  const float* b = nullptr;
  float* c = nullptr;
  const int64_t* a_offsets =
      nullptr;  // [blocks]; element (row, k) of a block lies at a + offset + row * a_row + k
  const int64_t* b_offsets = nullptr;  // [blocks]; vector v of k at b + offset + v * b_vec + k * V
  int64_t blocks = 0;                  // 0 makes the kernel an epilogue alone
  int64_t depth = 0;
  int64_t a_row = 0;
  int64_t b_vec = 0;
  int64_t c_row = 0;
  int64_t c_vec = 0;
  const float* bias = nullptr;  // [vecs * V]; added where the sum starts
  bool accumulate = false;      // the sum starts from C
  const float* residual =
      nullptr;  // added where the sum ends, at residual + row * residual_row + v * residual_vec
  int64_t residual_row = 0;
  int64_t residual_vec = 0;
  bool clamp = false;  // to [lo, hi] at the end; NaN stays NaN
  float lo = 0, hi = 0;
  int tail = 0;  // lanes of the last vector that exist in C, bias and residual; 0 means all
  // What later calls will read of B: two cache lines of it are asked for each four k's.
  const float* prefetch = nullptr;
  int64_t prefetch_step = 0;
};

using TileKernel = void (*)(const TileArgs& args);

inline constexpr int kMaxTileVecs = 4;
inline constexpr int kMaxTileRows = 14;

/// The tiles of one instruction set. Every (rows, vecs) with rows <= max_rows[vecs - 1] has a kernel.
struct TileKernels {
  Isa isa;
  int lanes;  // V
  int max_rows[kMaxTileVecs];
  TileKernel kernels[kMaxTileVecs][kMaxTileRows];

  TileKernel at(int rows, int vecs) const { return kernels[vecs - 1][rows - 1]; }
};

const TileKernels& tile_kernels(Isa isa);

}  // namespace ingot::cpu
