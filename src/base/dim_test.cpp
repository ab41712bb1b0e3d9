#include "base/dim.h"

#include <gtest/gtest.h>

namespace ingot {
namespace {

const Dim h = Dim::symbol("h"), b = Dim::symbol("b");

TEST(Dim, EqualSizesAlongDifferentPathsCompareEqual) {
  EXPECT_EQ((h + 1) * 2, h + h + 2);
  EXPECT_EQ(floor_div(b * 12 * 64, 768), b);
  EXPECT_EQ(floor_div(b * h * 768, b * h), Dim(768));
  EXPECT_EQ(floor_div(floor_div(h, 2), 2), floor_div(h, 4));
  EXPECT_EQ(floor_div(h * 2 + 3, 2), h + 1);
  EXPECT_EQ(mod(h * 8, 4), Dim(0));
  EXPECT_EQ(max(h + 3, h), h + 3);
  EXPECT_EQ(max(min(h, 512), 0), min(h, 512));
  EXPECT_EQ(max(h, min(h, 512)), h);
  EXPECT_EQ(min(h, max(b, h + 1)), h);
  EXPECT_EQ(min(min(h, 5), 0), Dim(0));
  EXPECT_FALSE(h == b);
}

TEST(Dim, Evaluates) {
  const Dim conv = floor_div(h + 2 - 3, 2) + 1;
  EXPECT_EQ(*conv.eval({{"h", 224}}), 112);
  EXPECT_EQ(*ceil_div(h, 3).eval({{"h", 10}}), 4);
  EXPECT_EQ(*mod(Dim(0) - h, 3).eval({{"h", 10}}), 2);
  EXPECT_FALSE(conv.eval({}).ok());
  EXPECT_FALSE(floor_div(h, b).eval({{"h", 1}, {"b", 0}}).ok());
  EXPECT_EQ(conv.substitute({{"h", 224}}), Dim(112));
}

TEST(Dim, AbsurdNumbersStayInRange) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(Dim(kMax) + 1, Dim(kMax));
  EXPECT_EQ(Dim(kMax) * -2, Dim(-kMax));
  EXPECT_EQ(h * kMax + h, h * kMax);
  const int64_t least = std::numeric_limits<int64_t>::min();
  EXPECT_EQ(*floor_div(h, b).eval({{"h", least}, {"b", -1}}), kMax);
  EXPECT_EQ(*mod(h, b).eval({{"h", least}, {"b", -1}}), 0);
  EXPECT_EQ(*mod(h, b).eval({{"h", least}, {"b", 10}}), 2);
}

TEST(Dim, ExpressionsStayBounded) {
  Dim square = h + b + 1, nested = h;
  for (int i = 0; i < 60; ++i) {  // unbounded, each would double its size with every round
    square = square * square;
    nested = min(nested * 2 + b, nested + h);
  }
  EXPECT_LT(square.to_string().size(), 1u << 17);
  EXPECT_LT(nested.to_string().size(), 1u << 17);
  EXPECT_FALSE(square.eval({{"h", 1}, {"b", 1}}).ok());  // not a wrong number: unknown
}

TEST(Dim, LowerBound) {
  EXPECT_EQ((h * b + h + 2).lower_bound(), 2);
  EXPECT_EQ(floor_div(h + 7, 2).lower_bound(), 3);
  EXPECT_EQ(max(h - b, 1).lower_bound(), 1);
  EXPECT_EQ(min(h + 4, b + 3).lower_bound(), 3);
  EXPECT_EQ(mod(h - b, 5).lower_bound(), 0);
  EXPECT_EQ((h - b).lower_bound(), std::nullopt);
}

TEST(Dim, TextRoundTrips) {
  const Dim odd = Dim::symbol("a `b`\\ c/d");
  for (const Dim& d : {Dim(7), Dim(-3), h, odd * 3 - 1, floor_div(h - 1, 2) * b + 4, min(h, odd),
                       mod(h, b + 1), Dim(0) - h, Dim::symbol("min")}) {
    auto parsed = Dim::parse(d.to_string());
    ASSERT_TRUE(parsed.ok()) << d.to_string() << ": " << parsed.status().to_string();
    EXPECT_EQ(*parsed, d) << d.to_string();
  }
  for (const char* bad : {"", "3 +", "(h", "floordiv(h)", "floordiv(h, 0)", "99999999999999999999", "h h"})
    EXPECT_FALSE(Dim::parse(bad).ok()) << bad;
}

}  // namespace
}  // namespace ingot
