// Softmax against plain loops in double precision; masks, infinities, NaN.
#include "backends/cpu/kernels/softmax/softmax.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "backends/cpu/kernels/testing.h"

namespace ingot::cpu {
namespace {

void check(SoftmaxDesc d, int threads, bool masked = false) {
  ThreadPool pool(threads);
  const Guarded<float> x(random_floats(d.outer * d.axis * d.inner, 1, -8, 8)),
      mask(random_floats(d.mask_rows * d.axis, 2));
  for (bool log : {false, true}) {
    d.log = log;
    std::vector<double> want(static_cast<size_t>(x.size()));
    for (int64_t o = 0; o < d.outer; ++o)
      for (int64_t i = 0; i < d.inner; ++i) {
        auto score = [&](int64_t a) {
          const double m = masked ? mask.data()[o / d.mask_divide % d.mask_rows * d.axis + a] : 0;
          return x.data()[(o * d.axis + a) * d.inner + i] * double{d.scale} + m;
        };
        double peak = -INFINITY, total = 0;
        for (int64_t a = 0; a < d.axis; ++a) peak = std::max(peak, score(a));
        for (int64_t a = 0; a < d.axis; ++a) total += std::exp(score(a) - peak);
        for (int64_t a = 0; a < d.axis; ++a) {
          const double v = score(a) - peak;
          want[static_cast<size_t>((o * d.axis + a) * d.inner + i)] =
              log ? v - std::log(total) : std::exp(v) / total;
        }
      }
    for_each_isa([&](Isa isa) {
      Guarded<float> y(x.size()), in_place({x.data(), x.data() + x.size()});
      softmax(pool, isa, d, x.data(), masked ? mask.data() : nullptr, y.data());
      softmax(pool, isa, d, in_place.data(), masked ? mask.data() : nullptr, in_place.data());
      EXPECT_LT(worst_error(y.data(), want), 2e-6) << isa_name(isa);
      EXPECT_LT(worst_error(in_place.data(), want), 2e-6) << isa_name(isa);
      EXPECT_TRUE(y.intact() && in_place.intact());
    });
  }
}

TEST(Softmax, RowsAndColumns) {
  for (int threads : {1, 3}) {
    for (int64_t n : {1, 3, 8, 16, 31, 128, 1000}) check({7, n, 1}, threads);
    check({300, 91, 1}, threads);
    check({3, 10, 5}, threads);
    check({2, 21, 400}, threads);
    check({2 * 4 * 6, 33, 1, false, 0.125f, 24, 2}, threads, true);
    check({2 * 4 * 6, 33, 1, false, 0.5f, 1, 6}, threads, true);
  }
}

TEST(Softmax, InfinitiesAndNan) {
  ThreadPool pool(1);
  for_each_isa([&](Isa isa) {
    for (int64_t inner : {1, 3}) {
      std::vector<float> x(static_cast<size_t>(20 * inner), 1.0f), y(x.size());
      for (size_t i = static_cast<size_t>(5 * inner); i < x.size(); ++i) x[i] = -INFINITY;
      softmax(pool, isa, {1, 20, inner}, x.data(), nullptr, y.data());
      for (size_t i = 0; i < x.size(); ++i)
        EXPECT_FLOAT_EQ(y[i], i < static_cast<size_t>(5 * inner) ? 0.2f : 0.0f);
      x[static_cast<size_t>(2 * inner)] = NAN;
      softmax(pool, isa, {1, 20, inner}, x.data(), nullptr, y.data());
      for (size_t i = 0; i < x.size(); i += static_cast<size_t>(inner)) EXPECT_TRUE(std::isnan(y[i])) << i;
      std::fill(x.begin(), x.end(), -INFINITY);
      softmax(pool, isa, {1, 20, inner}, x.data(), nullptr, y.data());
      for (float v : y) EXPECT_TRUE(std::isnan(v));
    }
  });
}

}  // namespace
}  // namespace ingot::cpu
