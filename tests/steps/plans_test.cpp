// Whole plans against the interpreter: shape arithmetic that needs no steps, control flow.
#include <gtest/gtest.h>

#include <algorithm>

#include "backends/cpu/plugin.h"
#include "compiler/lower.h"
#include "ir/infer.h"
#include "ir/interpreter.h"
#include "ir/text.h"
#include "ops/wide.h"
#include "passes/impossible_branches.h"
#include "runtime/executor.h"

namespace ingot {
namespace {

class Plans : public testing::Test {
 protected:
  void parse(std::string_view text) {
    auto graph = parse_graph(text);
    ASSERT_TRUE(graph.ok()) << graph.status().to_string();
    graph_ = std::move(*graph);
  }

  void lower_graph(std::string_view text) {
    parse(text);
    lower_parsed();
  }

  void lower_parsed() {
    LoweringOptions options;
    options.target = target_.get();
    WeightTable weights;
    auto plan = lower(*graph_, options, weights);
    ASSERT_TRUE(plan.ok()) << plan.status().to_string();
    engine_->plans = {std::move(*plan)};
    engine_->weights = weights.take(engine_->plans);
    const Status status = validate(engine_->plans[0], engine_->weights.size());
    ASSERT_TRUE(status.ok()) << status.to_string();
    auto executor = Executor::create(engine_, engine_->plans[0], *device_, *stream_);
    ASSERT_TRUE(executor.ok()) << executor.status().to_string();
    executor_ = std::move(*executor);
  }

  void expect_same(const std::vector<Tensor>& inputs) {
    std::vector<Dims> dims;
    for (const Tensor& t : inputs) dims.push_back(t.dims());
    Status status = executor_->resize(dims);
    ASSERT_TRUE(status.ok()) << status.to_string();
    for (size_t i = 0; i < inputs.size(); ++i) executor_->set_input(i, inputs[i].data());
    status = executor_->run();
    ASSERT_TRUE(status.ok()) << status.to_string();
    const auto want = interpret(*graph_, inputs);
    ASSERT_TRUE(want.ok()) << want.status().to_string();
    for (size_t i = 0; i < want->size(); ++i) {
      const TensorArg& got = executor_->output(i);
      EXPECT_EQ(got.dims, (*want)[i].dims());
      ASSERT_EQ(got.dtype, (*want)[i].dtype());
      EXPECT_EQ(ops::load_all<double>({got.dtype, got.dims, got.data}),
                ops::load_all<double>((*want)[i].view()));
    }
  }

  int64_t steps(std::string_view op) const {
    const auto& all = engine_->plans[0].steps;
    return std::count_if(all.begin(), all.end(), [&](const PlanStep& s) { return s.op == op; });
  }

  std::unique_ptr<Target> target_ = cpu::make_target(2).value();
  std::unique_ptr<Device> device_ = cpu::make_device().value();
  std::unique_ptr<Stream> stream_ = device_->make_stream(2).value();
  std::unique_ptr<Graph> graph_;
  std::shared_ptr<EngineImage> engine_ = std::make_shared<EngineImage>();
  std::unique_ptr<Executor> executor_;
};

Tensor counting(Dims dims) {
  Tensor t = Tensor::allocate(DataType::kF32, std::move(dims)).value();
  for (int64_t i = 0; i < t.size(); ++i)
    t.mutable_span<float>()[static_cast<size_t>(i)] = static_cast<float>(i % 5);
  return t;
}

TEST_F(Plans, ShapeArithmeticIsWrittenByTheExecutor) {
  lower_graph(R"(graph g(x: f32[batch, seq, 8]) {
    shape = Shape(x)
    zero = i64[1] {0}
    one = i64[1] {1}
    batch = Gather(shape, zero)
    seq = Gather(shape, one)
    heads = i64[2] {2, 4}
    target = Concat(batch, seq, heads) {axis = 0}
    y = Reshape(x, target)
    wide = Mul(seq, seq)
    filled = ConstantOfShape(wide)
    long = Greater(seq, batch)
    return y, shape, wide, filled, long
  })");
  EXPECT_EQ(steps("gather"), 0);
  EXPECT_EQ(steps("concat"), 0);
  for (const Dims& dims : {Dims{2, 3, 8}, Dims{2, 5, 8}, Dims{1, 1, 8}}) expect_same({counting(dims)});
}

// The node that the size comes from is kept, though nobody reads what it makes.
TEST_F(Plans, SizesOfTheRunAreKnownToLaterSteps) {
  lower_graph(R"(graph g(x: f32[n]) {
    hits = NonZero(x)
    shape = Shape(hits)
    one = i64[] {1}
    count = Gather(shape, one)
    limit = i64[] {3}
    k = Min(count, limit)
    zero = i64[1] {0}
    ks = Unsqueeze(k, zero)
    best, where = TopK(x, ks)
    return best, where, count
  })");
  EXPECT_EQ(steps("nonzero"), 1);
  EXPECT_EQ(steps("gather"), 0);
  for (int64_t n : {1, 2, 3, 9, 400}) expect_same({counting({n})});
  expect_same({counting({7})});
}

