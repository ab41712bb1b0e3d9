// Resizing against plain loops over the tables, and the tables against values worked out by hand.
#include "backends/cpu/kernels/resize/resize.h"

#include <gtest/gtest.h>

#include "backends/cpu/kernels/layout/reorder.h"
#include "backends/cpu/kernels/testing.h"

namespace ingot::cpu {
namespace {

ResizeDesc make(ResizeMode mode, ResizeCoordinates coordinates, int64_t in_h, int64_t in_w, int64_t out_h,
                int64_t out_w) {
  ResizeDesc d;
  d.mode = mode, d.coordinates = coordinates;
  d.h = {in_h, out_h, static_cast<double>(out_h) / static_cast<double>(in_h)};
  d.w = {in_w, out_w, static_cast<double>(out_w) / static_cast<double>(in_w)};
  return d;
}

std::vector<double> interpolate(const ResizeDesc& d, const std::vector<double>& row) {  // along w
  const ResizeTable t = resize_table(d, d.w);
  std::vector<double> y;
  for (int64_t o = 0; o < d.w.out; ++o) {
    double sum = 0;
    bool inside = true;
    for (int k = 0; k < t.taps; ++k) {
      const auto tap = static_cast<size_t>(o * t.taps + k);
      inside = inside && t.index[tap] >= 0;
      if (inside) sum += row[static_cast<size_t>(t.index[tap])] * t.weight[tap];
    }
    y.push_back(inside ? sum : d.extrapolation);
  }
  return y;
}

void expect_row(const ResizeDesc& d, const std::vector<double>& row, const std::vector<double>& want) {
  const std::vector<double> got = interpolate(d, row);
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(got[i], want[i], 1e-6) << i;
}

TEST(ResizeTable, CoordinateModes) {
  const std::vector<double> row = {1, 2};
  using C = ResizeCoordinates;
  expect_row(make(ResizeMode::kLinear, C::kHalfPixel, 1, 2, 1, 4), row, {1, 1.25, 1.75, 2});
  expect_row(make(ResizeMode::kLinear, C::kAlignCorners, 1, 2, 1, 4), row, {1, 4 / 3.0, 5 / 3.0, 2});
  expect_row(make(ResizeMode::kLinear, C::kAsymmetric, 1, 2, 1, 4), row, {1, 1.5, 2, 2});
  expect_row(make(ResizeMode::kLinear, C::kPytorchHalfPixel, 1, 2, 1, 1), row, {1});
  expect_row(make(ResizeMode::kNearest, C::kHalfPixel, 1, 2, 1, 5), row, {1, 1, 1, 2, 2});
  expect_row(make(ResizeMode::kNearest, C::kTfHalfPixelForNn, 1, 2, 1, 4), row, {1, 2, 2, 2});
  ResizeDesc floor = make(ResizeMode::kNearest, C::kAsymmetric, 1, 2, 1, 4);
  floor.rounding = ResizeRounding::kFloor;
  expect_row(floor, row, {1, 1, 2, 2});
  ResizeDesc crop = make(ResizeMode::kLinear, C::kTfCropAndResize, 1, 3, 1, 3);
  crop.w.roi_from = 0.5, crop.w.roi_to = 1.5, crop.extrapolation = 9;
  expect_row(crop, {1, 2, 3}, {2, 3, 9});
  ResizeDesc symmetric = make(ResizeMode::kLinear, C::kHalfPixelSymmetric, 1, 4, 1, 2);
  symmetric.w.scale = 0.6;  // 2.4 pixels, cut to 2
  expect_row(symmetric, {0, 1, 2, 3}, {0.5 + 1.0 / 6, 2.5 - 1.0 / 6});
}

TEST(ResizeTable, CubicWeightsSumToOneAndKeepLines) {
  ResizeDesc d = make(ResizeMode::kCubic, ResizeCoordinates::kHalfPixel, 1, 8, 1, 16);
  d.cubic_a = -0.5;  // reproduces linear functions away from the border
  const std::vector<double> y = interpolate(d, {0, 1, 2, 3, 4, 5, 6, 7});
  for (size_t i = 4; i < 12; ++i) EXPECT_NEAR(y[i], (static_cast<double>(i) + 0.5) / 2 - 0.5, 1e-6);
  d.exclude_outside = true;
  for (double v : interpolate(d, std::vector<double>(8, 3.0))) EXPECT_NEAR(v, 3, 1e-6);
}

TEST(Resize, BothLayouts) {
  for (int threads : {1, 3})
    for (ResizeMode mode : {ResizeMode::kNearest, ResizeMode::kLinear, ResizeMode::kCubic})
      for (ResizeCoordinates coordinates :
           {ResizeCoordinates::kHalfPixel, ResizeCoordinates::kTfCropAndResize})
        for (const auto& [out_h, out_w] : {std::pair<int64_t, int64_t>{14, 34}, {5, 9}, {20, 7}}) {
          ResizeDesc d = make(mode, coordinates, 7, 17, out_h, out_w);
          d.h.roi_from = -0.2, d.w.roi_to = 1.3, d.extrapolation = -3;
          const int64_t channels = 20;
          const Guarded<float> x(random_floats(2 * channels * 7 * 17, 1));
          const ResizeTable h = resize_table(d, d.h), w = resize_table(d, d.w);
          std::vector<double> want;
          for (int64_t i = 0; i < 2 * channels * out_h * out_w; ++i) {
            const int64_t plane = i / out_w / out_h;
            const auto oy = static_cast<size_t>(i / out_w % out_h * h.taps),
                       ox = static_cast<size_t>(i % out_w * w.taps);
            double sum = 0;
            for (size_t a = 0; a < static_cast<size_t>(h.taps); ++a)
              for (size_t b = 0; b < static_cast<size_t>(w.taps); ++b)
                if (h.index[oy] >= 0 && w.index[ox] >= 0)
                  sum += double{x.data()[(plane * 7 + h.index[oy + a]) * 17 + w.index[ox + b]]} *
                         h.weight[oy + a] * w.weight[ox + b];
            want.push_back(h.index[oy] < 0 || w.index[ox] < 0 ? d.extrapolation : sum);
          }
          ThreadPool pool(threads);
          for_each_isa([&](Isa isa) {
            const ReorderDesc in{2, channels, 7 * 17}, out{2, channels, out_h * out_w};
            Guarded<float> x_blocked(blocked_size(in, isa)), y_blocked(blocked_size(out, isa)),
                y(static_cast<int64_t>(want.size()));
            reorder_to_blocked(pool, isa, in, x.data(), x_blocked.data());
            for (bool blocked : {false, true}) {
              d.blocked = blocked;
              d.planes = 2 * (blocked ? channel_blocks(channels, isa) : channels);
              Resize op;
              op.prepare(d, isa, threads);
              Guarded<float> scratch(static_cast<int64_t>(op.scratch_bytes() / 4));
              op.run(pool, blocked ? x_blocked.data() : x.data(), blocked ? y_blocked.data() : y.data(),
                     scratch.data());
              if (blocked) reorder_to_plain(pool, isa, out, y_blocked.data(), y.data());
              EXPECT_LT(worst_error(y.data(), want), 1e-6) << isa_name(isa) << " blocked " << blocked;
              EXPECT_TRUE(y.intact() && y_blocked.intact() && scratch.intact());
            }
          });
        }
}

}  // namespace
}  // namespace ingot::cpu
