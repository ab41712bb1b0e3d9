// Rows and columns of softmax, compiled per ISA. A row is passed three times, but lies in the L1 cache.
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
INGOT_INLINE float largest_score(const float* x, const float* mask, VecF scale, int64_t n) {
  const int64_t whole = n / kLanes * kLanes;
  const int rest = static_cast<int>(n - whole);
  const VecF lowest = broadcast(-__builtin_inff());
  VecF peak = lowest, other = lowest;
  int64_t i = 0;
  for (; i + 2 * kLanes <= whole; i += 2 * kLanes) {
    peak = max(peak, score<masked>(x, mask, scale, i));
    other = max(other, score<masked>(x, mask, scale, i + kLanes));
  }
  if (i < whole) peak = max(peak, score<masked>(x, mask, scale, i));
  if (rest)
    other =
        max(other, select(lane_numbers() < rest, score_tail<masked>(x, mask, scale, whole, rest), lowest));
  return max_of(max(peak, other));  // a NaN that max lost here comes back in the sum
}

template <bool masked, bool log>
INGOT_INLINE float exponentials(const float* x, const float* mask, VecF scale, VecF shift, int64_t n,
                                float* y) {
  const int64_t whole = n / kLanes * kLanes;
  const int rest = static_cast<int>(n - whole);
  VecF total{};
  for (int64_t i = 0; i < whole; i += kLanes) {
    const VecF v = score<masked>(x, mask, scale, i) - shift, e = exp_negative(v);
    store(y + i, log ? v : e);
    total += e;
  }
  if (rest) {
    const VecF v = score_tail<masked>(x, mask, scale, whole, rest) - shift, e = exp_negative(v);
    store_tail(y + whole, log ? v : e, rest);
    total += select(lane_numbers() < rest, e, VecF{});
  }
  return sum(total);
}

template <bool masked, bool log>
void exp_rows_of(const SoftmaxRows& s, float* sums) {
  const VecF scale = broadcast(s.scale);
  auto mask_of = [&](int64_t r) { return masked ? s.mask + r * s.mask_row : nullptr; };
  for (int64_t r = 0; r < s.rows; ++r)
    sums[r] = largest_score<masked>(s.x + r * s.x_row, mask_of(r), scale, s.n);
  for (int64_t r = 0; r < s.rows; ++r)
    sums[r] = exponentials<masked, log>(s.x + r * s.x_row, mask_of(r), scale, broadcast(sums[r]), s.n,
                                        s.y + r * s.y_row);
}
void exp_rows(const SoftmaxRows& s, bool log, float* sums) {
  if (s.mask)
    log ? exp_rows_of<true, true>(s, sums) : exp_rows_of<true, false>(s, sums);
  else
    log ? exp_rows_of<false, true>(s, sums) : exp_rows_of<false, false>(s, sums);
}

template <bool masked>
void exp_pieces_of(const SoftmaxRows& s, float* peaks, float* sums, float* factors) {
  const VecF scale = broadcast(s.scale);
  const float none = -__builtin_inff();
  auto mask_of = [&](int64_t r) { return masked ? s.mask + r * s.mask_row : nullptr; };
  for (int64_t r = 0; r < s.rows; ++r) {
    const float piece = largest_score<masked>(s.x + r * s.x_row, mask_of(r), scale, s.n);
    const float peak = piece > peaks[r] || piece != piece ? piece : peaks[r];
    factors[r] = peak == none ? 0.0f : peaks[r] - peak;  // nothing but -infinity yet: no difference to take
    peaks[r] = peak;
  }
  for (int64_t r = 0; r < s.rows; r += kLanes) {
    const int count = s.rows - r < kLanes ? static_cast<int>(s.rows - r) : kLanes;
    store_tail(factors + r, exp_negative(load_tail(factors + r, count)), count);
  }
  for (int64_t r = 0; r < s.rows; ++r) {
    const VecF shift = broadcast(peaks[r] == none ? 0.0f : peaks[r]);
    sums[r] = sums[r] * factors[r] + exponentials<masked, false>(s.x + r * s.x_row, mask_of(r), scale, shift,
                                                                 s.n, s.y + r * s.y_row);
  }
}
void exp_pieces(const SoftmaxRows& s, float* peaks, float* sums, float* factors) {
  s.mask ? exp_pieces_of<true>(s, peaks, sums, factors) : exp_pieces_of<false>(s, peaks, sums, factors);
}

void finish_rows(const SoftmaxRows& s, bool log, const float* sums) {
  for (int64_t r = 0; r < s.rows; ++r) {
    const VecF last = broadcast(log ? -logf(sums[r]) : 1.0f / sums[r]);
    float* y = s.y + r * s.y_row;
    for (int64_t i = 0; i < s.n; i += kLanes) {
      const int count = s.n - i < kLanes ? static_cast<int>(s.n - i) : kLanes;
      const VecF v = count == kLanes ? load(y + i) : load_tail(y + i, count);
      const VecF out = log ? v + last : v * last;
      count == kLanes ? store(y + i, out) : store_tail(y + i, out, count);
    }
  }
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
    const VecF v = at(x, i) * scale - peak, e = exp_negative(v);
    put(i, log_form ? v : e);
    total += e;
  }
  const VecF last = log_form ? log(total) : 1.0f / total;
  for (int64_t i = 0; i < n; ++i) put(i, log_form ? at(y, i) - last : at(y, i) * last);
}

}  // namespace

extern const SoftmaxKernels kSoftmax;
const SoftmaxKernels kSoftmax{exp_rows, exp_pieces, finish_rows, columns};

}  // namespace ingot::cpu::INGOT_ISA
