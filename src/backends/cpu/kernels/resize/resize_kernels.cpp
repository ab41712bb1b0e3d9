// Blending of rows and of columns, compiled per ISA.
#include "backends/cpu/kernels/resize/resize.h"
#include "backends/cpu/kernels/simd/simd.h"

namespace ingot::cpu::INGOT_ISA {
namespace {

void blend_rows(const float* const* rows, const float* weights, int taps, int64_t n, float* row) {
  for (int64_t i = 0; i < n; i += kLanes) {
    const int count = n - i < kLanes ? static_cast<int>(n - i) : kLanes;
    VecF acc{};
    for (int t = 0; t < taps; ++t)
      acc = fma(count == kLanes ? load(rows[t] + i) : load_tail(rows[t] + i, count), broadcast(weights[t]),
                acc);
    count == kLanes ? store(row + i, acc) : store_tail(row + i, acc, count);
  }
}

void blend_columns(const float* row, const int32_t* index, const float* weight, int taps, int64_t out,
                   float* y) {
  if (taps == 1) {
    for (int64_t o = 0; o < out; ++o) y[o] = row[index[o]];
  } else if (taps == 2) {
    for (int64_t o = 0; o < out; ++o)
      y[o] = row[index[2 * o]] * weight[2 * o] + row[index[2 * o + 1]] * weight[2 * o + 1];
  } else {
    for (int64_t o = 0; o < out; ++o) {
      float acc = 0;
      for (int t = 0; t < taps; ++t) acc += row[index[taps * o + t]] * weight[taps * o + t];
      y[o] = acc;
    }
  }
}

void blend_columns_blocked(const float* row, const int32_t* index, const float* weight, int taps, int64_t out,
                           float* y) {
  for (int64_t o = 0; o < out; ++o) {
    if (taps == 1) {
      store(y + o * kLanes, load(row + index[o] * kLanes));
      continue;
    }
    VecF acc{};
    for (int t = 0; t < taps; ++t)
      acc = fma(load(row + index[taps * o + t] * kLanes), broadcast(weight[taps * o + t]), acc);
    store(y + o * kLanes, acc);
  }
}

}  // namespace

extern const ResizeKernels kResize;
const ResizeKernels kResize{blend_rows, blend_columns, blend_columns_blocked};

}  // namespace ingot::cpu::INGOT_ISA
