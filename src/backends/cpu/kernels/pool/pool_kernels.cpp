// Rows of pooling windows and reductions over pixels, compiled per ISA.
#include "backends/cpu/kernels/pool/pool.h"
#include "backends/cpu/kernels/simd/simd.h"

namespace ingot::cpu::INGOT_ISA {
namespace {

struct Max {
  static INGOT_INLINE VecF first() { return broadcast(-__builtin_inff()); }
  static INGOT_INLINE VecF join(VecF a, VecF b) { return max(a, b); }
  static INGOT_INLINE float join(float a, float b) { return a > b ? a : b; }
  static INGOT_INLINE float all(VecF v) { return max_of(v); }
};
struct Sum {
  static INGOT_INLINE VecF first() { return VecF{}; }
  static INGOT_INLINE VecF join(VecF a, VecF b) { return a + b; }
  static INGOT_INLINE float join(float a, float b) { return a + b; }
  static INGOT_INLINE float all(VecF v) { return sum(v); }
};

// The taps of output pixel ox that lie inside the row: [from, to).
INGOT_INLINE int64_t first_tap(const PoolRow& r, int64_t left) {
  const int64_t from = left >= 0 ? 0 : (-left + r.dilation_w - 1) / r.dilation_w;
  return from < r.kernel_w ? from : r.kernel_w;
}
INGOT_INLINE int64_t last_tap(const PoolRow& r, int64_t left) {
  const int64_t to = left >= r.in_w ? 0 : (r.in_w - left + r.dilation_w - 1) / r.dilation_w;
  return to < r.kernel_w ? to : r.kernel_w;
}

template <class Op>
void blocked_row(const PoolRow& r) {
  for (int64_t ox = 0; ox < r.out_w; ++ox) {
    const int64_t left = ox * r.stride_w - r.pad_left, from = first_tap(r, left), to = last_tap(r, left);
    VecF acc = Op::first();
    for (int64_t kx = from; kx < to; ++kx) {
      const float* x = r.x + (left + kx * r.dilation_w) * kLanes;
      for (int64_t ky = 0; ky < r.taps_h; ++ky) acc = Op::join(acc, load(x + ky * r.x_row));
    }
    store(r.y + ox * kLanes, acc);
  }
}

// First the rows are joined, which runs along memory, then the columns.
template <class Op>
void plain_row(const PoolRow& r) {
  int64_t i = 0;
  for (; i < r.in_w; i += kLanes) {
    const int n = r.in_w - i < kLanes ? static_cast<int>(r.in_w - i) : kLanes;
    VecF acc = Op::first();
    for (int64_t ky = 0; ky < r.taps_h; ++ky) {
      const float* x = r.x + ky * r.x_row + i;
      acc = Op::join(acc, n == kLanes ? load(x) : load_tail(x, n));
    }
    store_tail(r.column + i, acc, n);
  }
  const float none = Op::all(Op::first());
  for (int64_t ox = 0; ox < r.out_w; ++ox) {
    const int64_t left = ox * r.stride_w - r.pad_left, from = first_tap(r, left), to = last_tap(r, left);
    float acc = none;
    for (int64_t kx = from; kx < to; ++kx) acc = Op::join(acc, r.column[left + kx * r.dilation_w]);
    r.y[ox] = acc;
  }
}

void scale(float* y, const float* scales, int64_t pixels, int64_t lanes) {
  if (lanes == kLanes) {
    for (int64_t p = 0; p < pixels; ++p) store(y + p * kLanes, load(y + p * kLanes) * scales[p]);
  } else {
    for (int64_t i = 0; i < pixels * lanes; ++i) y[i] *= scales[i / lanes];
  }
}

// Four chains, so that additions do not wait for one another.
template <class Op>
INGOT_INLINE VecF reduce_vectors(const float* x, int64_t vectors) {
  VecF acc[4] = {Op::first(), Op::first(), Op::first(), Op::first()};
  int64_t v = 0;
  for (; v + 4 <= vectors; v += 4)
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) acc[i] = Op::join(acc[i], load(x + (v + i) * kLanes));
  for (; v < vectors; ++v) acc[0] = Op::join(acc[0], load(x + v * kLanes));
  return Op::join(Op::join(acc[0], acc[1]), Op::join(acc[2], acc[3]));
}
template <class Op>
float reduce(const float* x, int64_t n) {
  const int64_t vectors = n / kLanes;
  float acc = Op::all(reduce_vectors<Op>(x, vectors));
  for (int64_t i = vectors * kLanes; i < n; ++i) acc = Op::join(acc, x[i]);
  return acc;
}
void max_pixels(const float* x, int64_t pixels, float* y) { store(y, reduce_vectors<Max>(x, pixels)); }
void mean_pixels(const float* x, int64_t pixels, float* y) {
  store(y, reduce_vectors<Sum>(x, pixels) * (1.0f / static_cast<float>(pixels)));
}

}  // namespace

extern const PoolKernels kPool;
const PoolKernels kPool{blocked_row<Max>, blocked_row<Sum>, plain_row<Max>, plain_row<Sum>, scale,
                        reduce<Max>,      reduce<Sum>,      max_pixels,     mean_pixels};

}  // namespace ingot::cpu::INGOT_ISA
