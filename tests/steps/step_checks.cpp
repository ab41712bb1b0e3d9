// For all element types that an op takes, with sizes known when the plan is made and with sizes that only the
// run tells. Buffers lie between guard zones.
#include "step_checks.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "compiler/lower.h"
#include "ir/infer.h"
#include "ir/interpreter.h"
#include "ops/op_cases.h"
#include "ops/wide.h"
#include "runtime/executor.h"

namespace ingot {
namespace {

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
    if (!is_float(type)) in.lo *= 9, in.hi *= 9;
    changed = true;
  }
  return changed ? std::optional(c) : std::nullopt;
}

// Kernels add up in floats. Winograd's transforms round more than plain sums: 1e-3 is what is promised.
double extra_tolerance(const Plan& plan) {
  for (const PlanStep& s : plan.steps)
    if (s.kernel.find("winograd") != std::string::npos) return 1e-4;
  return 1e-5;
}

// How far floats of the result's type may be off, beside what the case allows.
double rounding(const Tensor& want, double extra) {
  const double unit = want.dtype() == DataType::kF16 ? 4e-3 : want.dtype() == DataType::kBF16 ? 3e-2 : extra;
  if (unit == extra) return extra;
  double largest = 1;
  for (double v : ops::load_all<double>(want.view()))
    if (std::isfinite(v)) largest = std::max(largest, std::abs(v));
  return unit * largest;
}

Status compare(const Tensor& want, const TensorView& got, const OpCase& c, double extra) {
  if (want.dims() != got.dims || want.dtype() != got.dtype)
    return internal_error("the result has ", data_type_name(got.dtype), dims_to_string(got.dims),
                          ", expected ", data_type_name(want.dtype()), dims_to_string(want.dims()));
  const auto a = ops::load_all<double>(want.view()), b = ops::load_all<double>(got);
  const double slack = rounding(want, extra);
  for (size_t i = 0; i < a.size(); ++i) {
    if (std::isnan(a[i]) && std::isnan(b[i])) continue;
    const double steps = c.atol >= 1 ? c.atol : 0;  // of integers
    const double allowed = is_float(want.dtype()) ? slack + c.atol + c.rtol * std::abs(a[i]) : steps;
    if (!(a[i] == b[i] || std::abs(a[i] - b[i]) <= allowed))
      return internal_error("element ", i, " is ", b[i], ", expected ", a[i]);
  }
  return {};
}

}  // namespace

struct StepChecks::OneNode {
  Graph graph;
  std::vector<Tensor> inputs;  // of the graph
};

// What is known when the plan is made: all operands but the first (as weights are), those that the case gives
// values (as shapes are), or none, not even dims.
std::unique_ptr<StepChecks::OneNode> StepChecks::make_graph(const OpDef& op, const OpCase& c,
                                                            const std::vector<Tensor>& values, Known known) {
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

StepChecks::StepChecks(std::unique_ptr<Target> target, std::unique_ptr<Device> device,
                       std::vector<DataType> types)
    : target_(std::move(target)),
      device_(std::move(device)),
      stream_(device_->make_stream(2).value()),
      types_(std::move(types)) {}
StepChecks::~StepChecks() = default;

// With candidate `pick`; false when there is none but the reference.
Result<bool> StepChecks::run(const OneNode& one, const std::vector<Tensor>& want, const OpCase& c,
                             size_t pick) {
  LoweringOptions options;
  options.target = target_.get();
  size_t offered = 0;
  std::string name;
  options.choose = [&](const Node&, const Offer& offer) {
    offered = offer.candidates.size() - 1;
    const size_t chosen = std::min(pick, offered);
    name = str(offer.candidates[chosen].op, " ", offer.candidates[chosen].kernel);
    return Result<Choice>({chosen, {}});
  };
  WeightTable weights;
  INGOT_ASSIGN_OR_RETURN(Plan plan, lower(one.graph, options, weights));
  if (offered > 0 && pick >= offered) return false;
  const bool reference =
      std::any_of(plan.steps.begin(), plan.steps.end(), [](const PlanStep& s) { return s.op == "eval"; });
  if (reference || (offered == 0 && pick > 0)) return false;
  for (const PlanStep& s : plan.steps) families_.insert(s.op);
  auto engine = std::make_shared<EngineImage>();
  engine->plans.push_back(std::move(plan));
  engine->weights = weights.take(engine->plans);
  ExecutorOptions guarded;
  guarded.guard_bytes = 256;
  const auto check_all = [&]() -> Status {
    INGOT_ASSIGN_OR_RETURN(const std::unique_ptr<Executor> executor,
                           Executor::create(engine, engine->plans[0], *device_, *stream_, guarded));
    std::vector<Dims> dims;
    for (const Tensor& t : one.inputs) dims.push_back(t.dims());
    INGOT_RETURN_IF_ERROR(executor->resize(dims));
    for (size_t i = 0; i < one.inputs.size(); ++i) executor->set_input(i, one.inputs[i].data());
    for (int round = 0; round < 3; ++round) {  // step by step, recorded, replayed
      INGOT_RETURN_IF_ERROR(executor->run());
      for (size_t i = 0; i < want.size(); ++i) {
        INGOT_ASSIGN_OR_RETURN(const TensorView got, executor->result(i));
        INGOT_RETURN_IF_ERROR(compare(want[i], got, c, extra_tolerance(engine->plans[0])));
      }
    }
    return executor->guards_intact() ? Status() : internal_error("bytes outside of the buffers were written");
  };
  ++runs_;
  const Status status = check_all().with_context(name);
  if (!status.ok()) return status;
  return true;
}

void StepChecks::check(const OpDef& op, const OpCase& given) {
  for (DataType type : types_) {
    const std::optional<OpCase> typed = with_type(given, type);
    if (!typed && type != types_[0]) break;
    const OpCase& c = typed ? *typed : given;
    std::mt19937 rng(11);
    std::vector<Tensor> values;
    for (const CaseInput& in : c.inputs) values.push_back(make_input(in, rng));
    for (Known known : {Known::kWeights, Known::kValues, Known::kNothing}) {
      const auto one = make_graph(op, c, values, known);
      if (!one) continue;  // not a type that the op takes, or dims that it has to know
      auto want = interpret(one->graph, one->inputs);
      if (!want.ok()) continue;
      const std::string what =
          str(op.name, " '", c.name, "' of ", data_type_name(type), ", known ", static_cast<int>(known));
      for (size_t pick = 0; alive_; ++pick) {
        const Result<bool> more = run(*one, *want, c, pick);
        if (!more.ok()) {
          ADD_FAILURE() << what << ": " << more.status().to_string();
          alive_ = more.status().code() != StatusCode::kDeviceError;
        } else if (!*more) {
          break;
        }
      }
    }
  }
}

}  // namespace ingot
