// The table of ops, made from ops.inc.
#include <algorithm>
#include <map>

#include "ops/op.h"

namespace ingot {

#define INGOT_OP(name) const OpDef& op_##name();
#include "ops/ops.inc"
#undef INGOT_OP

std::span<const OpDef* const> all_ops() {
#define INGOT_OP(name) &op_##name(),
  static const OpDef* const kOps[] = {
#include "ops/ops.inc"
  };
#undef INGOT_OP
  return kOps;
}

const OpDef* find_op(std::string_view name) {
  static const std::map<std::string_view, const OpDef*> by_name = [] {
    std::map<std::string_view, const OpDef*> m;
    for (const OpDef* op : all_ops()) m[op->name] = op;
    return m;
  }();
  auto it = by_name.find(name);
  return it == by_name.end() ? nullptr : it->second;
}

std::optional<Ints> InferContext::ints(size_t i) const {
  if (!has(i) || inputs[i].constant == nullptr) return std::nullopt;
  return to_int64s(inputs[i].constant->view());
}

bool InferContext::all_ranked() const {
  return std::all_of(inputs.begin(), inputs.end(),
                     [](const InferInput& i) { return !i.type || i.type->ranked; });
}

Status check_signature(const OpDef& op, size_t num_inputs, size_t num_outputs, const Attrs& attrs) {
  auto check_count = [&](size_t got, int min, int max, const char* what) -> Status {
    if (static_cast<int>(got) >= min && static_cast<int>(got) <= max) return {};
    return invalid_argument(op.name, ": got ", got, " ", what, ", expected ", min,
                            max == min         ? ""
                            : max == kVariadic ? " or more"
                                               : str(" to ", max));
  };
  INGOT_RETURN_IF_ERROR(check_count(num_inputs, op.min_inputs, op.max_inputs, "inputs"));
  INGOT_RETURN_IF_ERROR(check_count(num_outputs, op.min_outputs, op.max_outputs, "outputs"));
  for (const auto& [name, value] : attrs) {
    auto spec =
        std::find_if(op.attrs.begin(), op.attrs.end(), [&](const AttrSpec& s) { return s.name == name; });
    if (spec == op.attrs.end()) return invalid_argument(op.name, ": unknown attribute '", name, "'");
    if (value.index() != spec->kind)
      return invalid_argument(op.name, ": attribute '", name, "' has type ", attr_kind_name(value),
                              ", which is not its type");
  }
  for (const AttrSpec& spec : op.attrs)
    if (!spec.fallback && !attrs.has(spec.name))
      return invalid_argument(op.name, ": attribute '", spec.name, "' is missing");
  return {};
}

Cost op_cost(const OpDef& op, const CostContext& context) {
  Cost cost;
  if (op.cost != nullptr) return op.cost(context);
  for (const TensorView& v : context.inputs)
    cost.bytes += v.dtype == DataType::kInvalid ? 0 : static_cast<double>(v.bytes());
  for (const TensorView& v : context.outputs) {
    cost.bytes += static_cast<double>(v.bytes());
    cost.flops += static_cast<double>(v.size());
  }
  return cost;
}

}  // namespace ingot
