// The timing cache's file: what is kept, merged and refused.
#include "tune/timing_cache.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <sstream>

namespace ingot {
namespace {

struct TimingCacheTest : ::testing::Test {
  std::string path = ::testing::TempDir() + "timing_cache_test.txt";
  void SetUp() override { std::remove(path.c_str()); }
  void TearDown() override { std::remove(path.c_str()); }
  std::string text() const {
    std::ostringstream out;
    out << std::ifstream(path).rdbuf();
    return std::move(out).str();
  }
  Status load_text(std::string_view text) const {
    std::ofstream(path) << text;
    return TimingCache().load(path);
  }
};

TEST_F(TimingCacheTest, GivesBackWhatTheFileWillSay) {
  TimingCache cache;
  cache.add("a|gemm [1, 2]", 1.23456789123e-5);
  const double kept = *cache.find("a|gemm [1, 2]");
  ASSERT_TRUE(cache.save(path).ok());
  TimingCache loaded;
  ASSERT_TRUE(loaded.load(path).ok());
  ASSERT_NE(loaded.find("a|gemm [1, 2]"), nullptr);
  EXPECT_EQ(*loaded.find("a|gemm [1, 2]"), kept);
  EXPECT_EQ(loaded.find("a|gemm"), nullptr);
  EXPECT_FALSE(loaded.changed());
}

TEST_F(TimingCacheTest, BuildsSideBySideAreMerged) {
  TimingCache first, second;
  ASSERT_TRUE(first.load(path).ok() && second.load(path).ok()) << "a missing file is an empty cache";
  first.add("one", 1e-3);
  second.add("two", 2e-3);
  ASSERT_TRUE(first.save(path).ok());
  ASSERT_TRUE(second.save(path).ok());
  TimingCache both;
  ASSERT_TRUE(both.load(path).ok());
  EXPECT_EQ(both.size(), 2u);
  EXPECT_EQ(text(), "ingot timing cache 1\n1.000000e-03\tone\n2.000000e-03\ttwo\n");
}

TEST_F(TimingCacheTest, SaysWhichLineIsWrong) {
  EXPECT_TRUE(load_text("ingot timing cache 1\n").ok());
  EXPECT_NE(load_text("something else\n").message().find("not a timing cache"), std::string_view::npos);
  for (const char* line : {"fast\tkey", "1e-3", "1e-3 key", "-1\tkey", "inf\tkey", "0\tkey"}) {
    const Status status = load_text(std::string("ingot timing cache 1\n1e-3\tok\n") + line + "\n");
    EXPECT_EQ(status.code(), StatusCode::kCorrupt) << line;
    EXPECT_NE(status.message().find("line 3"), std::string_view::npos) << line;
  }
}

}  // namespace
}  // namespace ingot
