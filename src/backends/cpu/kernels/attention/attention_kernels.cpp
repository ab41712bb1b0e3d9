// Copies of queries and values into the form that the tile kernels read, compiled per ISA.
#include "backends/cpu/kernels/attention/attention.h"
#include "backends/cpu/kernels/simd/simd.h"

namespace ingot::cpu::INGOT_ISA {
namespace {

void scale_rows(const float* src, int64_t stride, int64_t rows, int64_t n, float scale, float* dst,
                int64_t dst_stride) {
  for (int64_t r = 0; r < rows; ++r, src += stride, dst += dst_stride) {
    int64_t i = 0;
    for (; i + kLanes <= n; i += kLanes) store(dst + i, load(src + i) * scale);
    for (; i < dst_stride; ++i) dst[i] = i < n ? src[i] * scale : 0.0f;
  }
}

void pack_rows(const float* src, int64_t stride, int64_t rows, int64_t n, float* dst) {
  for (int64_t i = 0; i < n; i += kLanes, dst += rows * kLanes) {
    const int lanes = n - i < kLanes ? static_cast<int>(n - i) : kLanes;
    for (int64_t r = 0; r < rows; ++r) {
      const float* p = src + r * stride + i;
      store(dst + r * kLanes, lanes == kLanes ? load(p) : load_tail(p, lanes));
    }
  }
}

}  // namespace

extern const AttentionKernels kAttention;
const AttentionKernels kAttention{scale_rows, pack_rows};

}  // namespace ingot::cpu::INGOT_ISA
