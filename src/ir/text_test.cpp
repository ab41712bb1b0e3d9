// The text form: what it looks like, that it round-trips, and that damaged text gives errors.
#include "ir/text.h"

#include <gtest/gtest.h>

#include <limits>

#include "ir/infer.h"
#include "ir/interpreter.h"

namespace ingot {
namespace {

constexpr const char* kSmall = R"(graph main(x: f32[batch, 3], "odd \"name\"\x0a": f32[1]) {
  b = f32[3] {0.5, -1e-08, inf}
  y: f32[batch, 3] = Add(x, b) as "first"
  z: f32[batch, 3] = Softmax(y) {axis = 1}
  v: f32[batch, 3] = Add(z, "odd \"name\"\x0a")
  return v, x
}
)";

std::unique_ptr<Graph> parsed(std::string_view text, std::span<const Tensor> weights = {}) {
  auto g = parse_graph(text, weights);
  EXPECT_TRUE(g.ok()) << g.status().to_string();
  EXPECT_TRUE(verify(**g).ok());
  return std::move(g).value();
}

void expect_error(std::string_view text, std::string_view part) {
  const auto g = parse_graph(text);
  ASSERT_FALSE(g.ok()) << text;
  EXPECT_EQ(g.status().code(), StatusCode::kCorrupt);
  EXPECT_NE(g.status().message().find(part), std::string_view::npos) << g.status().message();
}

TEST(IrText, PrintsWhatItParsed) {
  const auto g = parsed(kSmall);
  EXPECT_EQ(print(*g), kSmall);
  EXPECT_EQ(g->outputs().size(), 2u);
  EXPECT_EQ(g->nodes().front()->name(), "first");
  EXPECT_EQ(g->inputs()[1]->name(), "odd \"name\"\n");
}

TEST(IrText, ANodeWithoutNameBeforeAQuotedResult) {
  const std::string text = R"(graph g(x: f32[2]) {
  y: f32[2] = Relu(x)
  "the end": f32[2] = Relu(y)
  "as": f32[2] = Relu("the end") as "return"
  return "as"
}
)";
  EXPECT_EQ(print(*parsed(text)), text);
}

TEST(IrText, LargeConstantsGoToTheTableOnce) {
  const auto g = parsed(R"(graph g(x: f32[n, 4, 5]) {
    a = f32[4, 5] random(7, 1, 0.5)
    b = f32[4, 5] random(7, 1, 0.5)
    c = f32[20] random(7, 1, 0.5)
    y = Add(x, a)
    z = Add(y, b)
    return z, c
  })");
  std::vector<Tensor> weights;
  const std::string text = print(*g, {.weights = &weights, .types = false});
  EXPECT_EQ(weights.size(), 1u);
  EXPECT_NE(text.find("c = f32[20] @0"), std::string::npos) << text;
  const auto again = parsed(text, weights);
  EXPECT_EQ(again->constants()[0]->constant().data(), weights[0].data()) << "shared, not copied";
  std::vector<Tensor> more;
  EXPECT_EQ(print(*again, {.weights = &more, .types = false}), text);
  EXPECT_NE(print(*g).find("f32[4, 5] ..."), std::string::npos);
  expect_error(print(*g), "'{', '@', 'splat' or 'random'");
}

TEST(IrText, EveryElementTypeRoundTrips) {
  const std::string text = R"(graph g() {
  a = f16[3] {0.5, -0, inf}
  b = bf16[] {-3}
  c = f64[2] {0.1, 1e+300}
  d = i8[2] {-128, 127}
  e = u64[1] {18446744073709551615}
  f = i64[2] {-9223372036854775808, 9223372036854775807}
  g = bool[2] {0, 1}
  h = f8e4m3[2] {0.5, -1}
  i = f32[0, 3] {}
  return a, b, c, d, e, f, g, h, i
}
)";
  EXPECT_EQ(print(*parsed(text)), text);
}

