// Networks between quantizers, through the whole pipeline: in integers, and, with quantize_layers left out,
// in floats, with results that are a step apart at most.
#include <gtest/gtest.h>

#include <cmath>

#include "ir/interpreter.h"
#include "ir/text.h"
#include "passes/pass_testing.h"
#include "passes/pipeline.h"

namespace ingot {
namespace {

// A residual block with a projection, a pool before and a product after it; bias quantized as exporters do.
constexpr const char* kBlock = R"(graph main(x: f32[n, 4, 8, 8]) {
  s0 = f32[] {0.0625}
  s1 = f32[] {0.125}
  s2 = f32[] {0.25}
  zero = i8[] {0}
  w1 = i8[8, 4, 3, 3] splat(5)
  sw1 = f32[8] {0.002, 0.003, 0.004, 0.005, 0.006, 0.007, 0.008, 0.009}
  w2 = i8[8, 8, 1, 1] splat(-7)
  w3 = i8[8, 4, 1, 1] splat(9)
  sw = f32[] {0.01}
  b1 = i32[8] {100, -200, 300, -400, 500, -600, 700, -800}
  sb = f32[] {0.001}
  xq = QuantizeLinear(x, s0, zero)
  xf = DequantizeLinear(xq, s0, zero)
  p = MaxPool(xf) {kernel_shape = [2, 2], strides = [2, 2]}
  w1f = DequantizeLinear(w1, sw1) {axis = 0}
  w2f = DequantizeLinear(w2, sw)
  w3f = DequantizeLinear(w3, sw)
  b1f = DequantizeLinear(b1, sb)
  c1 = Conv(p, w1f, b1f) {pads = [1, 1, 1, 1]}
  r1 = Relu(c1)
  q1 = QuantizeLinear(r1, s1, zero)
  d1 = DequantizeLinear(q1, s1, zero)
  c2 = Conv(d1, w2f)
  c3 = Conv(p, w3f)
  q3 = QuantizeLinear(c3, s1, zero)
  d3 = DequantizeLinear(q3, s1, zero)
  sum = Add(c2, d3)
  r2 = Relu(sum)
  q2 = QuantizeLinear(r2, s2, zero)
  d2 = DequantizeLinear(q2, s2, zero)
  pool = GlobalAveragePool(d2)
  flat = Flatten(pool)
  fq = QuantizeLinear(flat, s2, zero)
  ff = DequantizeLinear(fq, s2, zero)
  wm = i8[5, 8] splat(11)
  wmf = DequantizeLinear(wm, sw)
  bm = f32[5] {1, 2, 3, 4, 5}
  y = Gemm(ff, wmf, bm) {transB = 1}
  yq = QuantizeLinear(y, s2, zero)
  z = DequantizeLinear(yq, s2, zero)
  return z
})";
constexpr double kStep = 0.25;  // of the result

void expect_a_step_apart(const Graph& a, const Graph& b, double step) {
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    const auto inputs = random_inputs(a, seed);
    const auto want = interpret(a, inputs), got = interpret(b, inputs);
    ASSERT_TRUE(want.ok() && got.ok()) << want.status().to_string() << got.status().to_string();
    const auto x = (*want)[0].span<float>(), y = (*got)[0].span<float>();
    ASSERT_EQ(x.size(), y.size());
    for (size_t i = 0; i < x.size(); ++i) EXPECT_LE(std::fabs(x[i] - y[i]), step * 1.001) << i;
  }
}

TEST(Quantization, ABlockRunsInIntegersOrInFloats) {
  const auto given = parse_graph(kBlock).value();
  const auto narrow = given->clone(), wide = given->clone();
  ASSERT_TRUE(optimize(*narrow).ok());
  ASSERT_TRUE(optimize(*wide, {.quantized = false}).ok());
  EXPECT_EQ(
      count_ops(*narrow),
      "DequantizeLinear 2, Flatten 1, GlobalAveragePool 1, MaxPool 1, QuantizeLinear 2, QuantizedConv 3, "
      "QuantizedMatMul 1");
  EXPECT_EQ(count_ops(*wide).find("Quantized"), std::string::npos) << count_ops(*wide);
  expect_a_step_apart(*given, *narrow, kStep);
  expect_a_step_apart(*given, *wide, kStep);
}

TEST(Quantization, EachPassMayBeLeftOut) {
  const auto given = parse_graph(kBlock).value();
  for (const char* pass : {"move_quantization", "quantize_layers", "fuse_quantization"}) {
    const auto graph = given->clone();
    ASSERT_TRUE(optimize(*graph, {.disable = {pass}}).ok()) << pass;
    expect_a_step_apart(*given, *graph, kStep);
  }
}

