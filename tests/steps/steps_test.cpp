// Every op's cases as plans of one node, with each kernel that the CPU offers for it, against the op's eval:
// for all element types that the op takes, with sizes known when the plan is made and with sizes that only
// the run tells. Buffers lie between guard zones.
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <set>

#include "backends/cpu/plugin.h"
#include "cases.h"
#include "compiler/lower.h"
#include "ir/infer.h"
#include "ir/interpreter.h"
#include "ops/op_cases.h"
#include "ops/wide.h"
#include "runtime/executor.h"

namespace ingot {
namespace {

constexpr DataType kTypes[] = {DataType::kF32, DataType::kI64, DataType::kI32, DataType::kU8,
                               DataType::kBool};

Tensor make_input(const CaseInput& in, std::mt19937& rng) {
  if (in.value) return *in.value;
  if (in.type.dtype == DataType::kInvalid) return {};
  Tensor t = Tensor::allocate(in.type.dtype, eval(in.type.shape, {}).value()).value();
  const bool whole = !is_float(t.dtype()), plus = t.dtype() == DataType::kU8 || t.dtype() == DataType::kBool;
  std::uniform_real_distribution<double> real(in.lo, in.hi);
  std::uniform_int_distribution<int64_t> integer(
      plus ? 0 : static_cast<int64_t>(in.lo), t.dtype() == DataType::kBool ? 1 : static_cast<int64_t>(in.hi));
  std::vector<double> values;
  for (int64_t i = 0; i < t.size(); ++i)
    values.push_back(whole ? static_cast<double>(integer(rng)) : real(rng));
  ops::store(values.data(), t.size(), t.view(), 0);
  return t;
}

// The same case on elements of another type; nullopt where it has no float inputs to change.
std::optional<OpCase> with_type(const OpCase& from, DataType type) {
  OpCase c = from;
  bool changed = false;
  for (CaseInput& in : c.inputs) {
    if (in.type.dtype != DataType::kF32 || in.value) continue;
    in.type.dtype = type;
    if (type != DataType::kF32) in.lo *= 9, in.hi *= 9;
    changed = true;
  }
  return changed ? std::optional(c) : std::nullopt;
}

struct OneNode {
  Graph graph;
  std::vector<Tensor> inputs;  // of the graph
};

enum class Known { kWeights, kValues, kNothing };

// What is known when the plan is made: all operands but the first (as weights are), those that the case gives
// values (as shapes are), or none, not even dims.
std::unique_ptr<OneNode> make_graph(const OpDef& op, const OpCase& c, const std::vector<Tensor>& values,
                                    Known known) {
  const bool open = known == Known::kNothing;
  auto one = std::make_unique<OneNode>();
  std::vector<Value*> operands;
  for (size_t i = 0; i < values.size(); ++i) {
    if (!values[i].valid()) {
      operands.push_back(nullptr);
    } else if (known == Known::kWeights ? i > 0 : c.inputs[i].value && !open) {
      operands.push_back(one->graph.add_constant("", values[i]));
    } else {
      Shape shape = to_shape(values[i].dims());
      for (size_t d = 0; open && d < shape.size(); ++d)
        if (!c.inputs[i].value) shape[d] = Dim::symbol(str("d", i, "_", d));
      operands.push_back(one->graph.add_input(str("x", i), {values[i].dtype(), shape, true}));
      one->inputs.push_back(values[i]);
    }
  }
  Node* node = one->graph.add_node(op, operands, c.attrs, static_cast<size_t>(c.num_outputs));
  one->graph.set_outputs(node->outputs());
  return infer(one->graph).ok() ? std::move(one) : nullptr;
}

// Kernels add up in floats. Winograd's transforms round more than plain sums: 1e-3 is what is promised.
double extra_tolerance(const Plan& plan) {
  for (const PlanStep& s : plan.steps)
    if (s.kernel.find("winograd") != std::string::npos) return 1e-4;
  return 1e-5;
}

void expect_near(const Tensor& want, const TensorArg& got, const OpCase& c, double extra) {
  ASSERT_EQ(want.dims(), got.dims);
  ASSERT_EQ(want.dtype(), got.dtype);
  const TensorView view{got.dtype, got.dims, got.data};
  const auto a = ops::load_all<double>(want.view()), b = ops::load_all<double>(view);
  for (size_t i = 0; i < a.size(); ++i) {
    if (std::isnan(a[i]) && std::isnan(b[i])) continue;
    const double allowed = is_float(want.dtype()) ? extra + c.atol + c.rtol * std::abs(a[i]) : 0;
    ASSERT_TRUE(a[i] == b[i] || std::abs(a[i] - b[i]) <= allowed)
        << "element " << i << " is " << b[i] << ", expected " << a[i];
  }
}

class Steps : public testing::Test {
 protected:
  std::unique_ptr<Target> target_ = cpu::make_target(2).value();
  std::unique_ptr<Device> device_ = cpu::make_device().value();
  std::unique_ptr<Stream> stream_ = device_->make_stream(2).value();
  std::set<std::string> ran_;  // kernel families

