// Convolutions and matrix products to specs: vectors, splits, configurations. Results are tested on a GPU
// (tests/cuda).
#include "backends/cuda/kernels/conv/conv.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "backends/cuda/kernels/conv/conv_params.h"

namespace ingot::cuda {
namespace {

using enum DataType;
constexpr ConvConfig kWarps{64, 64, 2, 2, 4, 1, false}, kWarpgroup{64, 64, 1, 1, 4, 1, true};

ConvProblem conv3x3(int64_t images, int64_t channels, int64_t filters) {
  ConvProblem p{kF16, kF16, kF16, kF16};
  p.images = images;
  p.height = p.width = p.out_h = p.out_w = 14;
  p.channels = channels;
  p.filters = filters;
  p.kernel_h = p.kernel_w = 3;
  p.pad_top = p.pad_left = 1;
  return p;
}

bool has(const Result<KernelSpec>& spec, const std::string& option) {
  return spec.ok() && std::count(spec->options.begin(), spec->options.end(), option) == 1;
}

TEST(Conv, ImagesAndSizesAreDynamic) {
  ConvProblem p = conv3x3(1, 64, 72);
  const auto one = conv_kernel(p, kWarps);
  p.images = 7;
  p.height = p.out_h = 20;
  const auto many = conv_kernel(p, kWarps);
  ASSERT_TRUE(one.ok() && many.ok());
  EXPECT_EQ(one->key(), many->key());
  EXPECT_EQ(one->grid, (Extent3{2, 4, 1}));
  EXPECT_EQ(many->grid, (Extent3{2, 31, 1}));
}

TEST(Conv, VectorsFollowTheChannels) {
  EXPECT_TRUE(has(conv_kernel(conv3x3(1, 64, 64), kWarps), "-DVEC_A=8"));
  EXPECT_TRUE(has(conv_kernel(conv3x3(1, 36, 64), kWarps), "-DVEC_A=4"));
  EXPECT_TRUE(has(conv_kernel(conv3x3(1, 3, 64), kWarps), "-DVEC_A=1"));
  EXPECT_TRUE(has(conv_kernel(conv3x3(1, 3, 64), kWarps), "-DVEC_B=1"));
  ConvProblem padded = conv3x3(1, 3, 64);
  padded.weight_row = 32;  // 27 elements and zeros
  EXPECT_TRUE(has(conv_kernel(padded, kWarps), "-DVEC_B=8"));
  EXPECT_TRUE(has(conv_kernel(conv3x3(1, 64, 30), kWarps), "-DVEC_Y=2"));
}

TEST(Conv, SplitsTakeWholeTilesOfDepthAndAWorkspace) {
  ConvConfig config = kWarps;
  config.splits = 4;  // of 9 tiles of depth: 3 tiles each, so 3 splits
  const auto spec = conv_kernel(conv3x3(1, 64, 64), config);
  ASSERT_TRUE(spec.ok());
  ConvParams params;
  std::memcpy(&params, spec->params.data(), sizeof params);
  EXPECT_EQ(params.splits, 3);
  EXPECT_EQ(params.depth_tiles, 3);
  EXPECT_EQ(spec->grid.z, 3u);
  EXPECT_TRUE(spec->zeroed_workspace);
  EXPECT_EQ(spec->workspace_bytes, (4u + 4 * 3 * 64 * 64) * 4);  // 4 counters, 4 tiles of 3 partial sums
}

TEST(Conv, WarpgroupsGetTheirInstruction) {
  const auto spec = conv_kernel(conv3x3(1, 64, 64), kWarpgroup);
  ASSERT_TRUE(spec.ok());
  EXPECT_NE(spec->prelude.find("wgmma.mma_async.sync.aligned.m64n64k16.f32.f16.f16"), std::string::npos);
  EXPECT_EQ(spec->block.x, 128u);
}

TEST(Conv, ConfigurationsFitTheGpu) {
  for (const ConvProblem& p :
       {conv3x3(1, 64, 64), conv3x3(128, 256, 256), matmul_problem(kF16, 4096, 3072, 768)}) {
    for (const bool hopper : {false, true}) {
      const auto configs = conv_configs(p, 132, hopper);
      ASSERT_FALSE(configs.empty());
      for (const ConvConfig& c : configs) {
        EXPECT_TRUE(hopper || !c.wgmma);
        const auto spec = conv_kernel(p, c);
        ASSERT_TRUE(spec.ok());
        EXPECT_LE(spec->shared_bytes, 227u << 10);
        EXPECT_LE(spec->block.x, 512u);
      }
    }
  }
}

TEST(Conv, RefusesTypesWithoutProducts) {
  EXPECT_FALSE(conv_kernel(matmul_problem(kI32, 8, 8, 8), kWarps).ok());
}

}  // namespace
}  // namespace ingot::cuda
