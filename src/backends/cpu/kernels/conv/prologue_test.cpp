// Convolutions behind a prologue against the definitions, for strips and threads of every kind.
#include "backends/cpu/kernels/conv/prologue.h"

#include "backends/cpu/kernels/conv/conv_testing.h"

namespace ingot::cpu {
namespace {

// relu(x * scale[image][channel] + shift[channel]) - number
void check(const ConvDesc& d, Isa isa, const PrologueConvTuning& tuning, int threads, bool residual) {
  const int64_t lanes = block_of(isa), pixels = d.in[0] * d.in[1];
  const auto src = random_floats(d.batch * d.in_channels * pixels, 1);
  const auto weights = random_floats(d.out_channels * d.in_channels, 2),
             bias = random_floats(d.out_channels, 3);
  const auto scale = random_floats(d.batch * d.in_channels, 4), shift = random_floats(d.in_channels, 5);
  const auto added = residual ? random_floats(d.batch * d.out_channels * pixels, 6) : std::vector<float>();
  const float number = 0.25f;
  std::vector<float> middle = src;
  for (int64_t i = 0; i < static_cast<int64_t>(middle.size()); ++i) {
    const int64_t plane = i / pixels;
    middle[i] = std::max(0.0f, src[i] * scale[plane] + shift[plane % d.in_channels]) - number;
  }
  const auto want = conv_reference(d, middle, weights, bias, added);

  const auto input = [](int i) { return VectorOperand{VectorOperand::kInput, i}; };
  const auto temp = [](int i) { return VectorOperand{VectorOperand::kTemp, i}; };
  const TilePost program({{{find_vector_op("fma"), {input(0), input(1), input(2)}},
                           {find_vector_op("relu"), {temp(0)}},
                           {find_vector_op("sub"), {temp(1), input(3)}}},
                          {PostAccess::kChannel, PostAccess::kChannel, PostAccess::kNumber}},
                         isa);
  const Guarded<float> source(to_blocked(src, d.batch, d.in_channels, pixels, lanes)),
      scales(to_blocked(scale, d.batch, d.in_channels, 1, lanes)),
      shifts(to_blocked(shift, 1, d.in_channels, 1, lanes)),
      biases(to_blocked(bias, 1, d.out_channels, 1, lanes)),
      sums(to_blocked(added.empty() ? std::vector<float>(want.size()) : added, d.batch, d.out_channels,
                      pixels, lanes));
  const ConvWeights form(d, isa);
  Guarded<float> packed(form.floats()), dst(sums.size());
  form.pack(weights.data(), packed.data());
  const PrologueConv conv(d, isa, tuning, threads);
  Guarded<float> scratch(conv.scratch_floats());
  const float* const operands[] = {scales.data(), shifts.data(), &number};
  const int64_t images[] = {(d.in_channels + lanes - 1) / lanes * lanes, 0, 0};
  ThreadPool pool(threads);
  conv.run(pool, {program, operands, images},
           {.src = source.data(),
            .weights = packed.data(),
            .bias = biases.data(),
            .residual = residual ? sums.data() : nullptr,
            .dst = dst.data(),
            .scratch = scratch.data()});
  const auto got = from_blocked(dst.data(), d.batch, d.out_channels, pixels, lanes);
  EXPECT_LT(worst_error(got.data(), want), 1e-5) << conv_label(d) << ", " << threads << " threads, strips of "
                                                 << conv.tuning().strip_bytes << " bytes, " << isa_name(isa);
  EXPECT_TRUE(dst.intact() && scratch.intact()) << conv_label(d) << " wrote outside";
}

TEST(PrologueConv, AgreesWithTheDefinition) {
  for_each_isa([&](Isa isa) {
    for (int threads : {1, 2, 3})
      for (int64_t strip_bytes : {0, 1, 8000}) {
        check({.in_channels = 1, .out_channels = 1}, isa, {.strip_bytes = strip_bytes}, threads, false);
        check({.batch = 2,
               .in_channels = 37,
               .out_channels = 19,
               .in = {9, 11},
               .clamp = true,
               .lo = 0,
               .hi = 1},
              isa, {.strip_bytes = strip_bytes}, threads, true);
        check({.in_channels = 130, .out_channels = 128, .in = {7, 7}}, isa,
              {.strip_bytes = strip_bytes, .row_threads = 1}, threads, false);
      }
    const ConvDesc d{.in_channels = 64, .out_channels = 48, .in = {14, 14}};
    for (const PrologueConvTuning& tuning : prologue_conv_candidates(d, isa, 2))
      check(d, isa, tuning, 2, true);
  });
}

}  // namespace
}  // namespace ingot::cpu
