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

void softmax(ThreadPool& pool, Isa isa, const SoftmaxDesc& d, const float* x, const float* mask, float* y) {
  const SoftmaxKernels& kernels = softmax_kernels(isa);
  const int64_t lanes = d.inner == 1 ? 1 : block_of(isa), groups = (d.inner + lanes - 1) / lanes;
  auto work = [&](int thread, int threads) {
    const Share mine = share(d.outer * groups, thread, threads);
    for (int64_t unit = mine.begin; unit < mine.end; ++unit) {
      if (d.inner == 1) {
        const float* row_mask = mask ? mask + unit / d.mask_divide % d.mask_rows * d.axis : nullptr;
        kernels.row(x + unit * d.axis, row_mask, d.scale, d.log, d.axis, y + unit * d.axis);
      } else {
        const int64_t column = unit % groups * lanes, at = unit / groups * d.axis * d.inner + column;
        kernels.columns(x + at, d.scale, d.log, d.axis, d.inner,
                        static_cast<int>(std::min(lanes, d.inner - column)), y + at);
      }
    }
  };
  if (d.outer * d.axis * d.inner < 4096) return work(0, 1);
  pool.run([&](int thread) { work(thread, pool.size()); });
}

}  // namespace ingot::cpu
