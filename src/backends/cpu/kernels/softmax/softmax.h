// Softmax and log-softmax along one axis of floats, seen as [outer, axis, inner].
//
// A row of -infinity only gives NaN, as the definition does; a NaN makes its row NaN.
#pragma once

#include "backends/cpu/kernels/simd/isa.h"
#include "base/threads.h"

namespace ingot::cpu {

struct SoftmaxDesc {
  int64_t outer = 1, axis = 1, inner = 1;
  bool log = false;
  float scale = 1;  // of x, before the mask is added; positive
  /// Rows of the mask: that of row r is r / mask_divide % mask_rows. For scores [B, H, S, T] a mask [B, 1, 1,
  /// T] has B rows and divide H S, a mask [S, T] S rows and divide 1. Only where inner is 1.
  int64_t mask_divide = 1, mask_rows = 1;
};

/// `mask` may be null. y may be x. Needs no scratch.
void softmax(ThreadPool& pool, Isa isa, const SoftmaxDesc& desc, const float* x, const float* mask, float* y);

/// Some rows of n elements each; `mask` may be null.
struct SoftmaxRows {
  const float *x, *mask;
  int64_t x_row, mask_row, y_row;  // floats from one row to the next
  int64_t rows, n;
  float scale;
  float* y;
};
struct SoftmaxKernels {
  static constexpr int kMaxRows = 16;  // of one call
  /// y = exp(score - largest score of the row), or score - largest score where `log`; sums[row] = the sum of
  /// the exponentials.
  void (*exp_rows)(const SoftmaxRows& rows, bool log, float* sums);
  /// For rows that come in pieces: y = exp(score - peak), where peaks[row] becomes the largest score so far.
  /// sums[row] becomes the sum relative to it, and factors[row] is what earlier results are to be multiplied
  /// with. Start with peaks of -infinity and sums of 0.
  void (*exp_pieces)(const SoftmaxRows& rows, float* peaks, float* sums, float* factors);
  /// What is left: y / sum, or y - log(sum).
  void (*finish_rows)(const SoftmaxRows& rows, bool log, const float* sums);
  /// `lanes` neighbouring columns of n elements, `stride` apart.
  void (*columns)(const float* x, float scale, bool log, int64_t n, int64_t stride, int lanes, float* y);

  /// Rows of one call, so that they stay in the first cache; several short ones keep the processor busy while
  /// each waits for its maximum and sum.
  static int64_t rows_at_once(int64_t n) {
    return n >= 1024 ? 1 : n * kMaxRows <= 2048 ? kMaxRows : (2048 + n - 1) / n;
  }
};
const SoftmaxKernels& softmax_kernels(Isa isa);

}  // namespace ingot::cpu
