// The tile kernel's source: a template over rows and vectors, instantiated by tile_kernels_isa.cpp.
#pragma once

#include "backends/cpu/kernels/gemm/tile.h"
#include "backends/cpu/kernels/simd/simd.h"

namespace ingot::cpu::INGOT_ISA {

/// Row addresses from one base for each three rows: base, base + row and base + 2 * row are all address
/// modes, so that fourteen rows need five pointers and no spills.
template <int R>
struct RowPointers {
  static constexpr int kBases = (R + 2) / 3;
  const float* base[kBases];
  int64_t row;

  INGOT_INLINE RowPointers(const float* a, int64_t a_row) : row(a_row) {
    for (int i = 0; i < kBases; ++i) base[i] = a + 3 * i * a_row;
  }
  INGOT_INLINE const float* at(int r) const { return base[r / 3] + (r % 3) * row; }
  INGOT_INLINE void advance(int k) {
    for (int i = 0; i < kBases; ++i) {
      base[i] += k;
      asm("" : "+r"(base[i]));  // otherwise the compiler makes a pointer of each row, and spills them
    }
  }
};

/// Floats of a cache line; and how far ahead a row alone asks for B.
inline constexpr int kLine = 16, kAhead = 512;
/// k's from which on a sum takes so long that memory answers meanwhile.
inline constexpr int64_t kLongSum = 128;

template <int R, int N>
struct Tile {
  VecF acc[R][N];

  INGOT_INLINE void step(const RowPointers<R>& a, int k, const float* const (&b)[N]) {
    VecF bv[N];
#pragma GCC unroll 4
    for (int n = 0; n < N; ++n) bv[n] = load(b[n] + k * kLanes);
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      const VecF av = broadcast(a.at(r)[k]);
#pragma GCC unroll 4
      for (int n = 0; n < N; ++n) acc[r][n] = fma(av, bv[n], acc[r][n]);
    }
  }

  /// What finish() reads and writes may lie far away: it is asked for while the sums are made.
  INGOT_INLINE void ask(const TileArgs& t) const {
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 4
      for (int n = 0; n < N; ++n) {
        __builtin_prefetch(t.c + r * t.c_row + n * t.c_vec, 1);
        if (t.residual != nullptr) __builtin_prefetch(t.residual + r * t.residual_row + n * t.residual_vec);
      }
  }

  INGOT_INLINE void start(const TileArgs& t) {
    VecF first[N];
#pragma GCC unroll 4
    for (int n = 0; n < N; ++n) {
      const float* bias = t.bias + n * kLanes;
      first[n] = t.bias == nullptr ? VecF{} : n == N - 1 && t.tail ? load_tail(bias, t.tail) : load(bias);
    }
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 4
      for (int n = 0; n < N; ++n) acc[r][n] = first[n];
    if (t.accumulate) add(t.c, t.c_row, t.c_vec, t.tail);
  }

  INGOT_INLINE void add(const float* p, int64_t row, int64_t vec, int tail) {
    if (tail) {
#pragma GCC unroll 16
      for (int r = 0; r < R; ++r) acc[r][N - 1] += load_tail(p + r * row + (N - 1) * vec, tail);
    } else {
#pragma GCC unroll 16
      for (int r = 0; r < R; ++r) acc[r][N - 1] += load(p + r * row + (N - 1) * vec);
    }
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 4
      for (int n = 0; n < N - 1; ++n) acc[r][n] += load(p + r * row + n * vec);
  }

  INGOT_INLINE void finish(const TileArgs& t) {
    if (t.residual != nullptr) add(t.residual, t.residual_row, t.residual_vec, t.tail);
    if (t.clamp) {
      const VecF lo = broadcast(t.lo), hi = broadcast(t.hi);
#pragma GCC unroll 16
      for (int r = 0; r < R; ++r)
#pragma GCC unroll 4
        for (int n = 0; n < N; ++n) acc[r][n] = max(lo, acc[r][n]);
      if (t.hi < __builtin_inff()) {
#pragma GCC unroll 16
        for (int r = 0; r < R; ++r)
#pragma GCC unroll 4
          for (int n = 0; n < N; ++n) acc[r][n] = min(hi, acc[r][n]);
      }
    }
    float* c = t.c;
    if (t.tail) {
#pragma GCC unroll 16
      for (int r = 0; r < R; ++r) store_tail(c + r * t.c_row + (N - 1) * t.c_vec, acc[r][N - 1], t.tail);
    } else {
#pragma GCC unroll 16
      for (int r = 0; r < R; ++r) store(c + r * t.c_row + (N - 1) * t.c_vec, acc[r][N - 1]);
    }
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 4
      for (int n = 0; n < N - 1; ++n) store(c + r * t.c_row + n * t.c_vec, acc[r][n]);
  }
};

template <int R, int N>
void tile_kernel(const TileArgs& t) {
  Tile<R, N> tile;
  if (t.blocks * t.depth >= kLongSum) tile.ask(t);
  tile.start(t);
  const float* prefetch = t.prefetch;
  for (int64_t block = 0; block < t.blocks; ++block) {
    RowPointers<R> a(t.a + t.a_offsets[block], t.a_row);
    const float* b[N];
    for (int n = 0; n < N; ++n) b[n] = t.b + t.b_offsets[block] + n * t.b_vec;
    int64_t k = t.depth;
    for (; k >= 4; k -= 4) {
      if (R == 1 && t.prefetch_step > 0) {  // B is read once, as fast as memory gives it
#pragma GCC unroll 4
        for (int n = 0; n < N; ++n)
#pragma GCC unroll 4
          for (int i = 0; i < 4 * kLanes; i += kLine) __builtin_prefetch(b[n] + kAhead + i, 0, 2);
      } else {
        __builtin_prefetch(prefetch, 0, 2);
        __builtin_prefetch(prefetch + kLine, 0, 2);
        prefetch += t.prefetch_step;
      }
      tile.step(a, 0, b);
      tile.step(a, 1, b);
      tile.step(a, 2, b);
      tile.step(a, 3, b);
      a.advance(4);
      for (int n = 0; n < N; ++n) b[n] += 4 * kLanes;
    }
    if (k & 2) {
      tile.step(a, 0, b);
      tile.step(a, 1, b);
      a.advance(2);
      for (int n = 0; n < N; ++n) b[n] += 2 * kLanes;
    }
    if (k & 1) tile.step(a, 0, b);
  }
  tile.finish(t);
}

}  // namespace ingot::cpu::INGOT_ISA