TEST(Quantization, Float16BetweenQuantizedLayers) {
  const auto given = parse_graph(kBlock).value();
  const auto graph = given->clone();
  ASSERT_TRUE(optimize(*graph, {.floats = DataType::kF16}).ok());
  for (const auto& node : graph->nodes()) {
    if (node->is("GlobalAveragePool")) {
      EXPECT_EQ(node->output()->dtype(), DataType::kF16);
    }
  }
  expect_a_step_apart(*given, *graph, kStep);
}

TEST(Quantization, OperatorsThatAreQuantizedThemselves) {
  const auto given = parse_graph(R"(graph main(x: u8[n, 4, 6, 6]) {
    xs = f32[] {0.0625}
    xz = u8[] {0}
    w = i8[8, 4, 3, 3] splat(5)
    ws = f32[8] {0.002, 0.003, 0.004, 0.005, 0.006, 0.007, 0.008, 0.009}
    wz = i8[8] splat(0)
    ys = f32[] {0.0078125}
    yz = u8[] {128}
    b = i32[8] {100, -200, 300, -400, 500, -600, 700, -800}
    c = QLinearConv(x, xs, xz, w, ws, wz, ys, yz, b) {pads = [1, 1, 1, 1]}
    m = i8[6, 3] splat(-9)
    ms = f32[] {0.01}
    mz = i8[] {0}
    y = QLinearMatMul(c, ys, yz, m, ms, mz, ys, yz)
    z = DequantizeLinear(y, ys, yz)
    return z
  })")
                         .value();
  const auto graph = given->clone();
  ASSERT_TRUE(optimize(*graph).ok());
  EXPECT_EQ(count_ops(*graph), "DequantizeLinear 1, QuantizedConv 1, QuantizedMatMul 1");
  // A step of the first result, times the weights of six of them, and one of the second.
  expect_a_step_apart(*given, *graph, 0.0078125 * (6 * 0.09 + 1));
}

TEST(Quantization, PadsHoldTheZeroPoint) {
  const auto given = parse_graph(R"(graph main(x: u8[n, 2, 5, 6]) {
    s = f32[] {0.0625}
    z = u8[] {100}
    t = f32[] {0.015625}
    w = i8[3, 2, 3, 3] splat(5)
    wf = DequantizeLinear(w, t)
    xf = DequantizeLinear(x, s, z)
    y = Conv(xf, wf) {pads = [1, 0, 2, 1], strides = [2, 1]}
    return y
  })")
                         .value();
  const auto graph = given->clone();
  ASSERT_TRUE(optimize(*graph).ok());
  EXPECT_EQ(count_ops(*graph), "Pad 1, QuantizedConv 1");
  expect_a_step_apart(*given, *graph, 1e-4);
}

TEST(Quantization, ProductsOfTwoActivationsReadRows) {
  const auto given = parse_graph(R"(graph main(a: i8[n, 3, 8], b: i8[n, 8, 5]) {
    s = f32[] {0.0625}
    t = f32[] {0.125}
    af = DequantizeLinear(a, s)
    bf = DequantizeLinear(b, t)
    y = MatMul(af, bf)
    return y
  })")
                         .value();
  const auto graph = given->clone();
  ASSERT_TRUE(optimize(*graph).ok());
  EXPECT_EQ(count_ops(*graph), "QuantizedMatMul 1, Transpose 1");
  expect_a_step_apart(*given, *graph, 1e-3);
}

TEST(Quantization, Fp8Products) {
  const auto given = parse_graph(R"(graph main(x: f32[n, 6, 16]) {
    s = f32[] {0.01}
    t = f32[] {0.02}
    zero = f8e4m3[] {0}
    w = f32[16, 8] splat(0.3)
    wq = QuantizeLinear(w, t, zero)
    wf = DequantizeLinear(wq, t, zero)
    xq = QuantizeLinear(x, s, zero)
    xf = DequantizeLinear(xq, s, zero)
    p = MatMul(xf, wf)
    b = f32[8] {1, 2, 3, 4, 5, 6, 7, 8}
    y = Add(p, b)
    return y
  })")
                         .value();
  const auto graph = given->clone();
  ASSERT_TRUE(optimize(*graph).ok());
  EXPECT_EQ(count_ops(*graph), "QuantizeLinear 1, QuantizedMatMul 1");
  expect_a_step_apart(*given, *graph, 1e-4);
}

}  // namespace
}  // namespace ingot
