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

struct SoftmaxKernels {
  /// y[0, n) from x[0, n); mask may be null.
  void (*row)(const float* x, const float* mask, float scale, bool log, int64_t n, float* y);
  /// `lanes` neighbouring columns of n elements, `stride` apart.
  void (*columns)(const float* x, float scale, bool log, int64_t n, int64_t stride, int lanes, float* y);
};
const SoftmaxKernels& softmax_kernels(Isa isa);

}  // namespace ingot::cpu
