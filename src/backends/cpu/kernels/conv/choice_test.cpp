#include "backends/cpu/kernels/conv/choice.h"

#include <gtest/gtest.h>

namespace ingot::cpu {
namespace {

ConvDesc square(int64_t in, int64_t out, int64_t size, int64_t kernel) {
  const int64_t pad = kernel / 2;
  return {.in_channels = in,
          .out_channels = out,
          .in = {size, size},
          .kernel = {kernel, kernel},
          .pad_begin = {pad, pad},
          .pad_end = {pad, pad}};
}

// What was measured to be fastest, with clear margins, on an AVX-512 machine.
TEST(ConvChoice, AgreesWithMeasurements) {
  const auto best = [](const ConvDesc& d) {
    return rank_conv_algorithms(d, Isa::avx512, 1).front().algorithm;
  };
  EXPECT_EQ(best(square(64, 64, 56, 3)), ConvAlgorithm::winograd4);
  EXPECT_EQ(best(square(128, 128, 28, 3)), ConvAlgorithm::winograd4);
  EXPECT_EQ(best(square(512, 512, 28, 3)), ConvAlgorithm::winograd4);
  EXPECT_EQ(best(square(512, 512, 7, 3)),
            ConvAlgorithm::winograd2);  // transformed weights are four times as many
  EXPECT_EQ(best(square(256, 64, 56, 1)), ConvAlgorithm::direct);
}

TEST(ConvChoice, WeighsMemory) {
  EXPECT_TRUE(worth_its_memory(square(512, 512, 28, 3), Isa::avx512));
  EXPECT_TRUE(worth_its_memory(square(256, 256, 14, 3), Isa::avx512));
  EXPECT_FALSE(worth_its_memory(square(512, 512, 14, 3), Isa::avx512));
  EXPECT_EQ(rank_conv_algorithms(square(2048, 512, 16, 3), Isa::avx512, 2).front().algorithm,
            ConvAlgorithm::winograd2);
}

TEST(ConvChoice, OffersWhatCanComputeIt) {
  EXPECT_EQ(rank_conv_algorithms(square(8, 8, 9, 3), Isa::avx2, 2).size(), 3u);
  ConvDesc strided = square(8, 8, 9, 3);
  strided.stride[0] = strided.stride[1] = 2;
  EXPECT_EQ(rank_conv_algorithms(strided, Isa::baseline, 2).size(), 1u);
}

}  // namespace
}  // namespace ingot::cpu
