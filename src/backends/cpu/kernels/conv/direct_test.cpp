#include "backends/cpu/kernels/conv/direct.h"

#include <gtest/gtest.h>

#include <limits>

#include "backends/cpu/kernels/conv/conv_testing.h"

namespace ingot::cpu {
namespace {

void check(const ConvDesc& d, Isa isa, const DirectConvTuning& tuning, int threads, bool bias,
           ConvResidual residual) {
  const DirectConv conv(d, isa, tuning, threads);
  const ConvWeights weights(d, isa);
  check_conv(
      d, isa, conv, weights.floats(), [&](const float* from, float* to) { weights.pack(from, to); }, 0,
      threads, bias, residual, 2e-5, direct_conv_name(conv.tuning(), isa));
}

TEST(DirectConv, OddShapes) {
  for_each_isa([](Isa isa) {
    int form = 0;
    for (ConvDesc d : odd_convs()) {
      for (int threads : {1, 3}) {
        d.clamp = ++form % 2;
        d.lo = 0;
        d.hi = form % 3 == 0 ? 6 : std::numeric_limits<float>::infinity();
        check(d, isa, {}, threads, form % 4 < 3, static_cast<ConvResidual>(form % 3));
      }
    }
  });
}

TEST(DirectConv, ManyPanelsAndStrips) {
  for_each_isa([](Isa isa) {
    for (auto kind : {ConvResidual::none, ConvResidual::apart, ConvResidual::in_place}) {
      ConvDesc d{.batch = 2,
                 .in_channels = 75,
                 .out_channels = 50,
                 .in = {12, 17},
                 .kernel = {3, 3},
                 .pad_begin = {1, 1},
                 .pad_end = {1, 1}};
      d.clamp = true;
      d.hi = 4;
      check(d, isa, {.k_block = 144, .strip_bytes = 20000}, 2, true, kind);
      d.kernel[0] = d.kernel[1] = 1;
      d.pad_begin[0] = d.pad_begin[1] = d.pad_end[0] = d.pad_end[1] = 0;
      check(d, isa, {.k_block = 16, .strip_bytes = 20000, .row_threads = 2}, 2, true, kind);
    }
  });
}

TEST(DirectConv, EveryTile) {
  for_each_isa([](Isa isa) {
    const TileKernels& kernels = tile_kernels(isa);
    for (int vecs = 1; vecs <= kMaxTileVecs; ++vecs)
      for (int rows = 1; rows <= kernels.max_rows[vecs - 1]; ++rows)
        check({.in_channels = 16,
               .out_channels = 7 * 16,
               .in = {3, 2 * rows + 1},
               .kernel = {3, 3},
               .pad_begin = {1, 1},
               .pad_end = {1, 1}},
              isa, {.rows = rows, .vecs = vecs}, 1, true, ConvResidual::none);
  });
}

TEST(DirectConv, EveryCandidate) {
  for_each_isa([](Isa isa) {
    const ConvDesc d{.in_channels = 40,
                     .out_channels = 136,
                     .in = {14, 14},
                     .kernel = {3, 3},
                     .pad_begin = {1, 1},
                     .pad_end = {1, 1}};
    const auto candidates = direct_conv_candidates(d, isa, 2);
    EXPECT_GE(candidates.size(), 4u);
    for (const auto& tuning : candidates) check(d, isa, tuning, 2, true, ConvResidual::none);
  });
}

TEST(DirectConv, ReluKeepsNaN) {
  for_each_isa([](Isa isa) {
    const ConvDesc d{.in_channels = 1,
                     .out_channels = 1,
                     .in = {1, 4},
                     .plain_src = true,
                     .clamp = true,
                     .lo = 0,
                     .hi = std::numeric_limits<float>::infinity()};
    const std::vector<float> src = {std::nanf(""), -1, 2, std::numeric_limits<float>::infinity()};
    const ConvWeights weights(d, isa);
    const float one = 1;
    Guarded<float> packed(weights.floats()), dst(blocked_floats(1, 4, isa));
    weights.pack(&one, packed.data());
    ThreadPool pool(1);
    DirectConv(d, isa, {}, 1).run(pool, {.src = src.data(), .weights = packed.data(), .dst = dst.data()});
    const int64_t lanes = block_of(isa);
    EXPECT_TRUE(std::isnan(dst[0]));
    EXPECT_EQ(dst[lanes], 0.0f);
    EXPECT_EQ(dst[2 * lanes], 2.0f);
    EXPECT_EQ(dst[3 * lanes], std::numeric_limits<float>::infinity());
  });
}

TEST(DirectConv, PostSeesEachPixelOnce) {
  for_each_isa([](Isa isa) {
    const ConvDesc d{.batch = 2,
                     .in_channels = 40,
                     .out_channels = 50,
                     .in = {9, 9},
                     .kernel = {3, 3},
                     .pad_begin = {1, 1},
                     .pad_end = {1, 1}};
    const ConvWeights weights(d, isa);
    const int64_t floats = blocked_floats(50, 81, isa), lanes = block_of(isa);
    const auto src = random_floats(2 * blocked_floats(40, 81, isa), 1), raw = random_floats(50 * 40 * 9, 2);
    std::vector<float> packed(weights.floats()), plain(2 * floats), doubled(2 * floats);
    weights.pack(raw.data(), packed.data());
    ThreadPool pool(2);
    const DirectConv conv(d, isa, {.k_block = 144}, 2);
    ConvBuffers buffers{.src = src.data(), .weights = packed.data(), .dst = plain.data()};
    conv.run(pool, buffers);
    struct Context {
      float* dst;
      int64_t image, plane;
    } context{doubled.data(), floats, 81 * lanes};
    buffers.dst = doubled.data();
    buffers.post.context = &context;
    buffers.post.run = [](const void* p, const ConvTile& tile) {
      const Context& c = *static_cast<const Context*>(p);
      const int64_t lanes = c.plane / 81;
      EXPECT_EQ(tile.c, c.dst + tile.image * c.image + tile.channel / lanes * c.plane + tile.pixel * lanes);
      for (int64_t v = 0; v < tile.vecs; ++v)
        for (int64_t i = 0; i < tile.pixels * lanes; ++i) tile.c[v * tile.c_vec + i] *= 2;
    };
    conv.run(pool, buffers);
    for (size_t i = 0; i < plain.size(); ++i) ASSERT_EQ(doubled[i], 2 * plain[i]);
  });
}

}  // namespace
}  // namespace ingot::cpu
