// Rows and columns of reductions, compiled per ISA.
#include "backends/cpu/kernels/reduce/reduce.h"
#include "backends/cpu/kernels/simd/math.h"

namespace ingot::cpu::INGOT_ISA {
namespace {

struct Sum {
  static constexpr float kFirst = 0;
  static INGOT_INLINE VecF in(VecF x) { return x; }
  static INGOT_INLINE VecF join(VecF a, VecF b) { return a + b; }
};
struct SumSquares : Sum {
  static INGOT_INLINE VecF in(VecF x) { return x * x; }
};
struct SumMagnitudes : Sum {
  static INGOT_INLINE VecF in(VecF x) { return abs(x); }
};
struct Product {
  static constexpr float kFirst = 1;
  static INGOT_INLINE VecF in(VecF x) { return x; }
  static INGOT_INLINE VecF join(VecF a, VecF b) { return a * b; }
};
struct Max {
  static constexpr float kFirst = -__builtin_inff();
  static INGOT_INLINE VecF in(VecF x) { return x; }
  static INGOT_INLINE VecF join(VecF a, VecF b) {
    return select(is_nan(a), a, max(a, b));
  }  // max gives a NaN of b
};
struct Min {
  static constexpr float kFirst = __builtin_inff();
  static INGOT_INLINE VecF in(VecF x) { return x; }
  static INGOT_INLINE VecF join(VecF a, VecF b) { return select(is_nan(a), a, min(a, b)); }
};

INGOT_INLINE VecF get(const float* p, int n, float fill) {
  if (n == kLanes) return load(p);
  VecI lane{};
  for (int l = 0; l < kLanes; ++l) lane[l] = l;
  return select(lane < n, load_tail(p, n), broadcast(fill));
}

// Four chains, so that joins do not wait for one another. kFirst is also what an absent lane counts as.
template <class Op>
float row(const float* x, int64_t n) {
  const VecF first = broadcast(Op::kFirst);
  VecF acc[4] = {first, first, first, first};
  int64_t i = 0;
  for (; i + 4 * kLanes <= n; i += 4 * kLanes)
#pragma GCC unroll 4
    for (int k = 0; k < 4; ++k) acc[k] = Op::join(acc[k], Op::in(load(x + i + k * kLanes)));
  for (; i < n; i += kLanes) {
    const int count = n - i < kLanes ? static_cast<int>(n - i) : kLanes;
    acc[0] = Op::join(acc[0], Op::in(get(x + i, count, Op::kFirst)));
  }
  VecF all = Op::join(Op::join(acc[0], acc[1]), Op::join(acc[2], acc[3]));
  float lanes[kLanes];
  store(lanes, all);
  for (int width = kLanes / 2; width > 0; width /= 2) {
    const VecF high = load_tail(lanes + width, width);
    all = Op::join(all, high);
    store(lanes, all);
  }
  return lanes[0];
}

template <class Op>
void columns(const float* x, int64_t n, int64_t stride, int64_t lanes, float* y) {
  constexpr int64_t kWide = 4 * kLanes;  // a cache line or more of each row at a time
  int64_t c = 0;
  for (; c + kWide <= lanes; c += kWide) {
    const VecF first = broadcast(Op::kFirst);
    VecF acc[4] = {first, first, first, first};
    for (int64_t i = 0; i < n; ++i)
#pragma GCC unroll 4
      for (int k = 0; k < 4; ++k) acc[k] = Op::join(acc[k], Op::in(load(x + i * stride + c + k * kLanes)));
    for (int k = 0; k < 4; ++k) store(y + c + k * kLanes, acc[k]);
  }
  for (; c < lanes; c += kLanes) {
    const int count = lanes - c < kLanes ? static_cast<int>(lanes - c) : kLanes;
    VecF acc = broadcast(Op::kFirst);
    for (int64_t i = 0; i < n; ++i) acc = Op::join(acc, Op::in(get(x + i * stride + c, count, Op::kFirst)));
    store_tail(y + c, acc, count);
  }
}

float log_sum_exp(const float* x, int64_t n, int64_t stride) {
  float peak = -__builtin_inff();
  for (int64_t i = 0; i < n; ++i) peak = peak != peak || peak > x[i * stride] ? peak : x[i * stride];
  if (peak - peak != 0.0f) return peak;  // an infinity or NaN is the result
  VecF total{};
  float part[kLanes];
  for (int64_t i = 0; i < n; i += kLanes) {
    const int count = n - i < kLanes ? static_cast<int>(n - i) : kLanes;
    for (int l = 0; l < kLanes; ++l) part[l] = l < count ? x[(i + l) * stride] - peak : -__builtin_inff();
    total += exp(load(part));
  }
  return peak + logf(sum(total));
}

}  // namespace

extern const ReduceKernels kReduce;
const ReduceKernels kReduce{
    {row<Sum>, row<Product>, row<Max>, row<Min>, row<SumSquares>, row<SumMagnitudes>},
    {columns<Sum>, columns<Product>, columns<Max>, columns<Min>, columns<SumSquares>, columns<SumMagnitudes>},
    log_sum_exp};

}  // namespace ingot::cpu::INGOT_ISA
