// Rows and columns of softmax, compiled per ISA. A row is read three times, but lies in the L1 cache.
#include "backends/cpu/kernels/simd/math.h"
#include "backends/cpu/kernels/softmax/softmax.h"

namespace ingot::cpu::INGOT_ISA {
namespace {

// The scaled and masked scores from element i on.
template <bool masked>
INGOT_INLINE VecF score(const float* x, const float* mask, VecF scale, int64_t i) {
  return masked ? fma(load(x + i), scale, load(mask + i)) : load(x + i) * scale;
}
template <bool masked>
INGOT_INLINE VecF score_tail(const float* x, const float* mask, VecF scale, int64_t i, int n) {
  return masked ? fma(load_tail(x + i, n), scale, load_tail(mask + i, n)) : load_tail(x + i, n) * scale;
}
INGOT_INLINE VecI lane_numbers() {
  VecI v{};
  for (int l = 0; l < kLanes; ++l) v[l] = l;
  return v;
}

template <bool masked>
void row_of(const float* x, const float* mask, float factor, bool log, int64_t n, float* y) {
  const VecF scale = broadcast(factor), lowest = broadcast(-__builtin_inff());
  const int64_t whole = n / kLanes * kLanes;
  const int rest = static_cast<int>(n - whole);
  const VecI inside = lane_numbers() < rest;

  VecF peak = lowest;
  for (int64_t i = 0; i < whole; i += kLanes) peak = max(peak, score<masked>(x, mask, scale, i));
  if (rest) peak = max(peak, select(inside, score_tail<masked>(x, mask, scale, whole, rest), lowest));
  const VecF shift = broadcast(max_of(peak));  // a NaN that max lost here comes back in the sum

  VecF total{};
  for (int64_t i = 0; i < whole; i += kLanes) {
    const VecF v = score<masked>(x, mask, scale, i) - shift, e = exp(v);
    store(y + i, log ? v : e);
    total += e;
  }
  if (rest) {
    const VecF v = score_tail<masked>(x, mask, scale, whole, rest) - shift, e = exp(v);
    store_tail(y + whole, log ? v : e, rest);
    total += select(inside, e, VecF{});
  }
  const float all = sum(total);
  const VecF last = log ? -logf(all) + VecF{} : broadcast(1.0f / all);
  for (int64_t i = 0; i < whole; i += kLanes) store(y + i, log ? load(y + i) + last : load(y + i) * last);
  if (rest) {
    const VecF v = load_tail(y + whole, rest);
    store_tail(y + whole, log ? v + last : v * last, rest);
  }
}

void row(const float* x, const float* mask, float scale, bool log, int64_t n, float* y) {
  mask ? row_of<true>(x, mask, scale, log, n, y) : row_of<false>(x, mask, scale, log, n, y);
}

void columns(const float* x, float factor, bool log_form, int64_t n, int64_t stride, int lanes, float* y) {
  const VecF scale = broadcast(factor);
  auto at = [&](const float* p, int64_t i) INGOT_LAMBDA_INLINE {
    return lanes == kLanes ? load(p + i * stride) : load_tail(p + i * stride, lanes);
  };
  auto put = [&](int64_t i, VecF v) INGOT_LAMBDA_INLINE {
    lanes == kLanes ? store(y + i * stride, v) : store_tail(y + i * stride, v, lanes);
  };
  VecF peak = broadcast(-__builtin_inff()), total{};
  for (int64_t i = 0; i < n; ++i) peak = max(peak, at(x, i) * scale);
  for (int64_t i = 0; i < n; ++i) {
    const VecF v = at(x, i) * scale - peak, e = exp(v);
    put(i, log_form ? v : e);
    total += e;
  }
  const VecF last = log_form ? log(total) : 1.0f / total;
  for (int64_t i = 0; i < n; ++i) put(i, log_form ? at(y, i) - last : at(y, i) * last);
}

}  // namespace

extern const SoftmaxKernels kSoftmax;
const SoftmaxKernels kSoftmax{row, columns};

}  // namespace ingot::cpu::INGOT_ISA
