// Depthwise convolution against plain loops: every specialised width and stride, others, borders, tails.
#include "backends/cpu/kernels/depthwise/depthwise.h"

#include <gtest/gtest.h>

#include "backends/cpu/kernels/layout/reorder.h"
#include "backends/cpu/kernels/testing.h"

namespace ingot::cpu {
namespace {

DepthwiseDesc make(int64_t batch, int64_t channels, int64_t h, int64_t w, int64_t kernel, int64_t stride,
                   int64_t pad, int64_t dilation = 1) {
  DepthwiseDesc d;
  d.batch = batch, d.channels = channels, d.in_h = h, d.in_w = w;
  d.kernel_h = d.kernel_w = kernel, d.stride_h = d.stride_w = stride, d.dilation_h = d.dilation_w = dilation;
  d.pad_top = d.pad_left = pad;
  const int64_t reach = (kernel - 1) * dilation + 1;
  d.out_h = (h + 2 * pad - reach) / stride + 1;
  d.out_w = (w + 2 * pad - reach) / stride + 1;
  return d;
}

std::vector<double> reference(const DepthwiseDesc& d, const float* x, const float* filter,
                              const float* bias) {
  std::vector<double> y;
  for (int64_t plane = 0; plane < d.batch * d.channels; ++plane)
    for (int64_t oy = 0; oy < d.out_h; ++oy)
      for (int64_t ox = 0; ox < d.out_w; ++ox) {
        const int64_t channel = plane % d.channels;
        double sum = bias[channel];
        for (int64_t ky = 0; ky < d.kernel_h; ++ky)
          for (int64_t kx = 0; kx < d.kernel_w; ++kx) {
            const int64_t iy = oy * d.stride_h - d.pad_top + ky * d.dilation_h,
                          ix = ox * d.stride_w - d.pad_left + kx * d.dilation_w;
            if (iy < 0 || iy >= d.in_h || ix < 0 || ix >= d.in_w) continue;
            sum += double{x[(plane * d.in_h + iy) * d.in_w + ix]} *
                   filter[(channel * d.kernel_h + ky) * d.kernel_w + kx];
          }
        y.push_back(std::min<double>(std::max<double>(sum, d.low), d.high));
      }
  return y;
}

void check(const DepthwiseDesc& d, int threads) {
  ThreadPool pool(threads);
  const auto x = random_floats(d.batch * d.channels * d.in_h * d.in_w, 1),
             filter = random_floats(d.channels * d.kernel_h * d.kernel_w, 2);
  std::vector<float> bias = random_floats(d.channels, 3);
  const std::vector<double> want = reference(d, x.data(), filter.data(), bias.data());
  for_each_isa([&](Isa isa) {
    const ReorderDesc in{d.batch, d.channels, d.in_h * d.in_w}, out{d.batch, d.channels, d.out_h * d.out_w};
    Guarded<float> blocked(blocked_size(in, isa)), packed(depthwise_filter_size(d, isa)),
        y(blocked_size(out, isa));
    Guarded<float> plain(d.batch * d.channels * d.out_h * d.out_w),
        mean(d.batch * channel_blocks(d.channels, isa) * block_of(isa));
    reorder_to_blocked(pool, isa, in, x.data(), blocked.data());
    pack_depthwise_filter(d, isa, filter.data(), packed.data());
    std::vector<float> padded_bias = bias;
    padded_bias.resize(static_cast<size_t>(channel_blocks(d.channels, isa) * block_of(isa)));
    Depthwise op;
    op.prepare(d, isa, threads);
    Guarded<float> scratch(static_cast<int64_t>(op.scratch_bytes() / 4));
    op.run(pool, {blocked.data(), packed.data(), padded_bias.data(), y.data(), {}, mean.data()},
           scratch.data());
    reorder_to_plain(pool, isa, out, y.data(), plain.data());
    EXPECT_LT(worst_error(plain.data(), want), 2e-6) << isa_name(isa);
    EXPECT_TRUE(y.intact() && scratch.intact() && mean.intact());
    const int64_t pixels = d.out_h * d.out_w;
    for (int64_t plane = 0; plane < d.batch * d.channels; ++plane) {
      double sum = 0;
      for (int64_t p = 0; p < pixels; ++p) sum += want[static_cast<size_t>(plane * pixels + p)];
      const int64_t at =
          plane / d.channels * channel_blocks(d.channels, isa) * block_of(isa) + plane % d.channels;
      EXPECT_NEAR(mean[at], sum / static_cast<double>(pixels), 1e-5);
    }
    // without means, tasks may be parts of planes
    Guarded<float> again(y.size());
    for (bool by_rows : {false, true}) {
      op.prepare(d, isa, threads, by_rows);
      op.run(pool, {blocked.data(), packed.data(), padded_bias.data(), again.data()}, scratch.data());
      EXPECT_EQ(std::memcmp(again.data(), y.data(), static_cast<size_t>(y.size()) * 4), 0);
      EXPECT_TRUE(again.intact() && scratch.intact());
    }
  });
}

TEST(Depthwise, SpecialisedSizes) {
  for (int threads : {1, 3})
    for (int64_t kernel : {3, 5, 7})
      for (int64_t stride : {1, 2})
        for (int64_t width : {1, 2, 7, 14, 33, 40, 61})
          check(make(1, 20, 9, width, kernel, stride, kernel / 2), threads);
}

TEST(Depthwise, OtherSizes) {
  check(make(2, 16, 10, 12, 3, 1, 1, 2), 2);  // dilated
  check(make(1, 5, 40, 50, 4, 3, 0), 2);
  check(make(1, 8, 20, 70, 9, 1, 4), 1);
  check(make(1, 8, 4, 70, 3, 1, 4), 2);  // windows wholly outside
  check(make(1, 8, 33, 3, 1, 1, 0), 2);
  check(make(1, 8, 12, 12, 2, 2, 0), 2);
  DepthwiseDesc d = make(1, 33, 11, 64, 3, 2, 1);
  d.kernel_w = 5, d.pad_left = 1, d.out_w = 30;
  d.low = 0, d.high = 0.5f;  // clamped
  check(d, 2);
  d = make(1, 8, 9, 40, 3, 2, 0);
  d.out_h = 5, d.out_w = 20;  // padded on the right and below only
  check(d, 2);
}

TEST(Depthwise, PostProgramRunsOnTheResult) {
  const DepthwiseDesc d = make(1, 32, 20, 20, 3, 1, 1);
  const TilePostDesc post_desc{
      {{VectorOp::k_silu, {{VectorOperand::kInput, 0, 0}}},
       {VectorOp::k_add, {{VectorOperand::kTemp, 0, 0}, {VectorOperand::kInput, 1, 0}}}},
      {PostAccess::kSame}};
  const auto x = random_floats(32 * 400, 1), filter = random_floats(32 * 9, 2),
             residual = random_floats(32 * 400, 3);
  ThreadPool pool(2);
  for_each_isa([&](Isa isa) {
    std::vector<float> plain(x.size()), y(x.size());
    Depthwise op;
    op.prepare(d, isa, 2);
    std::vector<float> scratch(op.scratch_bytes() / 4),
        packed(static_cast<size_t>(depthwise_filter_size(d, isa)));
    pack_depthwise_filter(d, isa, filter.data(), packed.data());
    op.run(pool, {x.data(), packed.data(), nullptr, plain.data()}, scratch.data());
    const TilePost post(post_desc, isa);
    const float* operands[] = {residual.data()};
    op.run(pool, {x.data(), packed.data(), nullptr, y.data(), {&post, operands}}, scratch.data());
    for (size_t i = 0; i < y.size(); ++i)
      ASSERT_NEAR(y[i], plain[i] / (1 + std::exp(-plain[i])) + residual[i], 1e-5) << i;
  });
}

}  // namespace
}  // namespace ingot::cpu
