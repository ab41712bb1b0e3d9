// Normalisations against plain loops in double precision.
#include "backends/cpu/kernels/norm/norm.h"

#include <gtest/gtest.h>

#include <functional>

#include "backends/cpu/kernels/layout/reorder.h"
#include "backends/cpu/kernels/testing.h"

namespace ingot::cpu {
namespace {

// Normalises the elements at(0) ... at(n - 1) of x.
void normalise(const float* x, std::vector<double>& y, int64_t n, double epsilon, bool rms,
               const std::function<int64_t(int64_t)>& at, const std::function<double(int64_t)>& scale,
               const std::function<double(int64_t)>& bias) {
  double mean = 0, variance = 0;
  for (int64_t i = 0; !rms && i < n; ++i) mean += x[at(i)] / static_cast<double>(n);
  for (int64_t i = 0; i < n; ++i) variance += std::pow(x[at(i)] - mean, 2) / static_cast<double>(n);
  for (int64_t i = 0; i < n; ++i)
    y[static_cast<size_t>(at(i))] = (x[at(i)] - mean) / std::sqrt(variance + epsilon) * scale(i) + bias(i);
}

TEST(RowNorm, RowsOfAllSizes) {
  ThreadPool pool(2);
  for (int64_t cols : {1, 5, 16, 31, 96, 768, 1030})
    for (bool rms : {false, true})
      for (bool affine : {false, true}) {
        const int64_t rows = 9;
        // a mean far from 0 must not cost digits
        const Guarded<float> x(random_floats(rows * cols, 1, 9, 11)), residual(random_floats(rows * cols, 2)),
            scale(random_floats(cols, 3)), bias(random_floats(cols, 4));
        std::vector<float> total(static_cast<size_t>(rows * cols));
        for (int64_t i = 0; i < rows * cols; ++i)
          total[static_cast<size_t>(i)] = x.data()[i] + residual.data()[i];
        std::vector<double> want(total.size());
        for (int64_t r = 0; r < rows; ++r)
          normalise(
              total.data(), want, cols, 1e-3, rms, [&](int64_t i) { return r * cols + i; },
              [&](int64_t i) { return affine ? scale.data()[i] : 1.0; },
              [&](int64_t i) { return affine ? bias.data()[i] : 0.0; });
        for_each_isa([&](Isa isa) {
          Guarded<float> y(rows * cols), sum(rows * cols), in_place({x.data(), x.data() + x.size()});
          const float *s = affine ? scale.data() : nullptr, *b = affine ? bias.data() : nullptr;
          row_norm(pool, isa, {rows, cols, 1e-3f, rms},
                   {x.data(), residual.data(), sum.data(), s, b, y.data()});
          row_norm(pool, isa, {rows, cols, 1e-3f, rms},
                   {in_place.data(), residual.data(), nullptr, s, b, in_place.data()});
          EXPECT_LT(worst_error(y.data(), want), 2e-5) << cols << " " << isa_name(isa);
          EXPECT_LT(worst_error(in_place.data(), want), 2e-5) << cols << " " << isa_name(isa);
          for (int64_t i = 0; i < rows * cols; ++i) ASSERT_EQ(sum[i], total[static_cast<size_t>(i)]);
          EXPECT_TRUE(y.intact() && sum.intact() && in_place.intact());
        });
      }
}

TEST(RowNorm, NanStaysInItsRow) {
  ThreadPool pool(1);
  std::vector<float> x = random_floats(60, 1), y(60);
  x[25] = NAN;
  for_each_isa([&](Isa isa) {
    RowNormOperands o{x.data()};
    o.y = y.data();
    row_norm(pool, isa, {3, 20}, o);
    for (size_t i = 0; i < 60; ++i) EXPECT_EQ(std::isnan(y[i]), i / 20 == 1);
  });
}

TEST(GroupNorm, GroupsAndInstances) {
  ThreadPool pool(2);
  const int64_t batch = 2, channels = 12, pixels = 35;
  const Guarded<float> x(random_floats(batch * channels * pixels, 1)), scale(random_floats(channels, 2)),
      bias(random_floats(channels, 3));
  for (int64_t groups : {1, 3, 12}) {
    std::vector<double> want(static_cast<size_t>(x.size()));
    const int64_t n = channels / groups * pixels;
    for (int64_t g = 0; g < batch * groups; ++g) {
      auto channel = [&](int64_t i) { return (g * n + i) / pixels % channels; };
      normalise(
          x.data(), want, n, 1e-5, false, [&](int64_t i) { return g * n + i; },
          [&](int64_t i) { return scale.data()[channel(i)]; },
          [&](int64_t i) { return bias.data()[channel(i)]; });
    }
    for_each_isa([&](Isa isa) {
      Guarded<float> y(x.size());
      group_norm(pool, isa, {batch, channels, pixels, groups}, x.data(), scale.data(), bias.data(), y.data());
      EXPECT_LT(worst_error(y.data(), want), 2e-6) << isa_name(isa);
      EXPECT_TRUE(y.intact());
    });
  }
}

TEST(ChannelNorm, BothLayouts) {
  ThreadPool pool(2);
  for (const auto& [channels, pixels] : {std::pair<int64_t, int64_t>{96, 49}, {20, 77}, {3, 5}, {16, 128}}) {
    const Guarded<float> x(random_floats(2 * channels * pixels, 1)), scale(random_floats(channels, 2)),
        bias(random_floats(channels, 3));
    std::vector<double> want(static_cast<size_t>(x.size()));
    for (int64_t i = 0; i < 2 * pixels; ++i)
      normalise(
          x.data(), want, channels, 1e-6, false,
          [&](int64_t c) { return (i / pixels * channels + c) * pixels + i % pixels; },
          [&](int64_t c) { return scale.data()[c]; }, [&](int64_t c) { return bias.data()[c]; });
    for_each_isa([&](Isa isa) {
      const ReorderDesc shape{2, channels, pixels};
      Guarded<float> blocked(blocked_size(shape, isa)), y(x.size());
      reorder_to_blocked(pool, isa, shape, x.data(), blocked.data());
      for (int64_t i = 0; i < blocked.size(); ++i)  // what padded lanes hold does not count
        if (i / block_of(isa) / pixels % channel_blocks(channels, isa) * block_of(isa) + i % block_of(isa) >=
            channels)
          blocked[i] = 1e3f;
      std::vector<float> scale_padded(scale.data(), scale.data() + channels),
          bias_padded(bias.data(), bias.data() + channels);
      scale_padded.resize(static_cast<size_t>(channels + 16)),
          bias_padded.resize(static_cast<size_t>(channels + 16));
      channel_norm(pool, isa, {2, channels, pixels, true, 1e-6f}, blocked.data(), scale_padded.data(),
                   bias_padded.data(), blocked.data());
      reorder_to_plain(pool, isa, shape, blocked.data(), y.data());
      EXPECT_LT(worst_error(y.data(), want), 5e-6) << isa_name(isa);
      channel_norm(pool, isa, {2, channels, pixels, false, 1e-6f}, x.data(), scale.data(), bias.data(),
                   y.data());
      EXPECT_LT(worst_error(y.data(), want), 5e-6) << isa_name(isa);
      EXPECT_TRUE(y.intact() && blocked.intact());
    });
  }
}

}  // namespace
}  // namespace ingot::cpu
