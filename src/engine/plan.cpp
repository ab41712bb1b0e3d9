#include "engine/plan.h"

namespace ingot {

std::string_view layout_name(Layout layout) { return layout == Layout::kPlain ? "plain" : "blocked"; }

int64_t storage_elements(const Dims& dims, Layout layout, int block) {
  if (layout == Layout::kPlain || dims.size() < 2 || block == 0) return num_elements(dims);
  Dims padded = dims;
  padded[1] = (padded[1] + block - 1) / block * block;
  return num_elements(padded);
}

namespace {

Status validate_tensors(const Plan& plan, size_t num_weights) {
  const auto count = static_cast<TensorId>(plan.tensors.size());
  for (TensorId i = 0; i < count; ++i) {
    const PlanTensor& t = plan.tensors[static_cast<size_t>(i)];
    if (t.type.dtype == DataType::kInvalid) return corrupt("tensor '", t.name, "' has no type");
    if (t.weight >= 0 && static_cast<size_t>(t.weight) >= num_weights)
      return corrupt("tensor '", t.name, "' names weight ", t.weight, " of ", num_weights);
    if (t.weight >= 0 && t.alias_of != kNoTensor) return corrupt("constant '", t.name, "' is an alias");
    if (!t.contents.empty()) {
      const bool integers =
          t.type.dtype == DataType::kI64 || t.type.dtype == DataType::kI32 || t.type.dtype == DataType::kBool;
      if (!integers || t.weight >= 0 || t.alias_of != kNoTensor || !t.type.ranked ||
          !is_static(t.type.shape) || !num_elements(t.type.shape).is(static_cast<int64_t>(t.contents.size())))
        return corrupt("tensor '", t.name, "' of type ", t.type.to_string(), " cannot hold ",
                       t.contents.size(), " sizes");
    }
    if (t.layout == Layout::kBlocked && (!t.type.ranked || t.type.rank() < 3))
      return corrupt("tensor '", t.name, "' of type ", t.type.to_string(), " cannot be blocked");
    TensorId at = t.alias_of;
    for (TensorId hops = 0; at != kNoTensor; ++hops) {
      if (at < 0 || at >= count || hops > count)
        return corrupt("tensor '", t.name, "' has a broken alias chain");
      at = plan.tensors[static_cast<size_t>(at)].alias_of;
    }
  }
  return {};
}

// Which tensors hold values as the steps go by. A view has no step of its own: it exists when what it lies in
// does.
class Defined {
 public:
  explicit Defined(const Plan& plan) : is_(plan.tensors.size()), views_(plan.tensors.size()) {
    for (size_t i = 0; i < plan.tensors.size(); ++i)
      if (plan.tensors[i].alias_of != kNoTensor)
        views_[static_cast<size_t>(plan.tensors[i].alias_of)].push_back(i);
    for (size_t i = 0; i < plan.tensors.size(); ++i)
      if (plan.tensors[i].weight >= 0 || !plan.tensors[i].contents.empty()) add(i);
  }
  bool has(TensorId t) const { return is_[static_cast<size_t>(t)]; }
  void add(size_t tensor) {
    std::vector<size_t> todo = {tensor};
    while (!todo.empty()) {
      const size_t t = todo.back();
      todo.pop_back();
      if (is_[t]) continue;
      is_[t] = true;
      todo.insert(todo.end(), views_[t].begin(), views_[t].end());
    }
  }

 private:
  std::vector<bool> is_;
  std::vector<std::vector<size_t>> views_;
};

bool in_range(const Plan& plan, TensorId t) { return t >= 0 && static_cast<size_t>(t) < plan.tensors.size(); }

Status validate_step(const Plan& plan, const PlanStep& s, Defined& defined) {
  for (TensorId t : s.inputs) {
    if (t == kNoTensor) continue;
    if (!in_range(plan, t)) return corrupt("input tensor ", t, " does not exist");
    if (!defined.has(t))
      return corrupt("reads '", plan.tensors[static_cast<size_t>(t)].name, "' before it is written");
  }
  for (TensorId t : s.outputs) {
    if (t == kNoTensor) continue;
    if (!in_range(plan, t)) return corrupt("output tensor ", t, " does not exist");
    const PlanTensor& to = plan.tensors[static_cast<size_t>(t)];
    if (to.weight >= 0 || !to.contents.empty()) return corrupt("writes a constant");
    defined.add(static_cast<size_t>(t));
  }
  for (int32_t i : s.inplace)
    if (i < 0 || static_cast<size_t>(i) >= s.inputs.size())
      return corrupt("in-place input ", i, " does not exist");
  if (s.captures < 0 || static_cast<size_t>(s.captures) > s.inputs.size())
    return corrupt("has ", s.captures, " captures");
  for (const auto& [name, index] : s.subplans)
    if (index < 0 || static_cast<size_t>(index) >= plan.subplans.size())
      return corrupt("subplan ", index, " does not exist");
  return {};
}

Status validate_at(const Plan& plan, size_t num_weights, int depth) {
  if (depth > 64) return corrupt("subplans are nested too deeply");
  if (plan.block < 0 || plan.block > 64) return corrupt("channel block ", plan.block, " is out of range");
  if (plan.threads < 1 || plan.threads > 4096)
    return corrupt("thread count ", plan.threads, " is out of range");
  INGOT_RETURN_IF_ERROR(validate_tensors(plan, num_weights));
  Defined defined(plan);
  for (TensorId t : plan.inputs) {
    if (!in_range(plan, t) || plan.tensors[static_cast<size_t>(t)].alias_of != kNoTensor ||
        !plan.tensors[static_cast<size_t>(t)].contents.empty())
      return corrupt("plan input ", t, " is not a tensor of its own");
    defined.add(static_cast<size_t>(t));
  }
  for (const PlanStep& s : plan.steps)
    INGOT_RETURN_IF_ERROR(
        validate_step(plan, s, defined).with_context(str("step '", s.name, "' (", s.op, ")")));
  for (TensorId t : plan.outputs)
    if (!in_range(plan, t) || !defined.has(t) || !plan.tensors[static_cast<size_t>(t)].contents.empty())
      return corrupt("plan output ", t, " is not computed");
  for (const Plan& p : plan.subplans) INGOT_RETURN_IF_ERROR(validate_at(p, num_weights, depth + 1));
  return {};
}

}  // namespace

Status validate(const Plan& plan, size_t num_weights) { return validate_at(plan, num_weights, 0); }

std::vector<bool> weights_read(std::span<const Plan> plans, size_t num_weights) {
  std::vector<bool> read(num_weights, false);
  const auto mark = [&](const auto& self, const Plan& plan) -> void {
    for (const PlanTensor& t : plan.tensors)
      if (t.weight >= 0) read[static_cast<size_t>(t.weight)] = true;
    for (const Plan& body : plan.subplans) self(self, body);
  };
  for (const Plan& plan : plans) mark(mark, plan);
  return read;
}

}  // namespace ingot
