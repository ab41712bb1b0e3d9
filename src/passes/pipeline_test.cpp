// The pipeline's options: disabling, stopping at, dumping by name.
#include "passes/pipeline.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "ir/text.h"

namespace ingot {
namespace {

constexpr const char* kText = R"(graph main(x: f32[n, 4]) {
  one = f32[] {1}
  two = f32[4] splat(2)
  three = Add(one, two)
  y = Mul(x, three)
  z = Mul(x, three)
  s = Add(y, z)
  return s
})";

std::unique_ptr<Graph> parsed() { return parse_graph(kText).value(); }
size_t nodes_after(const PassOptions& options) {
  auto g = parsed();
  EXPECT_TRUE(optimize(*g, options).ok());
  return g->nodes().size();
}

TEST(Pipeline, PassesCanBeDisabledByName) {
  EXPECT_EQ(nodes_after({.disable = {"all"}}), 4u);
  EXPECT_EQ(nodes_after({}), 1u);
  EXPECT_EQ(nodes_after({.disable = {"fuse_pointwise", "merge_duplicates"}}), 3u);
  EXPECT_EQ(nodes_after({.disable = {"fuse_pointwise"}}), 2u);
}

TEST(Pipeline, StopsAfterAPass) { EXPECT_EQ(nodes_after({.stop_after = "fold_constants"}), 3u); }

TEST(Pipeline, DumpsBeforeAndAfterByName) {
  std::vector<std::string> names, texts;
  PassOptions options;
  options.dump_before = {"fold_constants"};
  options.dump_after = {"fold_constants"};
  options.stop_after = "fold_constants";
  options.dump = [&](std::string_view name, const Graph& g) {
    names.emplace_back(name);
    texts.push_back(print(g));
  };
  auto g = parsed();
  ASSERT_TRUE(optimize(*g, options).ok());
  EXPECT_EQ(names, (std::vector<std::string>{"08_fold_constants_before", "08_fold_constants_after"}));
  EXPECT_NE(texts[0].find("Add(one, two)"), std::string::npos);
  EXPECT_EQ(texts[1].find("Add(one, two)"), std::string::npos);
}

TEST(Pipeline, DumpsToAFolder) {
  const auto folder = std::filesystem::path(testing::TempDir()) / str("ingot_dump_", ::getpid());
  std::filesystem::create_directories(folder);
  auto g = parsed();
  ASSERT_TRUE(
      optimize(*g, {.stop_after = "fold_constants", .dump_after = {"all"}, .dump = dump_to_folder(folder)})
          .ok());
  EXPECT_GT(std::filesystem::file_size(folder / "08_fold_constants_after.ir"), 0u);
  std::filesystem::remove_all(folder);
}

TEST(Pipeline, UnknownNamesAreErrorsThatListTheKnown) {
  auto g = parsed();
  for (const PassOptions& options :
       {PassOptions{.disable = {"nonsense"}}, PassOptions{.stop_after = "nonsense"},
        PassOptions{.dump_after = {"nonsense"}}}) {
    const Status status = optimize(*g, options);
    EXPECT_EQ(status.code(), StatusCode::kNotFound);
    EXPECT_NE(status.message().find("fold_constants"), std::string_view::npos) << status.message();
  }
}

// Squares of what float16 holds need not be held by it: neither they nor their sum are stored so.
TEST(Pipeline, StatisticsStayWideBesideNarrowFloats) {
  const auto g = parse_graph(R"(graph main(x: f32[n, 64, 8], w: f32[8, 8]) {
  axes = i64[1] {1}
  share = f32[] {0.015625}
  h = MatMul(x, w)
  squares = Mul(h, h)
  sum = ReduceSum(squares, axes)
  mean = Mul(sum, share)
  root = Sqrt(mean)
  y = Div(h, root)
  return y
})")
                     .value();
  ASSERT_TRUE(optimize(*g, {.floats = DataType::kF16}).ok());
  const std::string text = print(*g);
  EXPECT_NE(text.find(": f32[n, 1, 8] = ReduceSumSquare("), text.npos) << text;
  EXPECT_NE(text.find(": f32[n, 1, 8] = Pointwise("), text.npos) << text;
  EXPECT_NE(text.find(": f16[n, 64, 8] = Pointwise("), text.npos) << text;
}

// Scales of 8-bit products are too small for float16.
TEST(Pipeline, ScalesOfTheRunStayWideBesideNarrowFloats) {
  const auto g = parse_graph(R"(graph main(x: f32[n, 3]) {
  w = i8[3, 2] {1, -2, 3, 4, -128, 127}
  sw = f32[] {0.0001}
  q, s, z = DynamicQuantizeLinear(x)
  p = MatMulInteger(q, w, z)
  f = Cast(p) {to = 1}
  scales = Mul(s, sw)
  y = Mul(f, scales)
  r = Relu(y)
  return r
})")
                     .value();
  ASSERT_TRUE(optimize(*g, {.floats = DataType::kF16}).ok());
  const std::string text = print(*g);
  EXPECT_NE(text.find(": f16[n, 2] = QuantizedMatMul("), text.npos) << text;
  EXPECT_NE(text.find("sums = f32[2]"), text.npos) << text;
  EXPECT_NE(text.find(": f32[] = Pointwise("), text.npos) << text;
}

TEST(Pipeline, EveryPassSaysWhatItDoes) {
  for (const Pass& pass : all_passes()) {
    EXPECT_FALSE(pass.what.empty());
    EXPECT_EQ(find_pass(pass.name), &pass);
  }
  EXPECT_EQ(find_pass("nonsense"), nullptr);
}

}  // namespace
}  // namespace ingot
