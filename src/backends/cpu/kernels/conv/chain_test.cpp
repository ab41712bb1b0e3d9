// Chains of convolutions against the definitions one after the other: strips of every height, strides,
// kernels, padding, dilation, images in a batch, more threads than rows.
#include "backends/cpu/kernels/conv/chain.h"

#include "backends/cpu/kernels/conv/conv_testing.h"

namespace ingot::cpu {
namespace {

struct Weights {
  std::vector<float> plain, bias;
  Weights(const ConvDesc& d, unsigned seed)
      : plain(random_floats(d.out_channels * d.in_channels / d.groups * d.kernel[0] * d.kernel[1], seed)),
        bias(random_floats(d.out_channels, seed + 1)) {}

  std::vector<float> packed(const ConvDesc& d, Isa isa) const {
    if (d.groups == 1) {
      const ConvWeights form(d, isa);
      std::vector<float> out(static_cast<size_t>(form.floats()));
      form.pack(plain.data(), out.data());
      return out;
    }
    DepthwiseDesc depthwise;
    depthwise.channels = d.out_channels, depthwise.kernel_h = d.kernel[0], depthwise.kernel_w = d.kernel[1];
    std::vector<float> out(static_cast<size_t>(depthwise_filter_size(depthwise, isa)));
    pack_depthwise_filter(depthwise, isa, plain.data(), out.data());
    return out;
  }
  std::vector<float> padded_bias(int64_t lanes) const {
    return to_blocked(bias, 1, static_cast<int64_t>(bias.size()), 1, lanes);
  }
};

std::vector<float> to_float(const std::vector<double>& values) { return {values.begin(), values.end()}; }

void check(const ConvChainDesc& desc, Isa isa, const ConvChainTuning& tuning, int threads, bool residual) {
  const int64_t lanes = block_of(isa);
  const ConvDesc &first = desc.first, &middle = desc.depthwise, &end = desc.last ? *desc.last : middle;
  const Weights w0(first, 1), w1(middle, 3), w2(end, 5);
  const auto src = random_floats(first.batch * first.in_channels * first.in[0] * first.in[1], 7);
  const int64_t pixels = end.out(0) * end.out(1);
  const auto added =
      residual ? random_floats(end.batch * end.out_channels * pixels, 8) : std::vector<float>();
  auto want = conv_reference(first, src, w0.plain, w0.bias, {});
  want = conv_reference(middle, to_float(want), w1.plain, w1.bias, {});
  if (desc.last) want = conv_reference(end, to_float(want), w2.plain, w2.bias, added);

  const Guarded<float> source(
      first.plain_src ? src
                      : to_blocked(src, first.batch, first.in_channels, first.in[0] * first.in[1], lanes));
  const Guarded<float> p0(w0.packed(first, isa)), p1(w1.packed(middle, isa)), p2(w2.packed(end, isa));
  const Guarded<float> b0(w0.padded_bias(lanes)), b1(w1.padded_bias(lanes)), b2(w2.padded_bias(lanes));
  const Guarded<float> blocked_added(to_blocked(added.empty() ? std::vector<float>(want.size()) : added,
                                                end.batch, end.out_channels, pixels, lanes));
  const ConvChain chain(desc, isa, tuning, threads);
  Guarded<float> scratch(chain.scratch_floats()), dst(blocked_added.size());
  ThreadPool pool(threads);
  chain.run(pool, {.src = source.data(),
                   .first = {p0.data(), b0.data()},
                   .depthwise = {p1.data(), b1.data()},
                   .last = {p2.data(), b2.data()},
                   .residual = residual ? blocked_added.data() : nullptr,
                   .dst = dst.data(),
                   .scratch = scratch.data()});
  const auto got = from_blocked(dst.data(), end.batch, end.out_channels, pixels, lanes);
  const std::string name = conv_label(first) + ", " + conv_label(middle) + ", strips of " +
                           std::to_string(chain.tuning().rows) + ", " + std::to_string(threads) +
                           " threads, " + std::string(isa_name(isa));
  EXPECT_LT(worst_error(got.data(), want), 1e-5) << name;
  EXPECT_TRUE(dst.intact() && scratch.intact()) << name << " wrote outside";
}

ConvDesc depthwise_on(const ConvDesc& first, int64_t kernel, int64_t stride, int64_t pad,
                      int64_t dilation = 1) {
  const int64_t c = first.out_channels;
  return {.batch = first.batch,
          .in_channels = c,
          .out_channels = c,
          .in = {first.out(0), first.out(1)},
          .kernel = {kernel, kernel},
          .stride = {stride, stride},
          .dilation = {dilation, dilation},
          .pad_begin = {pad, pad},
          .pad_end = {pad, pad},
          .groups = c,
          .clamp = true,
          .lo = -0.5f,
          .hi = 2};
}

ConvDesc pointwise_on(const ConvDesc& before, int64_t channels) {
  return {.batch = before.batch,
          .in_channels = before.out_channels,
          .out_channels = channels,
          .in = {before.out(0), before.out(1)}};
}

void check_all(const ConvDesc& first, const ConvDesc& middle, int64_t last_channels) {
  ConvChainDesc desc{first, middle, {}};
  for_each_isa([&](Isa isa) {
    for (int threads : {1, 4})
      for (int row_threads : {1, 2, 4})
        for (int64_t rows : {0, 1, 2, 3, 1000}) {
          if (row_threads > threads) continue;
          desc.last.reset();
          check(desc, isa, {.rows = rows, .row_threads = row_threads}, threads, false);
          desc.last = pointwise_on(middle, last_channels);
          check(desc, isa, {.rows = rows, .row_threads = row_threads}, threads, rows > 1);
        }
  });
}

TEST(ConvChain, InvertedResiduals) {
  const ConvDesc expand{
      .in_channels = 9, .out_channels = 37, .in = {12, 17}, .clamp = true, .lo = 0, .hi = 6};
  check_all(expand, depthwise_on(expand, 3, 1, 1), 9);
  check_all(expand, depthwise_on(expand, 3, 2, 1), 20);
  check_all(expand, depthwise_on(expand, 5, 2, 2), 9);
  check_all(expand, depthwise_on(expand, 7, 1, 3), 9);
  check_all(expand, depthwise_on(expand, 3, 1, 2, 2), 9);
  check_all(expand, depthwise_on(expand, 3, 2, 0, 2), 9);
  check_all(expand, depthwise_on(expand, 2, 3, 0), 9);
}

TEST(ConvChain, FirstLayersAndBatches) {
  ConvDesc stem{.in_channels = 3,
                .out_channels = 20,
                .in = {23, 18},
                .kernel = {3, 3},
                .stride = {2, 2},
                .pad_begin = {1, 1},
                .pad_end = {1, 1},
                .plain_src = true};
  check_all(stem, depthwise_on(stem, 3, 1, 1), 33);
  stem.batch = 3;
  check_all(stem, depthwise_on(stem, 3, 2, 1), 5);
  const ConvDesc expand{.batch = 2, .in_channels = 8, .out_channels = 24, .in = {5, 1}};
  check_all(expand, depthwise_on(expand, 3, 1, 1), 8);
  check_all(expand, depthwise_on(expand, 3, 1, 4), 8);  // windows wholly outside
}

TEST(ConvChain, EveryCandidateComputesTheSame) {
  const ConvDesc expand{.in_channels = 16, .out_channels = 96, .in = {40, 29}};
  ConvChainDesc desc{expand, depthwise_on(expand, 3, 2, 1), {}};
  desc.last = pointwise_on(desc.depthwise, 24);
  for_each_isa([&](Isa isa) {
    for (const ConvChainTuning& tuning : conv_chain_candidates(desc, isa, 2))
      check(desc, isa, tuning, 2, false);
  });
}

}  // namespace
}  // namespace ingot::cpu