TEST(IrText, NanAndFourBitTypesUseTheTable) {
  Graph g;
  const float nan = std::numeric_limits<float>::quiet_NaN();
  auto nibbles = Tensor::allocate(DataType::kI4, {3});
  ASSERT_TRUE(nibbles.ok());
  g.set_outputs({g.add_constant("a", Tensor::scalar_f32(nan)), g.add_constant("b", *nibbles)});
  std::vector<Tensor> weights;
  const std::string text = print(g, {.weights = &weights});
  EXPECT_EQ(weights.size(), 2u);
  EXPECT_EQ(print(*parsed(text, weights), {.weights = &weights}), text);
}

TEST(IrText, GeneratedConstantsAreTheSameEverywhere) {
  const auto g = parsed(R"(graph g() {
    a = f32[4] random(3, 10, 2)
    b = i32[2] splat(-7)
    return a, b
  })");
  const auto a = g->outputs()[0]->constant().span<float>();
  for (float v : a) EXPECT_NEAR(v, 10, 8);
  EXPECT_NE(a[0], a[1]);
  const auto again = parsed("graph g() { a = f32[4] random(3, 10, 2) return a }");
  EXPECT_EQ(again->outputs()[0]->constant().span<float>()[3], a[3]);
  EXPECT_EQ(g->outputs()[1]->constant().span<int32_t>()[1], -7);
}

TEST(IrText, ErrorsSayWhereAndWhat) {
  expect_error("", "expected 'graph', got the end");
  expect_error("graph g(x: f32[2]) {\n  y = Nonsense(x)\n  return y\n}", "line 2: unknown op \"Nonsense\"");
  expect_error("graph g(x: f32[2]) {\n  y = Add(x, q)\n  return y\n}", "\"q\" is not defined");
  expect_error("graph g(x: f32[2]) { x = Relu(x) return x }", "\"x\" is defined twice");
  expect_error("graph g(x: f32[2]) { y = Softmax(x) {axes = 1} return y }",
               "Softmax has no attribute \"axes\"");
  expect_error("graph g(x: f32[2]) { y = Softmax(x) {axis = 1.5} return y }",
               "expected an integer of 64 bits");
  expect_error("graph g(x: f32[2]) { y: f32[3] = Relu(x) return y }",
               "stated as f32[3], but inferred as f32[2]");
  expect_error("graph g(x: f32[2, ]) { return x }", "expected");
  expect_error("graph g(x: f32[-2]) { return x }", "at least 0");
  expect_error("graph g() { a = i8[1] {300} return a }", "300 is no i8");
  expect_error("graph g() { a = f32[2] {1} return a }", "expected ','");
  expect_error("graph g() { a = f32[1] @0 return a }", "no tensor @0 among the 0");
  expect_error("graph g() { a = f32[100000, 100000] splat(1) return a }", "without a table");
  expect_error("graph g() { a = f32[4000000000, 4000000000] {} return a }", "without a table");
  expect_error("graph g(x: f32[2]) { return _ }", "cannot be '_'");
  expect_error("graph g(x: f32[2]) { return x } more", "expected the end, got \"more\"");
  expect_error("graph g(\"\": f32[2]) { return x }", "a name is empty");
}

TEST(IrText, VariadicInputsMustBeGiven) {
  for (const char* text : {"graph g(x: f32[2]) { y = Concat(x, _) {axis = 0} return y }",
                           "graph g(x: f32[2]) { y = Max(x, _, x) return y }"}) {
    const auto g = parse_graph(text);
    EXPECT_EQ(g.status().code(), StatusCode::kInvalidArgument);
    EXPECT_NE(g.status().message().find("input 1 is missing"), std::string::npos) << g.status().to_string();
  }
}

TEST(IrText, TypesAlone) {
  const auto type = parse_type("f32[batch, floordiv(h, 2), `a, b]`]");
  ASSERT_TRUE(type.ok()) << type.status().to_string();
  EXPECT_EQ(type->to_string(), "f32[batch, floordiv(h, 2), `a, b]`]");
  EXPECT_FALSE(parse_type("i64[*]")->ranked);
  EXPECT_EQ(parse_type("i64[]")->rank(), 0);
  EXPECT_FALSE(parse_type("f32[2] x").ok());
  EXPECT_FALSE(parse_type("f31[2]").ok());
}

}  // namespace
}  // namespace ingot
