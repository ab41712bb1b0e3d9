#include "backends/cpu/kernels/softmax/softmax.h"

#include <algorithm>

namespace ingot::cpu {

namespace baseline {
extern const SoftmaxKernels kSoftmax;
}
namespace avx2 {
extern const SoftmaxKernels kSoftmax;
}
namespace avx512 {
extern const SoftmaxKernels kSoftmax;
}
const SoftmaxKernels& softmax_kernels(Isa isa) { return INGOT_SELECT_ISA(isa, kSoftmax); }

namespace {

void rows(const SoftmaxKernels& kernels, const SoftmaxDesc& d, Share share, const float* x, const float* mask,
          float* y) {
  // Rows that share a call have masks at even distances: none, or the same one.
  const int64_t most = mask && d.mask_rows > 1 ? 1 : SoftmaxKernels::rows_at_once(d.axis);
  float sums[SoftmaxKernels::kMaxRows];
  for (int64_t row = share.begin; row < share.end; row += most) {
    const float* row_mask = mask ? mask + row / d.mask_divide % d.mask_rows * d.axis : nullptr;
    const SoftmaxRows call{
        x + row * d.axis, row_mask, d.axis,          0, d.axis, std::min(most, share.end - row),
        d.axis,           d.scale,  y + row * d.axis};
    kernels.exp_rows(call, d.log, sums);
    kernels.finish_rows(call, d.log, sums);
  }
}

}  // namespace

void softmax(ThreadPool& pool, Isa isa, const SoftmaxDesc& d, const float* x, const float* mask, float* y) {
  const SoftmaxKernels& kernels = softmax_kernels(isa);
  const int64_t lanes = d.inner == 1 ? 1 : block_of(isa), groups = (d.inner + lanes - 1) / lanes;
  auto work = [&](int thread, int threads) {
    const Share mine = share(d.outer * groups, thread, threads);
    if (d.inner == 1) return rows(kernels, d, mine, x, mask, y);
    for (int64_t unit = mine.begin; unit < mine.end; ++unit) {
      const int64_t column = unit % groups * lanes, at = unit / groups * d.axis * d.inner + column;
      kernels.columns(x + at, d.scale, d.log, d.axis, d.inner,
                      static_cast<int>(std::min(lanes, d.inner - column)), y + at);
    }
  };
  if (d.outer * d.axis * d.inner < 4096) return work(0, 1);
  pool.run([&](int thread) { work(thread, pool.size()); });
}

}  // namespace ingot::cpu
