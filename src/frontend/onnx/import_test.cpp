// Import of whole models: names, shapes, weights, order, functions, subgraphs, and what is refused.
#include <gtest/gtest.h>

#include "frontend/onnx/onnx_import.h"
#include "frontend/onnx/test_model.h"
#include "ir/infer.h"
#include "ir/text.h"

namespace ingot {
namespace {

using namespace onnx_test;

Result<std::unique_ptr<Graph>> import_text(const std::string& bytes, const ImportOptions& options = {},
                                           ImportReport* report = nullptr) {
  return import_onnx_bytes(std::as_bytes(std::span(bytes)), nullptr, "", options, report);
}

// The graph's text, or the error's.
std::string imported(const std::string& bytes, const ImportOptions& options = {}) {
  auto graph = import_text(bytes, options);
  if (!graph.ok()) return graph.status().to_string();
  const Status valid = verify(**graph);
  return valid.ok() ? print(**graph) : valid.to_string();
}

void expect_has(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << "'" << part << "' is not in: " << text;
}

const Message kX = value_info("x", kFloat, {"batch", 4});
const Message kY = value_info("y", kFloat, {"batch", 4});

TEST(Import, OneNode) {
  const TestGraph g{{kX}, {kY}, {node("Relu", {"x"}, {"y"}, {}, "", "act")}, {}};
  EXPECT_EQ(imported(model(g.build("net"))),
            "graph net(x: f32[batch, 4]) {\n  y: f32[batch, 4] = Relu(x) as \"act\"\n  return y\n}\n");
}

TEST(Import, InitializersAreConstantsEvenWhenListedAsInputs) {
  const TestGraph g{{kX, value_info("w", kFloat, {4})},
                    {kY},
                    {node("Add", {"x", "w"}, {"y"})},
                    {floats("w", {4}, {1, 2, 3, 4})}};
  auto graph = import_text(model(g.build(), 18, {}, 3));
  ASSERT_TRUE(graph.ok()) << graph.status().to_string();
  ASSERT_EQ((*graph)->inputs().size(), 1u);
  const Value* w = (*graph)->nodes().front()->input(1);
  ASSERT_TRUE(w->is_constant());
  EXPECT_EQ(w->name(), "w");
  EXPECT_EQ(w->constant().span<float>()[2], 3);
}

TEST(Import, OpenDimsGetNamesAndShapesMayBeGiven) {
  const TestGraph g{{value_info("x", kFloat, {"", "n", 4}), value_info("z", kFloat, {"n"})},
                    {untyped("y")},
                    {node("Relu", {"x"}, {"y"})},
                    {}};
  expect_has(imported(model(g.build())), "x: f32[x_0, n, 4], z: f32[n]");
  ImportOptions options;
  options.input_shapes["x"] = {2, 3, 4};
  expect_has(imported(model(g.build()), options), "x: f32[2, 3, 4], z: f32[3]");
  options.input_shapes["x"] = {2, 3, 5};
  expect_has(imported(model(g.build()), options), "does not fit");
  options.input_shapes = {{"q", {1}}};
  expect_has(imported(model(g.build()), options), "the inputs are 'x', 'z'");
}

TEST(Import, FreshSymbolsAvoidTheModelsOwn) {
  const TestGraph g{{value_info("x", kFloat, {"u7"})}, {untyped("y")}, {node("Relu", {"x"}, {"y"})}, {}};
  auto graph = import_text(model(g.build()));
  ASSERT_TRUE(graph.ok());
  EXPECT_EQ((*graph)->fresh_dim(), Dim::symbol("u8"));
}

TEST(Import, NamesOfAnyCharacters) {
  const std::string odd("a b\n\"\0\xff/:", 9);
  const TestGraph g{{value_info(odd, kFloat, {2})}, {untyped("")}, {node("Relu", {odd}, {"v0"})}, {}};
  TestGraph named = g;
  named.outputs = {untyped("v0")};
  auto graph = import_text(model(named.build()));
  ASSERT_TRUE(graph.ok()) << graph.status().to_string();
  EXPECT_EQ((*graph)->inputs()[0]->name(), odd);
  EXPECT_EQ((*graph)->outputs()[0]->name(), "v0");
}

TEST(Import, NodesInAnyOrder) {
  const TestGraph g{
      {kX}, {kY}, {node("Relu", {"b"}, {"y"}), node("Relu", {"x"}, {"a"}), node("Relu", {"a"}, {"b"})}, {}};
  auto graph = import_text(model(g.build()));
  ASSERT_TRUE(graph.ok()) << graph.status().to_string();
  EXPECT_EQ((*graph)->nodes().front()->output()->name(), "a");
  EXPECT_TRUE(verify(**graph).ok());
}

TEST(Import, CyclesAreNamed) {
  const TestGraph g{
      {kX},
      {kY},
      {node("Add", {"x", "c"}, {"b"}, {}, "", "first"), node("Relu", {"b"}, {"c"}, {}, "", "second"),
       node("Relu", {"c"}, {"y"}, {}, "", "third")},
      {}};
  const std::string text = imported(model(g.build()));
  expect_has(text, "cycle");
  expect_has(text, "'first'");
  expect_has(text, "'second'");
  EXPECT_EQ(text.find("'third'"), std::string::npos) << text;
}

TEST(Import, EverythingThatIsWrongIsReportedAtOnce) {
  const TestGraph g{
      {kX},
      {kY, untyped("nowhere")},
      {node("Frobnicate", {"x"}, {"a"}, {}, "my.domain", "n1"), node("Relu", {"a"}, {"b"}),
       node("Add", {"b", "gone"}, {"c"}, {}, "", "n2"), node("Quux", {"x"}, {"y"}, {}, "", "n3"),
       node("Relu", {"x"}, {"d"}, {int_attribute("slope", 1)}, "", "n4"),
       node("Relu", {"x"}, {"e"}, {}, "", "n5")},
      {}};
  ImportReport report;
  auto graph = import_text(model(g.build()), {}, &report);
  ASSERT_FALSE(graph.ok());
  EXPECT_EQ(graph.status().code(), StatusCode::kUnsupported);
  const std::string text(graph.status().message());
  expect_has(text, "node 'n1' (my.domain.Frobnicate, opset 1): the operator is not known");
  expect_has(text, "node 'n2' (Add, opset 18): input 'gone' is no input");
  expect_has(text, "node 'n3' (Quux, opset 18)");
  expect_has(text, "node 'n4' (Relu, opset 18): Relu: unknown attribute 'slope'");
  expect_has(text, "output 'nowhere' is produced by no node");
  EXPECT_EQ(report.problems.size(), 5u) << text;  // no echo from what depends on n1
}

TEST(Import, DuplicateDefinitions) {
  const TestGraph g{{kX, kX},
                    {kY},
                    {node("Relu", {"x"}, {"y"}), node("Relu", {"x"}, {"y"}), node("Relu", {"y"}, {"w"})},
                    {floats("w", {1}, {1}), floats("w", {1}, {2})}};
  const std::string text = imported(model(g.build()));
  expect_has(text, "input 'x' is defined twice");
  expect_has(text, "initializer 'w' is defined twice");
  expect_has(text, "output 'y' is defined before");
  expect_has(text, "output 'w' is defined before");
}

TEST(Import, UnknownVersions) {
  const TestGraph g{{kX}, {kY}, {node("Relu", {"x"}, {"y"})}, {}};
  expect_has(imported(model(g.build(), 999)), "operator set 999");
  expect_has(imported(model(g.build(), 18, {}, 99)), "IR version 99, expected 3 to");
  const TestGraph early{{kX}, {kY}, {node("HardSwish", {"x"}, {"y"})}, {}};
  expect_has(imported(model(early.build(), 9)), "operator sets 14 to");
}

TEST(Import, AbsurdAndStrangeInputs) {
  const auto with_input = [](const Message& x) {
    return model(TestGraph{{x}, {untyped("y")}, {node("Relu", {"x"}, {"y"})}, {}}.build());
  };
  expect_has(imported(with_input(value_info("x", kFloat, {int64_t{1} << 40, int64_t{1} << 40}))), ("absurd"));
  expect_has(imported(with_input(value_info("x", 8, {1}))), "element type string");
  expect_has(imported(with_input(untyped("x"))), "has no type");
}

// f(a) = Relu(Softmax(a, axis)) with a default axis; g(a) = f(f(a)).
TEST(Import, NestedFunctionsAreInlined) {
  const Message f = function(
      "local", "F", {"a"}, {"r"},
      {node("Softmax", {"a"}, {"s"}, {reference_attribute("axis", "dim", 2)}), node("Relu", {"s"}, {"r"})},
      {}, {int_attribute("dim", 1)});
  const Message outer =
      function("local", "G", {"a"}, {"r"},
               {node("F", {"a"}, {"t"}, {reference_attribute("dim", "axis", 2)}, "local", "one"),
                node("F", {"t"}, {"r"}, {}, "local", "two")},
               {"axis"});
  const TestGraph g{{kX}, {kY}, {node("G", {"x"}, {"y"}, {int_attribute("axis", 0)}, "local", "call")}, {}};
  EXPECT_EQ(imported(model(g.build(), 18, {f, outer})),
            "graph g(x: f32[batch, 4]) {\n"
            "  call/one/s: f32[batch, 4] = Softmax(x) {axis = 0} as \"call/one/s\"\n"
            "  call/t: f32[batch, 4] = Relu(call/one/s) as \"call/one/r\"\n"
            "  call/two/s: f32[batch, 4] = Softmax(call/t) {axis = 1} as \"call/two/s\"\n"
            "  y: f32[batch, 4] = Relu(call/two/s) as \"call/two/r\"\n"
            "  return y\n}\n");
}

TEST(Import, FunctionsThatCallThemselves) {
  const Message f = function("local", "F", {"a"}, {"r"},
                             {node("F", {"a"}, {"t"}, {}, "local"), node("F", {"t"}, {"r"}, {}, "local")});
  const TestGraph g{{kX}, {kY}, {node("F", {"x"}, {"y"}, {}, "local")}, {}};
  expect_has(imported(model(g.build(), 18, {f})), "more than 64 deep");
}

TEST(Import, DamagedTensors) {
  const auto with_weight = [](const Message& w) {
    return model(TestGraph{{kX}, {kY}, {node("Add", {"x", "w"}, {"y"})}, {w}}.build());
  };
  expect_has(imported(with_weight(floats("w", {4}, {1, 2, 3}))), "f32[4] takes 16 bytes, got 12");
  expect_has(imported(with_weight(floats("w", {int64_t{1} << 62, 8}, {1}))), "too many elements");
  expect_has(imported(with_weight(floats("w", {-1}, {1}))), "negative dimension");
  expect_has(imported(with_weight(Message().number(1, 4).number(2, 1).text(8, "w"))),
             ("takes 16 bytes, got 0"));
  expect_has(imported(with_weight(tensor<float>("w", 14, {1}, {1, 1}))), "complex64");
}

TEST(Import, NotAModel) {
  expect_has(imported(""), "empty");
  expect_has(imported("hello, this is text\n"), "corrupt data: not an ONNX model");
  expect_has(imported(Message().number(1, 9).bytes), "no graph");
  EXPECT_EQ(import_onnx_file("/nonexistent/model.onnx").status().code(), StatusCode::kNotFound);
}

TEST(Import, DeepNestingIsRefused) {
  Message inner = TestGraph{}.build();
  for (int i = 0; i < 2000; ++i)
    inner =
        TestGraph{{}, {}, {node("If", {"c"}, {"y"}, {graph_attribute("then_branch", inner)})}, {}}.build();
  expect_has(imported(model(inner)), "nested more than");
}

}  // namespace
}  // namespace ingot
