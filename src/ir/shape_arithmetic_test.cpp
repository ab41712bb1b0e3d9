// Shapes that a graph computes for itself: known symbolically where Reshape, Expand and Slice use them; and
// control flow whose shapes change from one iteration to the next.
#include <gtest/gtest.h>

#include "ir/infer.h"
#include "ir/interpreter.h"

namespace ingot {
namespace {

const Dim batch = Dim::symbol("batch"), seq = Dim::symbol("seq");

class Builder {
 public:
  explicit Builder(Graph& graph) : graph_(graph) {}
  Value* input(const char* name, DataType dtype, Shape shape) {
    return graph_.add_input(name, {dtype, std::move(shape), true});
  }
  Value* ints(Ints values) { return graph_.add_constant("", Tensor::vector_i64(values)); }
  Value* integer(int64_t value) { return graph_.add_constant("", Tensor::scalar_i64(value)); }
  Node* node(const char* op, std::vector<Value*> inputs, Attrs attrs = {}, size_t outputs = 1) {
    INGOT_CHECK(find_op(op) != nullptr);
    return graph_.add_node(*find_op(op), std::move(inputs), std::move(attrs), outputs);
  }
  Value* add(const char* op, std::vector<Value*> inputs, Attrs attrs = {}) {
    Node* n = node(op, std::move(inputs), std::move(attrs));
    const Status status = infer_node(*n);
    EXPECT_TRUE(status.ok()) << status.to_string();
    return n->output();
  }
  Value* dim_of(Value* x, int64_t axis) { return add("Gather", {add("Shape", {x}), integer(axis)}); }