  // With candidate `pick`; false when there is none but the reference.
  bool run(const OneNode& one, const std::vector<Tensor>& want, const OpCase& c, size_t pick) {
    LoweringOptions options;
    options.target = target_.get();
    size_t offered = 0;
    options.choose = [&](const Node&, const Offer& offer) {
      offered = offer.candidates.size() - 1;
      return Result<size_t>(std::min(pick, offered));
    };
    WeightTable weights;
    auto plan = lower(one.graph, options, weights);
    EXPECT_TRUE(plan.ok()) << plan.status().to_string();
    if (!plan.ok() || (offered > 0 && pick >= offered)) return false;
    const bool reference =
        std::any_of(plan->steps.begin(), plan->steps.end(), [](const PlanStep& s) { return s.op == "eval"; });
    if (reference || (offered == 0 && pick > 0)) return false;
    for (const PlanStep& s : plan->steps) ran_.insert(s.op);
    auto engine = std::make_shared<EngineImage>();
    engine->plans.push_back(std::move(*plan));
    engine->weights = weights.take(engine->plans);
    ExecutorOptions guarded;
    guarded.guard_bytes = 256;
    auto executor = Executor::create(engine, engine->plans[0], *device_, *stream_, guarded);
    EXPECT_TRUE(executor.ok()) << executor.status().to_string();
    if (!executor.ok()) return false;
    std::vector<Dims> dims;
    for (const Tensor& t : one.inputs) dims.push_back(t.dims());
    Status status = (*executor)->resize(dims);
    EXPECT_TRUE(status.ok()) << status.to_string();
    for (size_t i = 0; i < one.inputs.size(); ++i) (*executor)->set_input(i, one.inputs[i].data());
    for (int round = 0; round < 2 && status.ok(); ++round) {
      status = (*executor)->run();
      EXPECT_TRUE(status.ok()) << status.to_string();
      for (size_t i = 0; status.ok() && i < want.size(); ++i)
        expect_near(want[i], (*executor)->output(i), c, extra_tolerance(engine->plans[0]));
    }
    EXPECT_TRUE((*executor)->guards_intact());
    return true;
  }

  void check(const OpDef& op, const OpCase& given) {
    for (DataType type : kTypes) {
      const std::optional<OpCase> typed = with_type(given, type);
      if (!typed && type != kTypes[0]) break;
      const OpCase& c = typed ? *typed : given;
      std::mt19937 rng(11);
      std::vector<Tensor> values;
      for (const CaseInput& in : c.inputs) values.push_back(make_input(in, rng));
      for (Known known : {Known::kWeights, Known::kValues, Known::kNothing}) {
        const auto one = make_graph(op, c, values, known);
        if (!one) continue;  // not a type that the op takes, or dims that it has to know
        SCOPED_TRACE(
            str(op.name, " '", c.name, "' of ", data_type_name(type), ", known ", static_cast<int>(known)));
        auto want = interpret(one->graph, one->inputs);
        if (!want.ok()) continue;
        for (size_t pick = 0; run(*one, *want, c, pick); ++pick)
          if (HasFailure()) return;
      }
    }
  }
};

TEST_F(Steps, CasesOfEveryOp) {
  for (const auto& [op, cases] : ops::all_op_cases()) {
    if (!op->deterministic) continue;
    for (const OpCase& c : cases) check(*op, c);
  }
  for (const StepCase& c : more_step_cases()) check(*find_op(c.op), c.given);
  // What the list of families says is there has been tried.
  for (const char* family : {
#define INGOT_CPU_KERNEL(op) #op,
#include "backends/cpu/run/kernels.inc"
#undef INGOT_CPU_KERNEL
       })
    EXPECT_TRUE(ran_.contains(family) || std::string_view(family) == "eval" ||
                std::string_view(family) == "nop")
        << "no case ran '" << family << "'";
}

}  // namespace
}  // namespace ingot
