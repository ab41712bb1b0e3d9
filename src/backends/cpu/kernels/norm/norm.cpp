#include "backends/cpu/kernels/norm/norm.h"

#include <algorithm>

namespace ingot::cpu {

namespace baseline {
extern const NormKernels kNorm;
}
namespace avx2 {
extern const NormKernels kNorm;
}
namespace avx512 {
extern const NormKernels kNorm;
}
const NormKernels& norm_kernels(Isa isa) { return INGOT_SELECT_ISA(isa, kNorm); }

namespace {

// Calls fn(unit) for each unit, on all threads where there are at least a few thousand floats.
template <class F>
void spread(ThreadPool& pool, int64_t units, int64_t floats, F&& fn) {
  auto work = [&](int thread, int threads) {
    const Share mine = share(units, thread, threads);
    for (int64_t unit = mine.begin; unit < mine.end; ++unit) fn(unit);
  };
  if (floats < 4096) return work(0, 1);
  pool.run([&](int thread) { work(thread, pool.size()); });
}

}  // namespace

void row_norm(ThreadPool& pool, Isa isa, const RowNormDesc& d, const RowNormOperands& o) {
  const NormKernels& kernels = norm_kernels(isa);
  spread(pool, d.rows, d.rows * d.cols, [&](int64_t row) {
    const int64_t at = row * d.cols;
    kernels.row(o.x + at, o.residual ? o.residual + at : nullptr, o.sum ? o.sum + at : nullptr, o.scale,
                o.bias, o.y + at, d.cols, d.epsilon, d.rms);
  });
}

void group_norm(ThreadPool& pool, Isa isa, const GroupNormDesc& d, const float* x, const float* scale,
                const float* bias, float* y) {
  const NormKernels& kernels = norm_kernels(isa);
  const int64_t per_group = d.channels / d.groups;
  spread(pool, d.batch * d.groups, d.batch * d.channels * d.pixels, [&](int64_t group) {
    const int64_t at = group * per_group * d.pixels;
    const Moments m = kernels.moments(x + at, per_group * d.pixels, d.epsilon, false);
    for (int64_t c = 0; c < per_group; ++c) {
      const int64_t channel = group % d.groups * per_group + c;
      const float factor = m.factor * scale[channel];
      kernels.affine(x + at + c * d.pixels, factor, bias[channel] - m.mean * factor, y + at + c * d.pixels,
                     d.pixels);
    }
  });
}

void channel_norm(ThreadPool& pool, Isa isa, const ChannelNormDesc& d, const float* x, const float* scale,
                  const float* bias, float* y) {
  const NormKernels& kernels = norm_kernels(isa);
  const int64_t lanes = d.blocked ? block_of(isa) : 1,
                group = d.blocked ? kBlockedPixelGroup : kPlainPixelGroup;
  const int64_t groups = (d.pixels + group - 1) / group,
                image = (d.channels + lanes - 1) / lanes * d.pixels * lanes;
  spread(pool, d.batch * groups, d.batch * image, [&](int64_t unit) {
    const int64_t pixel = unit % groups * group, at = unit / groups * image + pixel * lanes;
    (d.blocked ? kernels.pixels_blocked : kernels.pixels_plain)(
        x + at, d.pixels * lanes, d.channels, static_cast<int>(std::min(group, d.pixels - pixel)), scale,
        bias, y + at, d.epsilon, d.rms);
  });
}

}  // namespace ingot::cpu
