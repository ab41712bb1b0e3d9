// Compiled per instruction set: Winograd's transforms (Lavin and Gray, "Fast Algorithms for Convolutional
// Neural Networks", 2015; points 0, 1, -1, infinity for F(2, 3), and 2, -2 too for F(4, 3)).
#include "backends/cpu/kernels/conv/winograd_kernels.h"
#include "backends/cpu/kernels/simd/simd.h"

namespace ingot::cpu::INGOT_ISA {
namespace {

template <int M>
struct Transform;

template <>
struct Transform<2> {
  static constexpr int kSize = 4;
  INGOT_INLINE static void input(const VecF (&d)[4], VecF (&t)[4]) {
    t[0] = d[0] - d[2];
    t[1] = d[1] + d[2];
    t[2] = d[2] - d[1];
    t[3] = d[1] - d[3];
  }
  INGOT_INLINE static void output(const VecF (&m)[4], VecF (&y)[2]) {
    y[0] = m[0] + m[1] + m[2];
    y[1] = m[1] - m[2] - m[3];
  }
};

template <>
struct Transform<4> {
  static constexpr int kSize = 6;
  INGOT_INLINE static void input(const VecF (&d)[6], VecF (&t)[6]) {
    const VecF even = d[4] - 4.0f * d[2], odd = d[3] - 4.0f * d[1];
    const VecF near = d[4] - d[2], far = 2.0f * (d[3] - d[1]);
    t[0] = d[4] + (4.0f * d[0] - 5.0f * d[2]);
    t[1] = even + odd;
    t[2] = even - odd;
    t[3] = near + far;
    t[4] = near - far;
    t[5] = d[5] + (4.0f * d[1] - 5.0f * d[3]);
  }
  INGOT_INLINE static void output(const VecF (&m)[6], VecF (&y)[4]) {
    const VecF sum1 = m[1] + m[2], difference1 = m[1] - m[2];
    const VecF sum2 = m[3] + m[4], difference2 = m[3] - m[4];
    y[0] = m[0] + sum1 + sum2;
    y[1] = difference1 + 2.0f * difference2;
    y[2] = sum1 + 4.0f * sum2;
    y[3] = difference1 + 8.0f * difference2 + m[5];
  }
};

template <int M, bool kWhole>
INGOT_INLINE void input_tile(const WinogradInput& w) {
  constexpr int kSize = Transform<M>::kSize;
  VecF rows[kSize][kSize];
#pragma GCC unroll 6
  for (int x = 0; x < kSize; ++x) {
    VecF d[kSize], t[kSize];
#pragma GCC unroll 6
    for (int y = 0; y < kSize; ++y) {
      const bool inside =
          kWhole || (y >= w.bounds.y0 && y < w.bounds.y1 && x >= w.bounds.x0 && x < w.bounds.x1);
      d[y] = inside ? load(w.src + y * w.row + x * w.pixel) : VecF{};
    }
    Transform<M>::input(d, t);
#pragma GCC unroll 6
    for (int y = 0; y < kSize; ++y) rows[y][x] = t[y];
  }
#pragma GCC unroll 6
  for (int y = 0; y < kSize; ++y) {
    VecF t[kSize];
    Transform<M>::input(rows[y], t);
#pragma GCC unroll 6
    for (int x = 0; x < kSize; ++x) store(w.dst + (y * kSize + x) * w.dst_element, t[x]);
  }
}

template <int M>
void input(const WinogradInput& w) {
  constexpr int kSize = Transform<M>::kSize;
  const TileBounds& b = w.bounds;
  if (b.y0 == 0 && b.x0 == 0 && b.y1 == kSize && b.x1 == kSize)
    input_tile<M, true>(w);
  else
    input_tile<M, false>(w);
}

template <int M>
void output(const WinogradOutput& w) {
  constexpr int kSize = Transform<M>::kSize;
  VecF columns[M][kSize];
#pragma GCC unroll 6
  for (int x = 0; x < kSize; ++x) {
    VecF m[kSize], y[M];
#pragma GCC unroll 6
    for (int i = 0; i < kSize; ++i) m[i] = load(w.src + (i * kSize + x) * w.src_element);
    Transform<M>::output(m, y);
#pragma GCC unroll 4
    for (int i = 0; i < M; ++i) columns[i][x] = y[i];
  }
  const VecF bias = w.bias != nullptr ? load(w.bias) : VecF{};
  const VecF lo = broadcast(w.lo), hi = broadcast(w.hi);
#pragma GCC unroll 4
  for (int y = 0; y < M; ++y) {
    if (y >= w.bounds.y1) break;
    VecF out[M];
    Transform<M>::output(columns[y], out);
#pragma GCC unroll 4
    for (int x = 0; x < M; ++x) {
      if (x >= w.bounds.x1) break;
      const int64_t at = y * w.row + x * w.pixel;
      VecF value = out[x] + bias;
      if (w.residual != nullptr) value += load(w.residual + at);
      if (w.clamp) value = clamp(value, lo, hi);
      store(w.dst + at, value);
    }
  }
}

}  // namespace

extern const WinogradKernels kWinogradKernels;
const WinogradKernels kWinogradKernels = {&input<2>, &output<2>, &input<4>, &output<4>};

}  // namespace ingot::cpu::INGOT_ISA