// Each list is the beginning of the next: all lie in the last one's memory, except where the order differs.
TEST_F(Plans, GrowingListsAreNotCopied) {
  lower_graph(R"(graph g(x: f32[1, 4]) {
    a = Relu(x)
    b = Neg(a)
    ab = Concat(a, b) {axis = 1}
    c = Abs(ab)
    abc = Concat(a, b, c) {axis = 1}
    d = Neg(abc)
    bc = Concat(b, c) {axis = 1}
    ba = Concat(b, a) {axis = 1}
    abcd = Concat(a, b, c, d) {axis = 1}
    y = Neg(abcd)
    z = Neg(bc)
    w = Neg(ba)
    return y, z, w
  })");
  EXPECT_EQ(steps("concat"), 1);
  expect_same({counting({1, 4})});
}

TEST_F(Plans, LoopsThatNeverRunStackNothing) {
  lower_graph(R"(graph g(trips: i64[], x: f32[2, 3]) {
    kept, all = Loop(trips, _, x) body = graph body(i: i64[], c: bool[], v: f32[2, 3]) {
      w = Relu(v)
      return c, w, w
    }
    return kept, all
  })");
  for (int64_t trips : {0, 3, 0}) expect_same({Tensor::scalar_i64(trips), counting({2, 3})});
}

// A branch for other dims than those that were fixed after it was made.
constexpr std::string_view kTwoRates = R"(graph g(k: i64[], x: f32[n]) {
    zero = i64[] {0}
    c = Greater(k, zero)
    y = If(c; x) then_branch = graph t(x: f32[n]) {
      d = i64[2] {2, 4}
      y = Reshape(x, d)
      return y
    } else_branch = graph e(x: f32[n]) {
      d = i64[2] {2, 2}
      y = Reshape(x, d)
      return y
    }
    return y
  })";

TEST_F(Plans, ABranchForOtherShapesFailsWhereItIsTaken) {
  parse(kTwoRates);
  graph_->inputs()[1]->set_type({DataType::kF32, {8}, true});
  std::vector<std::string> notes;
  ASSERT_TRUE(infer_and_cut_branches(*graph_, notes).ok());
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_NE(notes[0].find("'else_branch' cannot be computed with these shapes"), std::string::npos)
      << notes[0];
  ASSERT_TRUE(verify(*graph_).ok());
  lower_parsed();
  expect_same({Tensor::scalar_i64(1), counting({8})});
  const Tensor no = Tensor::scalar_i64(0), x = counting({8});
  executor_->set_input(0, no.data());
  executor_->set_input(1, x.data());
  const Status status = executor_->run();
  EXPECT_NE(status.message().find("'else_branch' cannot be computed"), std::string::npos)
      << status.to_string();
}

TEST_F(Plans, TwoBranchesForOtherShapesAreAnError) {
  parse(kTwoRates);
  graph_->inputs()[1]->set_type({DataType::kF32, {7}, true});
  std::vector<std::string> notes;
  EXPECT_FALSE(infer_and_cut_branches(*graph_, notes).ok());
}

}  // namespace
}  // namespace ingot
