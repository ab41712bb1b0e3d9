#include "backends/cpu/kernels/conv/winograd.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "backends/cpu/kernels/conv/conv_testing.h"

namespace ingot::cpu {
namespace {

void check(const ConvDesc& d, Isa isa, const WinogradTuning& tuning, int threads, bool bias,
           ConvResidual residual) {
  ASSERT_EQ(winograd_why_not(d), nullptr);
  const WinogradConv conv(d, isa, tuning, threads);
  const int m = tuning.m;
  // Of the sum's standard deviation: a product of two uniform values from [-1, 1] has variance 1/9.
  const double deviation = 1 + std::sqrt(static_cast<double>(d.in_channels));
  check_conv(
      d, isa, conv, winograd_weight_floats(d, m, isa),
      [&](const float* from, float* to) { pack_winograd_weights(d, m, isa, from, to); },
      conv.scratch_floats(), threads, bias, residual, (m == 2 ? 4e-6 : 5e-5) * deviation,
      winograd_name(conv.tuning(), isa));
}

ConvDesc conv3x3(int64_t batch, int64_t in, int64_t out, int64_t h, int64_t w, int64_t pad) {
  return {.batch = batch,
          .in_channels = in,
          .out_channels = out,
          .in = {h, w},
          .kernel = {3, 3},
          .pad_begin = {pad, pad},
          .pad_end = {pad, pad}};
}

TEST(Winograd, OddShapes) {
  for_each_isa([](Isa isa) {
    int form = 0;
    for (int m : {2, 4}) {
      for (int threads : {1, 2, 3}) {
        for (ConvDesc d :
             {conv3x3(1, 1, 1, 3, 3, 0), conv3x3(2, 20, 37, 9, 14, 1), conv3x3(1, 64, 48, 7, 7, 1),
              conv3x3(1, 16, 160, 13, 30, 2), conv3x3(1, 40, 16, 5, 1, 1)}) {
          d.clamp = ++form % 2;
          d.lo = 0;
          d.hi = form % 3 == 0 ? 6 : std::numeric_limits<float>::infinity();
          check(d, isa, {.m = m}, threads, form % 4 < 3, static_cast<ConvResidual>(form % 3));
        }
      }
    }
  });
}

TEST(Winograd, PaddingAndDilation) {
  for_each_isa([](Isa isa) {
    for (int m : {2, 4}) {
      ConvDesc d = conv3x3(1, 24, 24, 16, 13, 2);
      d.dilation[0] = d.dilation[1] = 2;
      check(d, isa, {.m = m}, 2, true, ConvResidual::none);
      d.dilation[1] = 3;
      d.pad_end[1] = 5;
      d.pad_begin[0] = 0;
      check(d, isa, {.m = m}, 1, true, ConvResidual::apart);
    }
  });
}

TEST(Winograd, ByElement) {
  for_each_isa([](Isa isa) {
    for (int m : {2, 4})
      for (int threads : {1, 2, 3})
        for (int64_t tiles : {0, 5, 1000})
          check(conv3x3(2, 20, 150, 9, 14, 1), isa, {.m = m, .group_tiles = tiles, .by_element = true},
                threads, true, ConvResidual::apart);
  });
}

TEST(Winograd, EveryCandidate) {
  for_each_isa([](Isa isa) {
    const ConvDesc d = conv3x3(1, 180, 40, 13, 13, 1);
    for (int m : {2, 4}) {
      const auto candidates = winograd_candidates(d, m, isa, 2);
      EXPECT_GE(candidates.size(), 3u);
      for (const auto& tuning : candidates) check(d, isa, tuning, 2, true, ConvResidual::in_place);
    }
  });
}

TEST(Winograd, PostSeesEachPixelOnce) {
  for_each_isa([](Isa isa) {
    for (int dilation : {1, 2}) {
      ConvDesc d = conv3x3(2, 8, 40, 10, 9, 1);
      d.dilation[0] = d.dilation[1] = dilation;
      const WinogradConv conv(d, isa, {.m = 4}, 1);
      const int64_t pixels = d.out(0) * d.out(1);
      const auto src = random_floats(2 * blocked_floats(8, 90, isa), 1);
      std::vector<float> packed(winograd_weight_floats(d, 4, isa)), dst(2 * blocked_floats(40, pixels, isa));
      std::vector<float> scratch(conv.scratch_floats());
      ThreadPool pool(1);
      ConvBuffers buffers{
          .src = src.data(), .weights = packed.data(), .dst = dst.data(), .scratch = scratch.data()};
      buffers.post.context = &isa;
      buffers.post.run = [](const void* p, const ConvTile& tile) {
        const int64_t lanes = block_of(*static_cast<const Isa*>(p));
        for (int64_t v = 0; v < tile.vecs; ++v)
          for (int64_t i = 0; i < tile.pixels * lanes; ++i)
            tile.c[v * tile.c_vec + i] += static_cast<float>(tile.pixel + i / lanes + 1);
      };
      conv.run(pool, buffers);
      const int64_t lanes =
          block_of(isa);  // weights are zeros, so that only the post's own additions are left
      for (size_t i = 0; i < dst.size(); ++i)
        ASSERT_EQ(dst[i], static_cast<float>(static_cast<int64_t>(i) / lanes % pixels + 1));
    }
  });
}

TEST(Winograd, SaysWhyNot) {
  ConvDesc d = conv3x3(1, 8, 8, 8, 8, 1);
  d.stride[0] = 2;
  EXPECT_STREQ(winograd_why_not(d), "the stride is not 1");
  EXPECT_TRUE(winograd_candidates(d, 4, Isa::baseline, 1).empty());
}

}  // namespace
}  // namespace ingot::cpu
