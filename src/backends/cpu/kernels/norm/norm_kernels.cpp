// Rows and pixel groups of normalisations, compiled per ISA.
#include "backends/cpu/kernels/norm/norm.h"
#include "backends/cpu/kernels/simd/math.h"

namespace ingot::cpu::INGOT_ISA {
namespace {

// fn(i, n): elements [i, i + n) of a row, n < kLanes only at its end.
template <class F>
INGOT_INLINE void over_row(int64_t size, F&& fn) {
  int64_t i = 0;
  for (; i + kLanes <= size; i += kLanes) fn(i, kLanes);
  if (i < size) fn(i, static_cast<int>(size - i));
}
INGOT_INLINE VecF get(const float* p, int n) { return n == kLanes ? load(p) : load_tail(p, n); }
INGOT_INLINE void put(float* p, VecF v, int n) { n == kLanes ? store(p, v) : store_tail(p, v, n); }
INGOT_INLINE VecF first_lanes(VecF v, int n) {
  VecI lane{};
  for (int l = 0; l < kLanes; ++l) lane[l] = l;
  return n == kLanes ? v : select(lane < n, v, VecF{});
}

INGOT_INLINE float factor_of(float sum_of_squares, int64_t n, float epsilon) {
  return 1.0f / __builtin_sqrtf(sum_of_squares / static_cast<float>(n) + epsilon);
}

INGOT_INLINE float row_sum(const float* x, int64_t size) {
  VecF a{}, b{};
  int64_t i = 0;
  for (; i + 2 * kLanes <= size; i += 2 * kLanes) {
    a += load(x + i);
    b += load(x + i + kLanes);
  }
  over_row(size - i, [&](int64_t k, int n) INGOT_LAMBDA_INLINE { a += get(x + i + k, n); });
  return sum(a + b);
}

Moments moments(const float* x, int64_t size, float epsilon, bool rms) {
  const float mean = rms ? 0.0f : row_sum(x, size) / static_cast<float>(size);
  VecF a{}, b{};
  int64_t i = 0;
  for (; i + 2 * kLanes <= size; i += 2 * kLanes) {
    const VecF u = load(x + i) - mean, v = load(x + i + kLanes) - mean;
    a = fma(u, u, a);
    b = fma(v, v, b);
  }
  over_row(size - i, [&](int64_t k, int n) INGOT_LAMBDA_INLINE {
    const VecF u = first_lanes(get(x + i + k, n) - mean, n);
    a = fma(u, u, a);
  });
  return {mean, factor_of(sum(a + b), size, epsilon)};
}

void row(const float* x, const float* residual, float* total, const float* scale, const float* bias, float* y,
         int64_t size, float epsilon, bool rms) {
  if (residual) {
    float* to = total ? total : y;
    over_row(size, [&](int64_t i, int n)
                       INGOT_LAMBDA_INLINE { put(to + i, get(x + i, n) + get(residual + i, n), n); });
    x = to;
  }
  const Moments m = moments(x, size, epsilon, rms);
  const VecF factor = broadcast(m.factor), shift = broadcast(-m.mean * m.factor);
  if (scale && bias) {
    over_row(size, [&](int64_t i, int n) INGOT_LAMBDA_INLINE {
      put(y + i, fma(fma(get(x + i, n), factor, shift), get(scale + i, n), get(bias + i, n)), n);
    });
    return;
  }
  over_row(size, [&](int64_t i, int n) INGOT_LAMBDA_INLINE {
    VecF v = fma(get(x + i, n), factor, shift);
    if (scale) v *= get(scale + i, n);
    if (bias) v += get(bias + i, n);
    put(y + i, v, n);
  });
}

void affine(const float* x, float scale, float bias, float* y, int64_t size) {
  over_row(size, [&](int64_t i, int n) INGOT_LAMBDA_INLINE {
    put(y + i, fma(get(x + i, n), broadcast(scale), broadcast(bias)), n);
  });
}

// Lanes are pixels.
void pixels_plain(const float* x, int64_t stride, int64_t channels, int pixels, const float* scale,
                  const float* bias, float* y, float epsilon, bool rms) {
  over_row(pixels, [&](int64_t p, int n) INGOT_LAMBDA_INLINE {
    const float* from = x + p;
    const float count = static_cast<float>(channels);
    VecF mean{}, squares{};
    for (int64_t c = 0; !rms && c < channels; ++c) mean += get(from + c * stride, n);
    mean /= count;
    for (int64_t c = 0; c < channels; ++c) {
      const VecF v = get(from + c * stride, n) - mean;
      squares = fma(v, v, squares);
    }
    const VecF factor = 1.0f / sqrt(squares / count + epsilon);
    for (int64_t c = 0; c < channels; ++c) {
      VecF v = (get(from + c * stride, n) - mean) * factor;
      if (scale) v *= scale[c];
      if (bias) v += bias[c];
      put(y + p + c * stride, v, n);
    }
  });
}

// Lanes are channels; `pixels` sums side by side.
template <int pixels>
INGOT_INLINE void blocked_group(const float* x, int64_t stride, int64_t channels, const float* scale,
                                const float* bias, float* y, float epsilon, bool rms) {
  const int64_t whole = channels / kLanes, blocks = (channels + kLanes - 1) / kLanes;
  const int tail = static_cast<int>(channels % kLanes);
  float mean[pixels] = {}, factor[pixels];
  VecF acc[pixels] = {};
  if (!rms) {
    for (int64_t b = 0; b < whole; ++b)
      for (int p = 0; p < pixels; ++p) acc[p] += load(x + b * stride + p * kLanes);
    for (int p = 0; p < pixels; ++p) {
      if (tail) acc[p] += load_tail(x + whole * stride + p * kLanes, tail);
      mean[p] = sum(acc[p]) / static_cast<float>(channels);
    }
  }
  for (int p = 0; p < pixels; ++p) acc[p] = VecF{};
  for (int64_t b = 0; b < whole; ++b)
    for (int p = 0; p < pixels; ++p) {
      const VecF v = load(x + b * stride + p * kLanes) - mean[p];
      acc[p] = fma(v, v, acc[p]);
    }
  for (int p = 0; p < pixels; ++p) {
    if (tail) {
      const VecF v = first_lanes(load(x + whole * stride + p * kLanes) - mean[p], tail);
      acc[p] = fma(v, v, acc[p]);
    }
    factor[p] = factor_of(sum(acc[p]), channels, epsilon);
  }
  for (int64_t b = 0; b < blocks; ++b) {
    const VecF gain = scale ? load(scale + b * kLanes) : broadcast(1),
               offset = bias ? load(bias + b * kLanes) : VecF{};
    for (int p = 0; p < pixels; ++p) {
      const VecF v = fma((load(x + b * stride + p * kLanes) - mean[p]) * factor[p], gain, offset);
      store(y + b * stride + p * kLanes, b < whole ? v : first_lanes(v, tail));
    }
  }
}

void pixels_blocked(const float* x, int64_t stride, int64_t channels, int pixels, const float* scale,
                    const float* bias, float* y, float epsilon, bool rms) {
  if (pixels == kBlockedPixelGroup)
    return blocked_group<kBlockedPixelGroup>(x, stride, channels, scale, bias, y, epsilon, rms);
  for (int p = 0; p < pixels; ++p)
    blocked_group<1>(x + p * kLanes, stride, channels, scale, bias, y + p * kLanes, epsilon, rms);
}

}  // namespace

extern const NormKernels kNorm;
const NormKernels kNorm{row, moments, affine, pixels_plain, pixels_blocked};

}  // namespace ingot::cpu::INGOT_ISA
