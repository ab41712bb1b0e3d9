// All 16-bit floats to float32 and back, and values between them, against the scalar conversions.
#include "backends/cpu/kernels/pointwise/half_casts.h"

#include <gtest/gtest.h>

#include "backends/cpu/kernels/testing.h"
#include "base/half.h"

namespace ingot::cpu {
namespace {

constexpr int64_t kAll = 65536 + 3;  // all bit patterns, and an odd end

bool same(float a, float b) { return a == b || (std::isnan(a) && std::isnan(b)); }

TEST(HalfCasts, EveryPattern) {
  for_each_isa([&](Isa isa) {
    Guarded<uint16_t> x(kAll), back(kAll);
    Guarded<float> y(kAll);
    for (int64_t i = 0; i < kAll; ++i) x[i] = static_cast<uint16_t>(i);
    half_casts(isa).f16_to_f32(x.data(), kAll, y.data());
    half_casts(isa).f32_to_f16(y.data(), kAll, back.data());
    for (int64_t i = 0; i < kAll; ++i) {
      ASSERT_TRUE(same(y[i], half_bits_to_float(x[i]))) << i;
      ASSERT_TRUE(same(half_bits_to_float(back[i]), y[i])) << i;
    }
    half_casts(isa).bf16_to_f32(x.data(), kAll, y.data());
    half_casts(isa).f32_to_bf16(y.data(), kAll, back.data());
    for (int64_t i = 0; i < kAll; ++i) {
      ASSERT_TRUE(same(y[i], bf16_bits_to_float(x[i]))) << i;
      ASSERT_TRUE(same(bf16_bits_to_float(back[i]), y[i])) << i;
    }
    EXPECT_TRUE(y.intact() && back.intact());
  });
}

TEST(HalfCasts, RoundsToNearestEven) {
  const int64_t n = 4099;
  std::vector<float> values = random_floats(n, 3, -70000, 70000);
  for (int64_t i = 0; i < 1000; ++i)
    values[static_cast<size_t>(i)] = std::ldexp(1 + static_cast<float>(i) / 4096, -16);
  for_each_isa([&](Isa isa) {
    Guarded<float> x(values);
    Guarded<uint16_t> f16(n), bf16(n);
    half_casts(isa).f32_to_f16(x.data(), n, f16.data());
    half_casts(isa).f32_to_bf16(x.data(), n, bf16.data());
    for (int64_t i = 0; i < n; ++i) {
      ASSERT_EQ(f16[i], float_to_half_bits(x[i])) << x[i];
      ASSERT_EQ(bf16[i], float_to_bf16_bits(x[i])) << x[i];
    }
    EXPECT_TRUE(x.intact() && f16.intact() && bf16.intact());
  });
}

}  // namespace
}  // namespace ingot::cpu
