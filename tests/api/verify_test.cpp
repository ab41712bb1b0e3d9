// verify: it passes a right engine, and its tolerances bite.
#include "ingot/verify.h"

#include <gtest/gtest.h>

#include <random>

namespace ingot {
namespace {

const std::string kDigits = INGOT_SOURCE_DIR "/examples/digits/digits.onnx";

std::vector<float> image() {
  std::mt19937 rng(5);
  std::vector<float> pixels(3 * 64);
  for (float& p : pixels) p = static_cast<float>(rng() % 256) / 255;
  return pixels;
}

TEST(Verify, PassesTheDigits) {
  std::vector<float> pixels = image();
  VerifyOptions options;
  options.build.level = 0;
  const auto report = verify(kDigits, {{"image", {DataType::kF32, {3, 1, 8, 8}, pixels.data()}}}, options);
  ASSERT_TRUE(report.ok()) << report.status().to_string();
  EXPECT_TRUE(report->ok());
  ASSERT_EQ(report->engine.size(), 1u);
  EXPECT_EQ(report->engine[0].name, "probabilities");
  EXPECT_EQ(report->engine[0].elements, 30);
  EXPECT_EQ(report->without_passes.size(), 1u);
  EXPECT_GE(report->layers.size(), 3u);
  for (const Difference& d : report->layers) EXPECT_FALSE(d.node.empty());
}

TEST(Verify, ToleranceBites) {
  std::vector<float> pixels = image();
  VerifyOptions options;
  options.build.level = 0;
  options.rtol = options.atol = 0;
  const auto report = verify(kDigits, {{"image", {DataType::kF32, {3, 1, 8, 8}, pixels.data()}}}, options);
  ASSERT_TRUE(report.ok());
  EXPECT_FALSE(report->ok()) << "float32 kernels round otherwise than the interpreter's doubles";
}

TEST(Verify, NeedsTheInputs) {
  EXPECT_EQ(verify(kDigits, {}).status().to_string(), "invalid argument: input 'image' is not given");
  EXPECT_EQ(verify("/no/such.onnx", {}).status().code(), StatusCode::kNotFound);
}

}  // namespace
}  // namespace ingot
