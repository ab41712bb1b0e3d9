// Packed constants come back bit by bit, for every instruction set, whatever machine this is.
#include "backends/cpu/compile/packing.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "backends/cpu/kernels/simd/isa.h"

namespace ingot::cpu {
namespace {

// Any bits, NaN patterns among them.
Tensor random_bits(const Dims& dims) {
  Tensor t = *Tensor::allocate(DataType::kF32, dims);
  std::mt19937 random(static_cast<uint32_t>(t.size()));
  auto* bits = static_cast<uint32_t*>(t.mutable_data());
  for (int64_t i = 0; i < t.size(); ++i) bits[i] = static_cast<uint32_t>(random());
  return t;
}

struct Case {
  const char *form, *options;
  Dims dims;
};

TEST(Packing, RoundTrips) {
  const Case cases[] = {{"gemm_b", "", {7, 33}},          {"gemm_b", "/t", {33, 7}},
                        {"gemm_b", "", {1, 1}},           {"conv", "/g1", {40, 24, 3, 3}},
                        {"conv", "/g1", {5, 6, 3}},       {"conv", "/plain/g1", {20, 3, 7, 7}},
                        {"conv", "/g4", {12, 5, 1, 1}},   {"conv", "/g2", {32, 16, 3, 3}},
                        {"depthwise", "", {19, 1, 3, 3}}, {"depthwise", "", {8, 1, 5}}};
  for (const Case& c : cases) {
    for (Isa isa : kAllIsas) {
      const std::string form = str(c.form, "/", isa_name(isa), c.options);
      const Tensor plain = random_bits(c.dims);
      const PackedInput input = permuted(1, form, plain);
      EXPECT_TRUE(input.permutation);
      const auto packed = input.pack();
      ASSERT_TRUE(packed.ok()) << form << ": " << packed.status().to_string();
      const auto again = unpack_from(form, *packed, c.dims);
      ASSERT_TRUE(again.ok()) << form << ": " << again.status().to_string();
      EXPECT_EQ(again->dims(), c.dims);
      EXPECT_EQ(std::memcmp(again->data(), plain.data(), plain.bytes()), 0) << form << dims_to_string(c.dims);
    }
  }
}

TEST(Packing, RefusesWhatDoesNotFit) {
  const auto code = [](const char* form, const Dims& dims, int64_t packed) {
    return unpack_from(form, random_bits({packed}), dims).status().code();
  };
  EXPECT_EQ(code("gemm_b/avx2", {4, 8}, 32), StatusCode::kOk);
  EXPECT_EQ(code("gemm_b/avx2", {4, 8}, 31), StatusCode::kCorrupt);
  EXPECT_EQ(code("gemm_b/avx2", {4, 8, 1}, 32), StatusCode::kCorrupt);
  EXPECT_EQ(code("gemm_b/avx9", {4, 8}, 32), StatusCode::kCorrupt);
  EXPECT_EQ(code("gemm_b", {4, 8}, 32), StatusCode::kCorrupt);
  EXPECT_EQ(code("winograd4/avx2", {4, 8, 3, 3}, 32), StatusCode::kCorrupt);
  EXPECT_EQ(code("conv/avx2/g3", {8, 8, 3, 3}, 576), StatusCode::kCorrupt);
  EXPECT_EQ(code("conv/avx2/g0", {8, 8, 3, 3}, 576), StatusCode::kCorrupt);
  EXPECT_EQ(code("depthwise/avx2", {8, 2, 3, 3}, 144), StatusCode::kCorrupt);
  EXPECT_EQ(code("", {8}, 8), StatusCode::kCorrupt);
}

}  // namespace
}  // namespace ingot::cpu
