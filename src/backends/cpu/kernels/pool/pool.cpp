#include "backends/cpu/kernels/pool/pool.h"

#include <algorithm>
#include <limits>

namespace ingot::cpu {

namespace baseline {
extern const PoolKernels kPool;
}
namespace avx2 {
extern const PoolKernels kPool;
}
namespace avx512 {
extern const PoolKernels kPool;
}
const PoolKernels& pool_kernels(Isa isa) { return INGOT_SELECT_ISA(isa, kPool); }

namespace {

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

struct Taps {
  int64_t from, to;
};
// The taps of a window starting at `start` that lie in [low, high).
Taps taps_inside(int64_t start, int64_t kernel, int64_t dilation, int64_t low, int64_t high) {
  const int64_t from = start >= low ? 0 : std::min(kernel, ceil_div(low - start, dilation));
  const int64_t to = start >= high ? from : std::clamp(ceil_div(high - start, dilation), from, kernel);
  return {from, to};
}

}  // namespace

void Pool::prepare(const PoolDesc& desc, Isa isa, int threads) {
  desc_ = desc;
  isa_ = isa;
  threads_ = threads;
  lanes_ = desc.blocked ? block_of(isa) : 1;
  planes_ = desc.batch * ceil_div(desc.channels, lanes_);
  scratch_floats_ = (desc.blocked ? 0 : desc.in_w) + desc.out_w;
}

// 1 / the number of taps that an average counts.
float Pool::divisor(int64_t oy, int64_t ox) const {
  const PoolDesc& d = desc_;
  const int64_t top = oy * d.stride_h - d.pad_top, left = ox * d.stride_w - d.pad_left;
  const Taps h = d.count_padding
                     ? taps_inside(top, d.kernel_h, d.dilation_h, -d.pad_top, d.in_h + d.pad_bottom)
                     : taps_inside(top, d.kernel_h, d.dilation_h, 0, d.in_h);
  const Taps w = d.count_padding
                     ? taps_inside(left, d.kernel_w, d.dilation_w, -d.pad_left, d.in_w + d.pad_right)
                     : taps_inside(left, d.kernel_w, d.dilation_w, 0, d.in_w);
  return 1.0f / static_cast<float>(std::max<int64_t>(1, (h.to - h.from) * (w.to - w.from)));
}

void Pool::run(ThreadPool& pool, const float* x, float* y, void* scratch) const {
  const PoolDesc& d = desc_;
  const PoolKernels& kernels = pool_kernels(isa_);
  const bool is_max = d.kind == PoolKind::kMax;
  const auto row_function = d.blocked ? (is_max ? kernels.max_blocked : kernels.sum_blocked)
                                      : (is_max ? kernels.max_plain : kernels.sum_plain);
  auto work = [&](int thread, int threads) {
    float* scales = static_cast<float*>(scratch) + thread * scratch_floats_;
    PoolRow row{};
    row.column = scales + d.out_w;
    row.x_row = d.dilation_h * d.in_w * lanes_;
    row.kernel_w = d.kernel_w;
    row.in_w = d.in_w;
    row.out_w = d.out_w;
    row.stride_w = d.stride_w;
    row.dilation_w = d.dilation_w;
    row.pad_left = d.pad_left;
    const Share mine = share(planes_ * d.out_h, thread, threads);
    for (int64_t unit = mine.begin; unit < mine.end; ++unit) {
      const int64_t plane = unit / d.out_h, oy = unit % d.out_h, top = oy * d.stride_h - d.pad_top;
      const Taps taps = taps_inside(top, d.kernel_h, d.dilation_h, 0, d.in_h);
      row.x = x + (plane * d.in_h + top + taps.from * d.dilation_h) * d.in_w * lanes_;
      row.taps_h = taps.to - taps.from;
      row.y = y + unit * d.out_w * lanes_;
      row_function(row);
      if (is_max) continue;
      for (int64_t ox = 0; ox < d.out_w; ++ox) scales[ox] = divisor(oy, ox);
      kernels.scale(row.y, scales, d.out_w, lanes_);
    }
  };
  if (planes_ * d.out_h * d.out_w * lanes_ * d.kernel_h < 4096) return work(0, 1);
  pool.run([&](int thread) { work(thread, pool.size()); });
}

void Pool::plane_with_indices(const float* x, float* y, int64_t* indices, int64_t plane,
                              bool column_major) const {
  const PoolDesc& d = desc_;
  for (int64_t oy = 0; oy < d.out_h; ++oy) {
    const int64_t top = oy * d.stride_h - d.pad_top;
    const Taps h = taps_inside(top, d.kernel_h, d.dilation_h, 0, d.in_h);
    for (int64_t ox = 0; ox < d.out_w; ++ox) {
      const int64_t left = ox * d.stride_w - d.pad_left;
      const Taps w = taps_inside(left, d.kernel_w, d.dilation_w, 0, d.in_w);
      float best = -std::numeric_limits<float>::infinity();
      int64_t index = -1;
      for (int64_t ky = h.from; ky < h.to; ++ky)
        for (int64_t kx = w.from; kx < w.to; ++kx) {
          const int64_t iy = top + ky * d.dilation_h, ix = left + kx * d.dilation_w;
          const float v = x[iy * d.in_w + ix];
          if (index >= 0 && !(v > best)) continue;
          best = v;
          index = column_major ? ix * d.in_h + iy : iy * d.in_w + ix;
        }
      y[oy * d.out_w + ox] = best;
      indices[oy * d.out_w + ox] = plane * d.in_h * d.in_w + std::max<int64_t>(index, 0);
    }
  }
}

void Pool::run_with_indices(ThreadPool& pool, const float* x, float* y, int64_t* indices,
                            bool column_major) const {
  const int64_t in = desc_.in_h * desc_.in_w, out = desc_.out_h * desc_.out_w;
  pool.run([&](int thread) {
    const Share mine = share(planes_, thread, pool.size());
    for (int64_t p = mine.begin; p < mine.end; ++p)
      plane_with_indices(x + p * in, y + p * out, indices + p * out, p, column_major);
  });
}

void global_pool(ThreadPool& pool, Isa isa, const GlobalPoolDesc& d, const float* x, float* y) {
  const PoolKernels& kernels = pool_kernels(isa);
  const int64_t lanes = d.blocked ? block_of(isa) : 1, planes = d.batch * ceil_div(d.channels, lanes);
  auto work = [&](int thread, int threads) {
    const Share mine = share(planes, thread, threads);
    for (int64_t p = mine.begin; p < mine.end; ++p) {
      const float* from = x + p * d.pixels * lanes;
      float* to = y + p * lanes;
      if (d.blocked)
        (d.kind == PoolKind::kMax ? kernels.max_pixels : kernels.mean_pixels)(from, d.pixels, to);
      else if (d.kind == PoolKind::kMax)
        *to = kernels.max_of(from, d.pixels);
      else
        *to = kernels.sum_of(from, d.pixels) / static_cast<float>(d.pixels);
    }
  };
  if (planes * d.pixels * lanes < 8192) return work(0, 1);
  pool.run([&](int thread) { work(thread, pool.size()); });
}

}  // namespace ingot::cpu
