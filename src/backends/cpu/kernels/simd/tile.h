// A square tile of floats transposed in registers. Only for sources compiled per ISA.
#pragma once

#include "backends/cpu/kernels/simd/simd.h"

namespace ingot::cpu::INGOT_ISA {

/// Rows r and r + distance exchange the halves of each pair of lane groups of that size.
template <int distance>
INGOT_INLINE void exchange_halves(VecF (&v)[kLanes]) {
  VecI low{}, high{};
#pragma GCC unroll 16
  for (int l = 0; l < kLanes; ++l) {
    low[l] = (l & distance) == 0 ? l : kLanes + l - distance;
    high[l] = (l & distance) == 0 ? l + distance : kLanes + l;
  }
#pragma GCC unroll 16
  for (int r = 0; r < kLanes; ++r) {
    if (r & distance) continue;
    const VecF a = v[r], b = v[r + distance];
    v[r] = __builtin_shuffle(a, b, low);
    v[r + distance] = __builtin_shuffle(a, b, high);
  }
}

/// v[r][l] becomes v[l][r].
INGOT_INLINE void transpose_tile(VecF (&v)[kLanes]) {
  if constexpr (kLanes > 8) exchange_halves<8>(v);
  if constexpr (kLanes > 4) exchange_halves<4>(v);
  exchange_halves<2>(v);
  exchange_halves<1>(v);
}

/// dst[c][r] = src[r][c] for `rows` x `cols` <= kLanes x kLanes; rows past the last read as zeros and are
/// written where `dst_rows` > cols asks for it: dst has dst_rows rows of dst_cols floats.
INGOT_INLINE void copy_tile_transposed(const float* src, int64_t src_stride, int rows, int cols, float* dst,
                                       int64_t dst_stride, int dst_rows, int dst_cols) {
  VecF v[kLanes];
  if (rows == kLanes && cols == kLanes) {
#pragma GCC unroll 16
    for (int r = 0; r < kLanes; ++r) v[r] = load(src + r * src_stride);
  } else {
#pragma GCC unroll 16
    for (int r = 0; r < kLanes; ++r) v[r] = r < rows ? load_tail(src + r * src_stride, cols) : VecF{};
  }
  transpose_tile(v);
  if (dst_rows == kLanes && dst_cols == kLanes) {
#pragma GCC unroll 16
    for (int r = 0; r < kLanes; ++r) store(dst + r * dst_stride, v[r]);
  } else {
#pragma GCC unroll 16
    for (int r = 0; r < kLanes; ++r)
      if (r < dst_rows) store_tail(dst + r * dst_stride, v[r], dst_cols);
  }
}

}  // namespace ingot::cpu::INGOT_ISA
