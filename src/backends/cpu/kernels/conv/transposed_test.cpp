#include "backends/cpu/kernels/conv/transposed.h"

#include <gtest/gtest.h>

#include "backends/cpu/kernels/conv/conv_testing.h"

namespace ingot::cpu {
namespace {

std::vector<double> reference(const TransposedConvDesc& t, const std::vector<float>& src,
                              const std::vector<float>& weights, const std::vector<float>& bias) {
  const ConvDesc& d = t.conv;
  const int64_t in = d.in_channels / d.groups, out = d.out_channels / d.groups;
  std::vector<double> dst(static_cast<size_t>(d.batch * d.out_channels * t.out[0] * t.out[1]));
  for (size_t i = 0; i < dst.size(); ++i)
    dst[i] = bias[static_cast<int64_t>(i) / (t.out[0] * t.out[1]) % d.out_channels];
  for (int64_t n = 0; n < d.batch; ++n)
    for (int64_t i = 0; i < d.in_channels; ++i)
      for (int64_t o = 0; o < out; ++o)
        for (int64_t sy = 0; sy < d.in[0]; ++sy)
          for (int64_t sx = 0; sx < d.in[1]; ++sx)
            for (int64_t ky = 0; ky < d.kernel[0]; ++ky)
              for (int64_t kx = 0; kx < d.kernel[1]; ++kx) {
                const int64_t y = sy * d.stride[0] - d.pad_begin[0] + ky * d.dilation[0];
                const int64_t x = sx * d.stride[1] - d.pad_begin[1] + kx * d.dilation[1];
                if (y < 0 || y >= t.out[0] || x < 0 || x >= t.out[1]) continue;
                const int64_t channel = i / in * out + o;
                dst[((n * d.out_channels + channel) * t.out[0] + y) * t.out[1] + x] +=
                    static_cast<double>(src[((n * d.in_channels + i) * d.in[0] + sy) * d.in[1] + sx]) *
                    weights[((i * out + o) * d.kernel[0] + ky) * d.kernel[1] + kx];
              }
  return dst;
}

void check(const TransposedConvDesc& t, Isa isa, int threads) {
  const ConvDesc& d = t.conv;
  const int64_t lanes = block_of(isa), pixels = t.out[0] * t.out[1], in_pixels = d.in[0] * d.in[1];
  const auto src = random_floats(d.batch * d.in_channels * in_pixels, 1);
  const auto weights =
      random_floats(d.in_channels * d.out_channels / d.groups * d.kernel[0] * d.kernel[1], 2);
  const auto bias = random_floats(d.out_channels, 3);
  const TransposedConv conv(t, isa, threads);
  const Guarded<float> source(to_blocked(src, d.batch, d.in_channels, in_pixels, lanes));
  const Guarded<float> padded_bias(to_blocked(bias, 1, d.out_channels, 1, lanes));
  Guarded<float> packed(conv.weight_floats()), dst(d.batch * blocked_floats(d.out_channels, pixels, isa));
  conv.pack(weights.data(), packed.data());
  ThreadPool pool(threads);
  int64_t seen = 0;
  ConvBuffers buffers{
      .src = source.data(), .weights = packed.data(), .bias = padded_bias.data(), .dst = dst.data()};
  buffers.post.context = &seen;
  if (threads == 1)
    buffers.post.run = [](const void* p, const ConvTile& tile) {
      *static_cast<int64_t*>(const_cast<void*>(p)) += tile.pixels * tile.vecs;
    };
  conv.run(pool, buffers);
  if (threads == 1) {
    EXPECT_EQ(seen * lanes, dst.size()) << conv_label(d);
  }
  const auto got = from_blocked(dst.data(), d.batch, d.out_channels, pixels, lanes);
  EXPECT_LT(worst_error(got.data(), reference(t, src, weights, bias)), 2e-5)
      << conv_label(d) << isa_name(isa);
  EXPECT_TRUE(dst.intact() && packed.intact()) << conv_label(d);
}

TEST(TransposedConv, StridesDilationsGroups) {
  for_each_isa([](Isa isa) {
    for (int threads : {1, 2}) {
      check({{.in_channels = 8, .out_channels = 16, .in = {5, 7}, .kernel = {2, 2}, .stride = {2, 2}},
             {10, 14}},
            isa, threads);
      check({{.batch = 2,
              .in_channels = 19,
              .out_channels = 37,
              .in = {6, 4},
              .kernel = {4, 4},
              .stride = {2, 2},
              .pad_begin = {1, 1}},
             {12, 8}},
            isa, threads);
      check({{.in_channels = 17,
              .out_channels = 5,
              .in = {5, 5},
              .kernel = {3, 3},
              .stride = {2, 3},
              .pad_begin = {1, 0}},
             {10, 15}},
            isa, threads);
      check(
          {{.in_channels = 4, .out_channels = 4, .in = {3, 3}, .kernel = {1, 2}, .stride = {3, 4}}, {9, 12}},
          isa, threads);  // phases without a tap
      check({{.in_channels = 12,
              .out_channels = 20,
              .in = {7, 6},
              .kernel = {3, 3},
              .dilation = {2, 3},
              .pad_begin = {2, 3}},
             {7, 6}},
            isa, threads);
      check({{.in_channels = 6,
              .out_channels = 6,
              .in = {5, 5},
              .kernel = {3, 4},
              .stride = {2, 4},
              .dilation = {3, 2},
              .pad_begin = {2, 1}},
             {13, 22}},
            isa, threads);
      check({{.in_channels = 32,
              .out_channels = 64,
              .in = {4, 4},
              .kernel = {3, 3},
              .stride = {2, 2},
              .pad_begin = {1, 1},
              .groups = 4},
             {8, 8}},
            isa, threads);
      check({{.in_channels = 20,
              .out_channels = 20,
              .in = {4, 5},
              .kernel = {4, 4},
              .stride = {2, 2},
              .pad_begin = {1, 1},
              .groups = 20},
             {8, 10}},
            isa, threads);
    }
  });
}

}  // namespace
}  // namespace ingot::cpu
