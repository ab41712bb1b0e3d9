// Rows of depthwise convolution, compiled per ISA: a run of output pixels side by side in registers, each tap
// one multiply-add per pixel with the pixel's operand straight from memory.
#include "backends/cpu/kernels/depthwise/depthwise.h"
#include "backends/cpu/kernels/simd/simd.h"

namespace ingot::cpu::INGOT_ISA {
namespace {

constexpr int64_t kC = kLanes;

INGOT_INLINE VecF start_value(const DepthwiseRow& r) { return r.bias ? load(r.bias) : VecF{}; }

// The tap row after the first `taps`.
INGOT_INLINE const float* next_row(const DepthwiseRow& r, const float* x, int64_t taps) {
  return x + (taps == r.wrap_after ? r.x_row - r.wrap : r.x_row);
}

// Pixel `ox`, whose window may stick out to the left or right.
INGOT_INLINE void border_pixel(const DepthwiseRow& r, int64_t ox) {
  const int64_t left = ox * r.stride_w - r.pad_left;
  VecF even = start_value(r), odd{};
  for (int64_t kx = 0; kx < r.kernel_w; ++kx) {
    const int64_t ix = left + kx * r.dilation_w;
    if (ix < 0 || ix >= r.in_w) continue;
    const float *x = r.x + ix * kC, *w = r.filter + kx * kC;
    int64_t ky = 0;
    const auto tap = [&](VecF& sum) INGOT_LAMBDA_INLINE {
      sum = fma(load(w), load(x), sum);
      x = next_row(r, x, ++ky);
      w += r.kernel_w * kC;
    };
    while (ky + 2 <= r.taps_h) tap(even), tap(odd);
    if (ky < r.taps_h) tap(even);
  }
  store(r.y + ox * kC, clamp(even + odd, broadcast(r.low), broadcast(r.high)));
}

// `count` pixels from `ox` on, windows inside the row. kernel, stride: 0 where they are the row's.
template <int count, int kernel, int stride>
INGOT_INLINE void inside_pixels(const DepthwiseRow& r, int64_t ox) {
  const int64_t pixel = (stride ? stride : r.stride_w) * kC;
  const float* x = r.x + ox * pixel - r.pad_left * kC;
  const float* w = r.filter;
  VecF acc[count];
#pragma GCC unroll 16
  for (int i = 0; i < count; ++i) acc[i] = start_value(r);
  for (int64_t ky = 0; ky < r.taps_h; ++ky) {
    if constexpr (kLanes == 8 && (stride == 1 || kernel > 3)) {
      // Each pixel of the source is read once, for all outputs that it is a tap of: here it pays.
      VecF weights[kernel];
#pragma GCC unroll 8
      for (int kx = 0; kx < kernel; ++kx) weights[kx] = load(w + kx * kC);
#pragma GCC unroll 40
      for (int p = 0; p < (count - 1) * stride + kernel; ++p) {
        const VecF value = load(x + p * kC);
#pragma GCC unroll 8
        for (int kx = p % stride; kx < kernel && kx <= p; kx += stride)
          if ((p - kx) / stride < count)
            acc[(p - kx) / stride] = fma(weights[kx], value, acc[(p - kx) / stride]);
      }
    } else {
      const int64_t kernel_w = kernel ? kernel : r.kernel_w, step = kernel ? kC : r.dilation_w * kC;
#pragma GCC unroll 8
      for (int64_t kx = 0; kx < kernel_w; ++kx) {
        const VecF weight = load(w + kx * kC);
#pragma GCC unroll 16
        for (int i = 0; i < count; ++i) acc[i] = fma(weight, load(x + kx * step + i * pixel), acc[i]);
      }
    }
    x = next_row(r, x, ky + 1);
    w += r.kernel_w * kC;
  }
  const VecF low = broadcast(r.low), high = broadcast(r.high);
#pragma GCC unroll 16
  for (int i = 0; i < count; ++i) store(r.y + (ox + i) * kC, clamp(acc[i], low, high));
}

template <int kernel, int stride>
void row(const DepthwiseRow& r) {
  for (int64_t ox = 0; ox < r.inside_from; ++ox) border_pixel(r, ox);
  int64_t ox = r.inside_from;
  const int64_t end = r.inside_to;
  // A remainder is covered by moving the last run back over pixels that are already done, where there are
  // any.
  auto runs_of = [&](auto run, int64_t count) INGOT_LAMBDA_INLINE {
    for (; ox + count <= end; ox += count) run(ox);
    const int64_t rest = end - ox;
    if (rest > count / 2 && end - count >= r.inside_from) {
      run(end - count);
      ox = end;
    }
  };
  if constexpr (kLanes == 16)  // which has registers for so many
    runs_of([&](int64_t at) INGOT_LAMBDA_INLINE { inside_pixels<14, kernel, stride>(r, at); }, 14);
  runs_of([&](int64_t at) INGOT_LAMBDA_INLINE { inside_pixels<7, kernel, stride>(r, at); }, 7);
  runs_of([&](int64_t at) INGOT_LAMBDA_INLINE { inside_pixels<4, kernel, stride>(r, at); }, 4);
  for (; ox < end; ++ox) inside_pixels<1, kernel, stride>(r, ox);
  for (; ox < r.out_w; ++ox) border_pixel(r, ox);
}

DepthwiseKernels::RowFunction find(int64_t kernel_w, int64_t stride_w, int64_t dilation_w) {
#define INGOT_DEPTHWISE(kernel, stride) \
  if (kernel_w == kernel && stride_w == stride && dilation_w == 1) return row<kernel, stride>;
#include "backends/cpu/kernels/depthwise/kernels.inc"
#undef INGOT_DEPTHWISE
  return nullptr;
}

void add_pixels(const float* y, int64_t pixels, float* sums) {
  VecF sum[4] = {load(sums)};
  int64_t p = 0;
  for (; p + 4 <= pixels; p += 4)
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) sum[i] += load(y + (p + i) * kC);
  for (; p < pixels; ++p) sum[0] += load(y + p * kC);
  store(sums, (sum[0] + sum[1]) + (sum[2] + sum[3]));
}

}  // namespace

extern const DepthwiseKernels kDepthwise;
const DepthwiseKernels kDepthwise{find, row<0, 0>, add_pixels};

}  // namespace ingot::cpu::INGOT_ISA
