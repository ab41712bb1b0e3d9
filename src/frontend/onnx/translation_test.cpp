// Older and foreign forms of operators compute what their own versions said: small models are imported and
// interpreted.
#include <gtest/gtest.h>

#include <cmath>

#include "frontend/onnx/onnx_import.h"
#include "frontend/onnx/test_model.h"
#include "ir/infer.h"
#include "ir/interpreter.h"

namespace ingot {
namespace {

using namespace onnx_test;
using Values = std::vector<float>;

Tensor input(Dims dims, const Values& values) { return Tensor::vector_f32(values).reshaped(std::move(dims)); }

Values counted(int64_t n) {
  Values v;
  for (int64_t i = 0; i < n; ++i) v.push_back(static_cast<float>(i));
  return v;
}

std::vector<Tensor> run(const std::string& bytes, const std::vector<Tensor>& inputs) {
  auto graph = import_onnx_bytes(std::as_bytes(std::span(bytes)));
  Status status = graph.ok() ? verify(**graph) : graph.status();
  if (status.ok()) {
    auto outputs = interpret(**graph, inputs);
    if (outputs.ok()) return std::move(*outputs);
    status = outputs.status();
  }
  ADD_FAILURE() << status.to_string();
  return {};
}

Values floats_of(const std::vector<Tensor>& outputs, size_t i = 0) {
  if (outputs.size() <= i || outputs[i].dtype() != DataType::kF32) {
    ADD_FAILURE() << "no float output " << i;
    return {};
  }
  const auto span = outputs[i].span<float>();
  return {span.begin(), span.end()};
}

/// One node on float inputs "x0", "x1"... with outputs "y0"...
std::vector<Tensor> run_node(std::string_view op, int64_t version, const Messages& attributes,
                             const std::vector<Tensor>& inputs, int outputs = 1,
                             std::string_view domain = "") {
  TestGraph g;
  Names input_names, output_names;
  for (const Tensor& t : inputs) {
    input_names.push_back("x" + std::to_string(input_names.size()));
    const std::vector<TestDim> dims(t.dims().begin(), t.dims().end());
    g.inputs.push_back(value_info(input_names.back(), kFloat, dims));
  }
  for (int i = 0; i < outputs; ++i) {
    output_names.push_back("y" + std::to_string(i));
    g.outputs.push_back(untyped(output_names.back()));
  }
  g.nodes = {node(op, input_names, output_names, attributes, domain)};
  return run(model(g.build(), version), inputs);
}

void expect_near(const Values& got, const Values& expected, float tolerance = 1e-5f) {
  ASSERT_EQ(got.size(), expected.size());
  for (size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], expected[i], tolerance) << "at " << i;
}

TEST(OlderForms, SoftmaxWorkedOnAMatrix) {
  const Values y =
      floats_of(run_node("Softmax", 11, {int_attribute("axis", 1)}, {input({2, 2, 2}, counted(8))}));
  ASSERT_EQ(y.size(), 8u);
  EXPECT_NEAR(y[0] + y[1] + y[2] + y[3], 1, 1e-6);
  EXPECT_NEAR(y[3] / y[0], std::exp(3.0), 1e-3);
  // On the last axis, and in its newest version, it is the operator itself.
  const Values last =
      floats_of(run_node("Softmax", 11, {int_attribute("axis", 2)}, {input({2, 2, 2}, counted(8))}));
  EXPECT_NEAR(last[0] + last[1], 1, 1e-6);
}

TEST(OlderForms, AttributesBecomeInputs) {
  const Tensor x = input({2, 3}, counted(6));
  auto y = run_node("Unsqueeze", 9, {ints_attribute("axes", {0, 3})}, {x});
  ASSERT_EQ(y.size(), 1u);
  EXPECT_EQ(y[0].dims(), (Dims{1, 2, 3, 1}));
  y = run_node("Squeeze", 9, {ints_attribute("axes", {1})}, {input({2, 1, 3, 1}, counted(6))});
  EXPECT_EQ(y.at(0).dims(), (Dims{2, 3, 1}));
  y = run_node("Squeeze", 9, {}, {input({2, 1, 3, 1}, counted(6))});
  EXPECT_EQ(y.at(0).dims(), (Dims{2, 3}));
  EXPECT_EQ(
      floats_of(run_node("ReduceSum", 9, {ints_attribute("axes", {1}), int_attribute("keepdims", 0)}, {x})),
      (Values{3, 12}));
  EXPECT_EQ(floats_of(run_node("ReduceMax", 9, {}, {x})), (Values{5}));
  EXPECT_EQ(floats_of(run_node("Clip", 6, {float_attribute("min", 1.5f)}, {x})),
            (Values{1.5f, 1.5f, 2, 3, 4, 5}));
  EXPECT_EQ(
      floats_of(run_node(
          "Slice", 9,
          {ints_attribute("axes", {1}), ints_attribute("starts", {1}), ints_attribute("ends", {-1})}, {x})),
      (Values{1, 4}));
  EXPECT_EQ(
      floats_of(run_node("Pad", 2, {ints_attribute("pads", {0, 1, 0, 0}), float_attribute("value", 9)}, {x})),
      (Values{9, 0, 1, 2, 9, 3, 4, 5}));
  EXPECT_EQ(run_node("Reshape", 1, {ints_attribute("shape", {3, -1})}, {x}).at(0).dims(), (Dims{3, 2}));
  y = run_node("Split", 9, {int_attribute("axis", 1), ints_attribute("split", {1, 2})}, {x}, 2);
  EXPECT_EQ(floats_of(y, 0), (Values{0, 3}));
  EXPECT_EQ(floats_of(y, 1), (Values{1, 2, 4, 5}));
  y = run_node("Split", 9, {int_attribute("axis", 0)}, {x}, 2);
  EXPECT_EQ(floats_of(y, 1), (Values{3, 4, 5}));
  EXPECT_EQ(floats_of(run_node("TopK", 9, {int_attribute("k", 2)}, {x}, 2)), (Values{2, 1, 5, 4}));
}

TEST(OlderForms, BroadcastByAxis) {
  const Tensor x = input({2, 3, 2}, Values(12, 0)), b = input({3}, {1, 2, 3});
  EXPECT_EQ(floats_of(run_node("Add", 6, {int_attribute("broadcast", 1), int_attribute("axis", 1)}, {x, b})),
            (Values{1, 1, 2, 2, 3, 3, 1, 1, 2, 2, 3, 3}));
  EXPECT_EQ(floats_of(run_node("Add", 6, {int_attribute("broadcast", 1)}, {x, input({2}, {5, 6})})),
            (Values{5, 6, 5, 6, 5, 6, 5, 6, 5, 6, 5, 6}));
  EXPECT_EQ(floats_of(run_node("PRelu", 6, {}, {input({1, 2, 2}, {-1, -1, -1, 1}), input({2}, {0.5f, 2})})),
            (Values{-0.5f, -0.5f, -2, 1}));
}

TEST(OlderForms, UpsampleAndTheFirstResize) {
  TestGraph g{{value_info("x", kFloat, {1, 1, 1, 2})},
              {untyped("y")},
              {node("Upsample", {"x", "s"}, {"y"})},
              {floats("s", {4}, {1, 1, 2, 2})}};
  const Tensor x = input({1, 1, 1, 2}, {1, 2});
  EXPECT_EQ(floats_of(run(model(g.build(), 9), {x})), (Values{1, 1, 2, 2, 1, 1, 2, 2}));
  g.nodes = {node("Resize", {"x", "s"}, {"y"})};
  EXPECT_EQ(floats_of(run(model(g.build(), 10), {x})), (Values{1, 1, 2, 2, 1, 1, 2, 2}));
  const Message scales =
      Message().text(1, "scales").real(7, 1).real(7, 1).real(7, 1).real(7, 2).number(20, 6);
  EXPECT_EQ(floats_of(run_node("Upsample", 7, {scales}, {x})), (Values{1, 1, 2, 2}));
}

TEST(OlderForms, DropoutPassesItsInputOn) {
  const auto y = run_node("Dropout", 7, {float_attribute("ratio", 0.5f)}, {input({2}, {3, 4})}, 2);
  EXPECT_EQ(floats_of(y, 0), (Values{3, 4}));
  EXPECT_EQ(floats_of(y, 1), (Values{1, 1}));
  const auto newer = run_node("Dropout", 13, {}, {input({2}, {3, 4})}, 2);
  ASSERT_EQ(newer.size(), 2u);
  EXPECT_EQ(newer[1].dtype(), DataType::kBool);
}

TEST(OlderForms, ExperimentalOperators) {
  const Tensor x = input({1, 2, 2, 2}, counted(8));
  EXPECT_EQ(floats_of(run_node("Affine", 7, {float_attribute("alpha", 2), float_attribute("beta", 1)}, {x})),
            (Values{1, 3, 5, 7, 9, 11, 13, 15}));
  const Message bias = Message().text(1, "bias").real(7, 10).real(7, 20).number(20, 6);
  EXPECT_EQ(floats_of(run_node("ImageScaler", 7, {float_attribute("scale", 2), bias}, {x})),
            (Values{10, 12, 14, 16, 28, 30, 32, 34}));
  EXPECT_EQ(floats_of(run_node("Crop", 7, {ints_attribute("border", {1, 0, 0, 1})}, {x})), (Values{1, 5}));
  EXPECT_EQ(floats_of(run_node(
                "Crop", 7, {ints_attribute("border", {0, 1, 0, 0}), ints_attribute("scale", {1, 1})}, {x})),
            (Values{2, 6}));
}

TEST(OlderForms, BatchFirstRecurrence) {
  Values w(4 * 2 * 3), r(4 * 2 * 2), x = counted(2 * 3 * 3);
  for (size_t i = 0; i < w.size(); ++i) w[i] = std::sin(static_cast<float>(i));
  for (size_t i = 0; i < r.size(); ++i) r[i] = std::cos(static_cast<float>(i));
  for (float& v : x) v *= 0.1f;
  Values by_step;  // x is [batch 2, steps 3, 3]
  for (int t = 0; t < 3; ++t)
    for (int b = 0; b < 2; ++b)
      for (int c = 0; c < 3; ++c) by_step.push_back(x[static_cast<size_t>((b * 3 + t) * 3 + c)]);
  const Tensor wt = input({1, 8, 3}, w), rt = input({1, 8, 2}, r);
  const auto attributes = [](int64_t layout) {
    return Messages{int_attribute("hidden_size", 2), int_attribute("layout", layout)};
  };
  const auto first = run_node("LSTM", 14, attributes(1), {input({2, 3, 3}, x), wt, rt}, 3);
  const auto plain = run_node("LSTM", 14, attributes(0), {input({3, 2, 3}, by_step), wt, rt}, 3);
  ASSERT_EQ(first.size(), 3u);
  EXPECT_EQ(first[0].dims(), (Dims{2, 3, 1, 2}));
  EXPECT_EQ(first[1].dims(), (Dims{2, 1, 2}));
  const Values a = floats_of(first, 0), b = floats_of(plain, 0);
  ASSERT_EQ(b.size(), 12u);  // [steps 3, 1, batch 2, 2]
  for (size_t n = 0; n < 2; ++n)
    for (size_t t = 0; t < 3; ++t)
      for (size_t h = 0; h < 2; ++h) EXPECT_FLOAT_EQ(a[(n * 3 + t) * 2 + h], b[(t * 2 + n) * 2 + h]);
  expect_near(floats_of(first, 2), floats_of(plain, 2));
}

TEST(Constants, EveryForm) {
  const auto value_of = [](const Message& attribute) {
    const TestGraph g{{}, {untyped("y")}, {node("Constant", {}, {"y"}, {attribute})}, {}};
    auto outputs = run(model(g.build()), {});
    return outputs.empty() ? Tensor() : outputs[0];
  };
  EXPECT_EQ(value_of(float_attribute("value_float", 2.5f)).type().to_string(), "f32[]");
  EXPECT_EQ(value_of(int_attribute("value_int", 7)).span<int64_t>()[0], 7);
  EXPECT_EQ(value_of(ints_attribute("value_ints", {1, 2})).type().to_string(), "i64[2]");
  EXPECT_EQ(value_of(tensor_attribute("value", floats("", {1, 2}, {3, 4}))).span<float>()[1], 4);
}

TEST(Microsoft, FusedOperators) {
  const auto ms = [](std::string_view op, const Messages& attributes, const std::vector<Tensor>& inputs) {
    return floats_of(run_node(op, 13, attributes, inputs, 1, "com.microsoft"));
  };
  const Tensor a = input({2, 2}, {1, 2, 3, 4}), b = input({2, 2}, {1, 0, 1, 1});
  EXPECT_EQ(ms("FusedMatMul", {int_attribute("transA", 1), float_attribute("alpha", 2)}, {a, b}),
            (Values{8, 6, 12, 8}));
  const Message relu = Message().text(1, "activation").text(4, "Relu").number(20, 3);
  EXPECT_EQ(ms("FusedConv", {relu}, {input({1, 1, 1, 2}, {1, -1}), input({1, 1, 1, 1}, {2})}),
            (Values{2, 0}));
  expect_near(ms("QuickGelu", {float_attribute("alpha", 1)}, {input({1}, {1})}), {1 / (1 + std::exp(-1.0f))});
  expect_near(ms("SkipLayerNormalization", {}, {a, a, input({2}, {1, 1}), input({2}, {0, 5})}),
              {-1, 6, -1, 6});
}

// y = c ? x + w : -x, in two levels of branches; x is captured, w is a constant of the outer graph.
TEST(ControlFlow, BranchesCaptureByName) {
  const Message inner_then = TestGraph{{}, {untyped("s")}, {node("Add", {"x", "w"}, {"s"})}, {}}.build();
  const Message inner_else = TestGraph{{}, {untyped("w")}, {}, {}}.build();
  const Message then_branch = TestGraph{
      {},
      {untyped("t")},
      {node("If", {"c"}, {"t"},
            {graph_attribute("then_branch", inner_then), graph_attribute("else_branch", inner_else)})},
      {}}.build();
  const Message else_branch = TestGraph{{}, {untyped("e")}, {node("Neg", {"r"}, {"e"})}, {}}.build();
  const TestGraph g{
      {value_info("c", kBool, {}), value_info("x", kFloat, {2})},
      {untyped("y")},
      {node("If", {"c"}, {"y"},
            {graph_attribute("then_branch", then_branch), graph_attribute("else_branch", else_branch)}),
       node("Relu", {"x"}, {"r"})},
      {floats("w", {2}, {10, 20})}};
  Tensor c = *Tensor::allocate(DataType::kBool, {});
  const Tensor x = input({2}, {1, -2});
  EXPECT_EQ(floats_of(run(model(g.build()), {c, x})), (Values{-1, 0}));
  c = *Tensor::allocate(DataType::kBool, {});
  c.mutable_span<bool>()[0] = true;
  EXPECT_EQ(floats_of(run(model(g.build()), {c, x})), (Values{11, 18}));
}

// The body's inputs have no types of their own; each step adds x, which is captured, and keeps the row.
TEST(ControlFlow, LoopOfUntypedBody) {
  const Message body = TestGraph{
      {untyped("i"), untyped("go"), untyped("v")},
      {untyped("on"), untyped("next"), untyped("row")},
      {node("Identity", {"go"}, {"on"}), node("Add", {"v", "x"}, {"next"}), node("Identity", {"v"}, {"row"})},
      {}}.build();
  const TestGraph g{{value_info("x", kFloat, {2})},
                    {untyped("y"), untyped("rows")},
                    {node("Loop", {"m", "", "zero"}, {"y", "rows"}, {graph_attribute("body", body)})},
                    {int64s("m", {}, {3}), floats("zero", {2}, {0, 0})}};
  const auto outputs = run(model(g.build()), {input({2}, {1, 2})});
  EXPECT_EQ(floats_of(outputs, 0), (Values{3, 6}));
  EXPECT_EQ(floats_of(outputs, 1), (Values{0, 0, 1, 2, 2, 4}));
}

TEST(ControlFlow, ScanOverRows) {
  const Message body = TestGraph{
      {untyped("s"), untyped("row")},
      {untyped("n"), untyped("o")},
      {node("Add", {"s", "row"}, {"n"}), node("Mul", {"n", "k"}, {"o"})},
      {}}.build();
  const TestGraph g{
      {value_info("h", kFloat, {2}), value_info("x", kFloat, {2, 2}), value_info("k", kFloat, {1})},
      {untyped("y"), untyped("rows")},
      {node("Scan", {"h", "x"}, {"y", "rows"},
            {graph_attribute("body", body), int_attribute("num_scan_inputs", 1)})},
      {}};
  const auto outputs =
      run(model(g.build()), {input({2}, {0, 0}), input({2, 2}, {1, 2, 3, 4}), input({1}, {10})});
  EXPECT_EQ(floats_of(outputs, 0), (Values{4, 6}));
  EXPECT_EQ(floats_of(outputs, 1), (Values{10, 20, 40, 60}));
}

TEST(ControlFlow, ProblemsInBodiesAreReported) {
  const Message branch =
      TestGraph{{}, {untyped("t")}, {node("Nonsense", {"x"}, {"t"}, {}, "", "deep")}, {}}.build();
  const TestGraph g{{value_info("c", kBool, {}), value_info("x", kFloat, {2})},
                    {untyped("y")},
                    {node("If", {"c"}, {"y"},
                          {graph_attribute("then_branch", branch), graph_attribute("else_branch", branch)})},
                    {}};
  const std::string bytes = model(g.build());
  ImportReport report;
  EXPECT_FALSE(import_onnx_bytes(std::as_bytes(std::span(bytes)), nullptr, "", {}, &report).ok());
  ASSERT_GE(report.problems.size(), 2u);
  EXPECT_EQ(report.problems[0].node, "deep");
}

TEST(Table, RowsOfOneOperatorDoNotOverlap) {
  const std::vector<OnnxOp> ops = onnx_ops();
  EXPECT_GT(ops.size(), 200u);
  for (size_t i = 0; i < ops.size(); ++i) {
    EXPECT_LE(ops[i].since, ops[i].until) << ops[i].op;
    for (size_t k = i + 1; k < ops.size(); ++k) {
      if (ops[i].op == ops[k].op && ops[i].domain == ops[k].domain) {
        EXPECT_LT(ops[i].until, ops[k].since) << ops[i].op;
      }
    }
  }
}

}  // namespace
}  // namespace ingot
