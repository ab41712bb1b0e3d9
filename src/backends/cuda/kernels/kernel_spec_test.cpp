// What all kernels are described with.
#include "backends/cuda/kernels/kernel_spec.h"

#include <gtest/gtest.h>

#include "backends/cuda/kernels/device/divisor.h"

namespace ingot::cuda {
namespace {

TEST(KernelSpec, TextHasIncludesOnceAndThePrelude) {
  KernelSpec spec{.source = "pointwise/pointwise.cu", .entry = "pointwise", .prelude = "// here it is\n"};
  const std::string text = spec.text();
  EXPECT_NE(text.find("// here it is\n"), text.npos);
  EXPECT_EQ(text.find("#include"), text.npos);
  EXPECT_EQ(text.find("struct Divisor {"), text.rfind("struct Divisor {"));
}

// Lines are joined before words are told apart: a macro's name and its first word would be one.
TEST(KernelSpec, EmbeddingKeepsWordsApart) {
  for (const std::string_view file : kernel_files()) {
    const std::string text = kernel_source(file);
    for (size_t at = text.find("\\\n"); at != text.npos; at = text.find("\\\n", at + 1))
      EXPECT_NE(std::string_view(" ;{},").find(text[at - 1]), std::string_view::npos)
          << file << ": " << text.substr(text.rfind('\n', at) + 1, 60);
  }
}

TEST(KernelSpec, KeyTellsCodeNotLaunch) {
  KernelSpec a{.source = "s", .entry = "e"}, b = a;
  a.define("VEC", 4);
  EXPECT_NE(a.key(), b.key());
  b.define("VEC", "4");
  b.grid.x = 7;
  EXPECT_EQ(a.key(), b.key());
  b.prelude = "x";
  EXPECT_NE(a.key(), b.key());
}

TEST(VectorWidth, DividesEverything) {
  EXPECT_EQ(vector_width(DataType::kF16, {64, 8}), 8);
  EXPECT_EQ(vector_width(DataType::kF16, {64, 12}), 4);
  EXPECT_EQ(vector_width(DataType::kF32, {64}), 4);
  EXPECT_EQ(vector_width(DataType::kI64, {3}), 1);
  EXPECT_EQ(vector_width(DataType::kF16, {64}, 4), 2);
}

TEST(Divisor, EqualsDivision) {
  for (const unsigned d : {1u, 2u, 3u, 5u, 7u, 49u, 64u, 112u, 1000u, 12544u, 65537u, 0x7fffffffu}) {
    const Divisor divisor = make_divisor(d);
    for (const unsigned n : {0u, 1u, d - 1, d, d + 1, 123456789u, 0x7ffffffeu, 0x7fffffffu}) {
      if (n > 0x7fffffffu) continue;
      EXPECT_EQ(divide(n, divisor), n / d) << n << " / " << d;
      EXPECT_EQ(remainder_of(n, divide(n, divisor), divisor), n % d);
    }
  }
}

}  // namespace
}  // namespace ingot::cuda
