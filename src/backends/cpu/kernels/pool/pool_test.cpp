// Pooling in both layouts against plain loops.
#include "backends/cpu/kernels/pool/pool.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "backends/cpu/kernels/layout/reorder.h"
#include "backends/cpu/kernels/testing.h"

namespace ingot::cpu {
namespace {

PoolDesc make(int64_t channels, int64_t h, int64_t w, int64_t kernel, int64_t stride, int64_t pad,
              bool ceil_mode = false, int64_t dilation = 1) {
  PoolDesc d;
  d.batch = 2, d.channels = channels, d.in_h = h, d.in_w = w;
  d.kernel_h = d.kernel_w = kernel, d.stride_h = d.stride_w = stride, d.dilation_h = d.dilation_w = dilation;
  d.pad_top = d.pad_left = d.pad_bottom = d.pad_right = pad;
  const int64_t reach = (kernel - 1) * dilation + 1, extra = ceil_mode ? stride - 1 : 0;
  d.out_h = (h + 2 * pad - reach + extra) / stride + 1;
  d.out_w = (w + 2 * pad - reach + extra) / stride + 1;
  return d;
}

std::vector<double> reference(const PoolDesc& d, const float* x) {
  std::vector<double> y;
  for (int64_t plane = 0; plane < d.batch * d.channels; ++plane)
    for (int64_t oy = 0; oy < d.out_h; ++oy)
      for (int64_t ox = 0; ox < d.out_w; ++ox) {
        double sum = 0, best = -INFINITY;
        int inside = 0, padded = 0;
        for (int64_t ky = 0; ky < d.kernel_h; ++ky)
          for (int64_t kx = 0; kx < d.kernel_w; ++kx) {
            const int64_t iy = oy * d.stride_h - d.pad_top + ky * d.dilation_h,
                          ix = ox * d.stride_w - d.pad_left + kx * d.dilation_w;
            padded += iy < d.in_h + d.pad_bottom && ix < d.in_w + d.pad_right;
            if (iy < 0 || iy >= d.in_h || ix < 0 || ix >= d.in_w) continue;
            ++inside;
            sum += x[(plane * d.in_h + iy) * d.in_w + ix];
            best = std::max<double>(best, x[(plane * d.in_h + iy) * d.in_w + ix]);
          }
        y.push_back(d.kind == PoolKind::kMax ? best : sum / std::max(1, d.count_padding ? padded : inside));
      }
  return y;
}

void check(PoolDesc d, int threads) {
  ThreadPool pool(threads);
  const Guarded<float> x(random_floats(d.batch * d.channels * d.in_h * d.in_w, 1));
  for (int variant = 0; variant < 3; ++variant) {
    d.kind = variant == 0 ? PoolKind::kMax : PoolKind::kAverage;
    d.count_padding = variant == 2;
    const std::vector<double> want = reference(d, x.data());
    for_each_isa([&](Isa isa) {
      const ReorderDesc in{d.batch, d.channels, d.in_h * d.in_w}, out{d.batch, d.channels, d.out_h * d.out_w};
      Guarded<float> x_blocked(blocked_size(in, isa)), y_blocked(blocked_size(out, isa)),
          y(static_cast<int64_t>(want.size()));
      reorder_to_blocked(pool, isa, in, x.data(), x_blocked.data());
      for (bool blocked : {false, true}) {
        d.blocked = blocked;
        Pool op;
        op.prepare(d, isa, threads);
        Guarded<float> scratch(static_cast<int64_t>(op.scratch_bytes() / 4));
        op.run(pool, blocked ? x_blocked.data() : x.data(), blocked ? y_blocked.data() : y.data(),
               scratch.data());
        if (blocked) reorder_to_plain(pool, isa, out, y_blocked.data(), y.data());
        EXPECT_LT(worst_error(y.data(), want), 1e-6)
            << isa_name(isa) << " variant " << variant << " blocked " << blocked;
        EXPECT_TRUE(y.intact() && y_blocked.intact() && scratch.intact());
      }
    });
  }
}

TEST(Pool, WindowsOfEveryKind) {
  for (int threads : {1, 3}) {
    check(make(20, 15, 31, 3, 2, 1), threads);
    check(make(16, 14, 14, 2, 2, 0), threads);
    check(make(8, 9, 40, 3, 1, 1), threads);
    check(make(3, 13, 13, 3, 2, 0, true), threads);
    check(make(5, 12, 17, 3, 2, 1, true, 2), threads);
    check(make(1, 5, 5, 5, 1, 0), threads);
    check(make(9, 7, 3, 5, 3, 2), threads);
  }
}

TEST(Pool, IndicesOfTheFirstMaximum) {
  PoolDesc d = make(2, 4, 5, 3, 2, 1);
  d.blocked = false;
  std::vector<float> x = random_floats(2 * 2 * 4 * 5, 7);
  x[0] = x[1] = 9;
  const std::vector<double> want = reference(d, x.data());
  Pool op;
  op.prepare(d, Isa::baseline, 1);
  ThreadPool pool(1);
  std::vector<float> y(want.size());
  std::vector<int64_t> index(want.size());
  for (bool column_major : {false, true}) {
    op.run_with_indices(pool, x.data(), y.data(), index.data(), column_major);
    EXPECT_EQ(worst_error(y.data(), want), 0);
    for (size_t i = 0; i < y.size(); ++i) {
      const int64_t plane = index[i] / 20, at = index[i] % 20;
      EXPECT_EQ(x[static_cast<size_t>(plane * 20 + (column_major ? at % 4 * 5 + at / 4 : at))], y[i]);
    }
    EXPECT_EQ(index[0], 0);
  }
}

TEST(Pool, NotANumberStaysInItsWindows) {
  PoolDesc d = make(1, 8, 8, 2, 2, 0);
  d.batch = 1, d.blocked = false;
  std::vector<float> x(64, -INFINITY);
  x[0] = NAN;
  x[63] = 5;
  for_each_isa([&](Isa isa) {
    Pool op;
    op.prepare(d, isa, 1);
    std::vector<float> y(16), scratch(op.scratch_bytes() / 4);
    ThreadPool pool(1);
    op.run(pool, x.data(), y.data(), scratch.data());
    EXPECT_TRUE(std::isnan(y[0]) || y[0] == -INFINITY);
    for (size_t i = 1; i < 15; ++i) EXPECT_EQ(y[i], -INFINITY);
    EXPECT_EQ(y[15], 5);
  });
}

TEST(GlobalPool, BothLayoutsAndKinds) {
  for (const auto& [channels, pixels] : {std::pair<int64_t, int64_t>{20, 49}, {64, 196}, {1, 3}, {7, 1}}) {
    const Guarded<float> x(random_floats(2 * channels * pixels, 1));
    ThreadPool pool(2);
    for_each_isa([&](Isa isa) {
      const ReorderDesc in{2, channels, pixels}, out{2, channels, 1};
      Guarded<float> x_blocked(blocked_size(in, isa)), y_blocked(blocked_size(out, isa)), y(2 * channels);
      reorder_to_blocked(pool, isa, in, x.data(), x_blocked.data());
      for (PoolKind kind : {PoolKind::kMax, PoolKind::kAverage})
        for (bool blocked : {false, true}) {
          global_pool(pool, isa, {kind, blocked, 2, channels, pixels}, blocked ? x_blocked.data() : x.data(),
                      blocked ? y_blocked.data() : y.data());
          if (blocked) reorder_to_plain(pool, isa, out, y_blocked.data(), y.data());
          for (int64_t i = 0; i < 2 * channels; ++i) {
            const float* p = x.data() + i * pixels;
            double sum = 0;
            for (int64_t k = 0; k < pixels; ++k) sum += p[k];
            EXPECT_NEAR(
                y[i],
                kind == PoolKind::kMax ? *std::max_element(p, p + pixels) : sum / static_cast<double>(pixels),
                1e-6);
          }
        }
      EXPECT_TRUE(y.intact() && y_blocked.intact());
    });
  }
}

}  // namespace
}  // namespace ingot::cpu
