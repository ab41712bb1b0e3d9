#include "base/half.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace ingot {
namespace {

TEST(Half, EveryBitPatternRoundTrips) {
  for (uint32_t i = 0; i < 0x10000; ++i) {
    const float f = half_bits_to_float(static_cast<uint16_t>(i));
    if (!std::isnan(f)) {
      EXPECT_EQ(float_to_half_bits(f), i);
    }
    const float g = bf16_bits_to_float(static_cast<uint16_t>(i));
    if (!std::isnan(g)) {
      EXPECT_EQ(float_to_bf16_bits(g), i);
    }
  }
  for (uint32_t i = 0; i < 0x100; ++i) {
    const float f = f8e4m3_bits_to_float(static_cast<uint8_t>(i));
    if (!std::isnan(f)) {
      EXPECT_EQ(float_to_f8e4m3_bits(f), i);
    }
    const float g = f8e5m2_bits_to_float(static_cast<uint8_t>(i));
    if (!std::isnan(g) && !std::isinf(g)) {
      EXPECT_EQ(float_to_f8e5m2_bits(g), i);
    }
  }
}

TEST(Half, RoundsToEvenAndOverflows) {
  EXPECT_EQ(float(Half(1.0f + 1.0f / 2048)), 1.0f);  // a tie goes to the even neighbour
  EXPECT_EQ(float(Half(1.0f + 3.0f / 2048)), 1.0f + 4.0f / 2048);
  EXPECT_EQ(float(Half(65520.0f)), std::numeric_limits<float>::infinity());
  EXPECT_EQ(float(Half(65519.0f)), 65504.0f);
  EXPECT_EQ(float(Half(5.9604645e-8f)), 5.9604645e-8f);  // the smallest subnormal
  EXPECT_TRUE(std::isnan(float(Half(NAN))));
  EXPECT_EQ(float(Float8E4M3(1000.0f)), 448.0f);  // saturates
  EXPECT_EQ(float(Float8E5M2(1e6f)), 57344.0f);
  EXPECT_TRUE(std::isnan(float(Float8E4M3(NAN))));
  EXPECT_TRUE(std::isnan(float(BFloat16(NAN))));
}

}  // namespace
}  // namespace ingot