 private:
  Graph& graph_;
};

// What PyTorch exports for x.view(b, s, heads, -1) with b and s read from x.
TEST(ShapeArithmetic, ViewOfComputedSizes) {
  Graph g;
  Builder b(g);
  Value* x = b.input("x", DataType::kF32, {batch, seq, 64});
  Value* zero = b.ints({0});
  Value* target = b.add("Concat",
                        {b.add("Unsqueeze", {b.dim_of(x, 0), zero}),
                         b.add("Unsqueeze", {b.dim_of(x, 1), zero}), b.ints({8, -1})},
                        {{"axis", int64_t{0}}});
  EXPECT_EQ(b.add("Reshape", {x, target})->shape(), (Shape{batch, seq, 8, 8}));
  Value* merged =
      b.add("Concat", {b.ints({-1}), b.add("Slice", {b.add("Shape", {x}), b.ints({2}), b.ints({INT64_MAX})})},
            {{"axis", int64_t{0}}});
  EXPECT_EQ(b.add("Reshape", {x, merged})->shape(), (Shape{batch * seq, 64}));
}

// expand(-1, ...) as exporters write it: Where(Equal(shape, -1), ones, shape).
TEST(ShapeArithmetic, ExpandWithMinusOne) {
  Graph g;
  Builder b(g);
  Value* x = b.input("x", DataType::kF32, {batch, 1});
  Value* wanted = b.add("Concat", {b.ints({-1}), b.add("Unsqueeze", {b.dim_of(x, 0), b.ints({0})})},
                        {{"axis", int64_t{0}}});
  Value* minus = b.add(
      "Mul",
      {b.add("ConstantOfShape", {b.ints({2})}, {{"value", Tensor::vector_i64(Ints{1})}}), b.integer(-1)});
  Value* ones = b.add("ConstantOfShape", {b.ints({2})}, {{"value", Tensor::vector_i64(Ints{1})}});
  Value* target = b.add("Where", {b.add("Equal", {wanted, minus}), ones, wanted});
  EXPECT_EQ(b.add("Expand", {x, target})->shape(), (Shape{batch, batch}));
}

TEST(ShapeArithmetic, RangesCastsAndHalves) {
  Graph g;
  Builder b(g);
  Value* x = b.input("x", DataType::kF32, {batch, seq});
  Value* n = b.dim_of(x, 1);
  EXPECT_EQ(b.add("Range", {b.integer(0), n, b.integer(1)})->shape(), (Shape{seq}));
  Value* half = b.add("Div", {n, b.integer(2)});
  Value* end = b.add("Unsqueeze", {b.add("Cast", {half}, {{"to", int64_t{7}}}), b.ints({0})});
  EXPECT_EQ(b.add("Slice", {x, b.ints({0}), end, b.ints({1})})->shape(),
            (Shape{batch, min(floor_div(seq, 2), seq)}));
  Value* doubled =
      b.add("Mul", {b.add("Cast", {n}, {{"to", int64_t{1}}}), g.add_constant("", Tensor::scalar_f32(2))});
  Value* back = b.add("Cast", {b.add("Floor", {doubled})}, {{"to", int64_t{7}}});
  Value* padded = b.add("ConstantOfShape", {b.add("Unsqueeze", {back, b.ints({0})})});
  EXPECT_EQ(padded->shape(), (Shape{seq * 2}));
  Value* count = b.add("ReduceProd", {b.add("Shape", {x})}, {{"keepdims", int64_t{0}}});
  EXPECT_EQ(b.add("Reshape", {x, b.add("Unsqueeze", {count, b.ints({0})})})->shape(), (Shape{batch * seq}));
}

std::vector<float> floats(const Tensor& t) { return {t.span<float>().begin(), t.span<float>().end()}; }

// A loop that appends to a carried vector: inside it has one size each time, outside another.
TEST(ControlFlow, LoopThatGrows) {
  Graph g;
  Builder b(g);
  Value* trips = b.input("trips", DataType::kI64, {});
  Value* x = b.input("x", DataType::kF32, {2});
  Node* loop = b.node("Loop", {trips, nullptr, x}, {}, 2);
  auto body = std::make_unique<Graph>("body");
  Builder in(*body);
  in.input("i", DataType::kI64, {});
  Value* condition = in.input("c", DataType::kBool, {});
  Value* carried = in.input("v", DataType::kF32, {2});
  Node* last = in.node("Slice", {carried, in.ints({-1}), in.ints({INT64_MAX})});
  Node* grown = in.node("Concat", {carried, last->output()}, {{"axis", int64_t{0}}});
  Node* sum = in.node("ReduceSum", {carried});
  body->set_outputs({condition, grown->output(), sum->output()});
  g.add_subgraph(loop, "body", std::move(body));
  g.set_outputs({loop->output(0), loop->output(1)});
  const Status status = infer(g);
  ASSERT_TRUE(status.ok()) << status.to_string();
  ASSERT_EQ(loop->output(0)->type().rank(), 1);
  EXPECT_FALSE(loop->output(0)->shape()[0].is_const());
  ASSERT_EQ(loop->output(1)->type().rank(), 2);
  EXPECT_TRUE(loop->output(1)->shape()[1].is(1));
  auto out = interpret(g, std::vector<Tensor>{Tensor::scalar_i64(3), Tensor::vector_f32(Floats{1, 2})});
  ASSERT_TRUE(out.ok()) << out.status().to_string();
  EXPECT_EQ(floats((*out)[0]), (Floats{1, 2, 2, 2, 2}));
  EXPECT_EQ(floats((*out)[1]), (Floats{3, 5, 7}));
  auto none = interpret(g, std::vector<Tensor>{Tensor::scalar_i64(0), Tensor::vector_f32(Floats{1, 2})});
  ASSERT_TRUE(none.ok()) << none.status().to_string();
  EXPECT_EQ((*none)[1].dims(), (Dims{0, 1}));
}

// A body that swaps its carried values passes memory on that the next iteration must not lose.
TEST(ControlFlow, LoopThatSwaps) {
  Graph g;
  Builder b(g);
  Value* p = b.input("p", DataType::kF32, {1});
  Value* q = b.input("q", DataType::kF32, {1});
  Node* loop = b.node("Loop", {b.integer(3), nullptr, p, q}, {}, 2);
  auto body = std::make_unique<Graph>("body");
  Builder in(*body);
  in.input("i", DataType::kI64, {});
  Value* condition = in.input("c", DataType::kBool, {});
  Value* first = in.input("a", DataType::kF32, {1});
  Value* second = in.input("b", DataType::kF32, {1});
  body->set_outputs({condition, second, first});
  g.add_subgraph(loop, "body", std::move(body));
  g.set_outputs({loop->output(0), loop->output(1)});
  ASSERT_TRUE(infer(g).ok());
  auto out = interpret(g, std::vector<Tensor>{Tensor::vector_f32(Floats{1}), Tensor::vector_f32(Floats{2})});
  ASSERT_TRUE(out.ok()) << out.status().to_string();
  EXPECT_EQ(floats((*out)[0]), (Floats{2}));
  EXPECT_EQ(floats((*out)[1]), (Floats{1}));
}

// Branches of different shapes, with a captured value.
TEST(ControlFlow, IfWithDifferentShapes) {
  Graph g;
  Builder b(g);
  Value* condition = b.input("c", DataType::kBool, {});
  Value* x = b.input("x", DataType::kF32, {batch, 3});
  Node* n = b.node("If", {condition, x}, {}, 1);
  g.set_captures(n, 1);
  auto branch = [&](const char* name, Ints axes) {
    auto body = std::make_unique<Graph>(name);
    Builder in(*body);
    Value* captured = in.input("x", DataType::kF32, {batch, 3});
    body->set_outputs({in.node("ReduceSum", {captured, in.ints(axes)})->output()});
    g.add_subgraph(n, name, std::move(body));
  };
  branch("then_branch", {0});
  branch("else_branch", {1});
  g.set_outputs({n->output()});
  const Status status = infer(g);
  ASSERT_TRUE(status.ok()) << status.to_string();
  ASSERT_EQ(n->output()->type().rank(), 2);
  EXPECT_FALSE(n->output()->shape()[0].is_const());
  Tensor flag = Tensor::allocate(DataType::kBool, {}).value();
  flag.mutable_span<bool>()[0] = true;
  const Tensor data = Tensor::vector_f32(Floats{1, 2, 3, 4, 5, 6}).reshaped({2, 3});
  auto out = interpret(g, std::vector<Tensor>{flag, data});
  ASSERT_TRUE(out.ok()) << out.status().to_string();
  EXPECT_EQ(floats((*out)[0]), (Floats{5, 7, 9}));
}

}  // namespace
}  // namespace ingot
