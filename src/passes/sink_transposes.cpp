// Transposes move behind what works in either order: pointwise ops, products and normalisations over a last
// dimension that stays last, concatenations. There they meet others, and merge_rearrangements cancels them.
#include <algorithm>

#include "passes/pass.h"
#include "passes/rows.h"
#include "passes/view.h"
#include "passes/weights.h"

namespace ingot::passes {
namespace {

// perm[i] is the dimension that becomes i.
Ints inverse(const Ints& perm) {
  Ints out(perm.size());
  for (size_t i = 0; i < perm.size(); ++i) out[static_cast<size_t>(perm[i])] = static_cast<int64_t>(i);
  return out;
}

// The Transpose that makes `v` for one user alone.
Node* transpose_of(const Value* v) {
  Node* n = producer(v, "Transpose");
  return n && only_user(v) && n->input(0)->type().ranked ? n : nullptr;
}

// `constant` as it has to be before a Transpose by `perm` to be the same after it.
Result<Value*> before_transpose(Node* user, Value* constant, const Ints& perm) {
  if (constant->constant().size() == 1) return constant;
  Shape shape(perm.size() - static_cast<size_t>(constant->type().rank()), 1);
  for (int64_t d : constant->constant().dims()) shape.push_back(d);
  INGOT_ASSIGN_OR_RETURN(Value * full, insert_reshape(user, constant, shape));
  return insert(user, "Transpose", {full}, {{"perm", inverse(perm)}});  // both fold
}

// The operands of a pointwise op without their common Transpose; empty where they have none.
Result<std::vector<Value*>> pointwise_operands(Node* node, const Ints& perm) {
  std::vector<Value*> inputs;
  for (Value* v : node->inputs()) {
    if (v == nullptr) {
      inputs.push_back(v);
      continue;
    }
    const Node* t = transpose_of(v);
    if (t && perm_of(*t) == perm) {
      inputs.push_back(t->input(0));
    } else if (v->is_constant() && v->type().rank() <= static_cast<int>(perm.size())) {
      INGOT_ASSIGN_OR_RETURN(Value * moved, before_transpose(node, v, perm));
      inputs.push_back(moved);
    } else {
      return std::vector<Value*>{};
    }
  }
  return inputs;
}

bool keeps_last(const Ints& perm) {
  return !perm.empty() && perm.back() + 1 == static_cast<int64_t>(perm.size());
}

Status sink(Node* node) {
  Node* transpose = nullptr;
  for (const Value* v : node->inputs())
    if (v && !transpose) transpose = transpose_of(v);
  if (transpose == nullptr) return {};
  const Ints perm = perm_of(*transpose);
  std::vector<Value*> inputs = node->inputs();
  Attrs attrs = node->attrs();
  if (is_pointwise(*node)) {
    INGOT_ASSIGN_OR_RETURN(inputs, pointwise_operands(node, perm));
    if (inputs.empty()) return {};
  } else if (node->is("Concat")) {
    const int axis = axis_of(*node, "axis", 0, node->output());
    for (Value*& v : inputs) {
      const Node* t = transpose_of(v);
      if (!t || perm_of(*t) != perm || axis < 0) return {};
      v = t->input(0);
    }
    attrs.set("axis", perm[static_cast<size_t>(axis)]);
  } else if (works_on_rows(*node) && node->input(0) == transpose->output() && keeps_last(perm)) {
    inputs[0] = transpose->input(0);
  } else {
    return {};
  }
  INGOT_ASSIGN_OR_RETURN(Value * moved,
                         insert(node, node->op().name, std::move(inputs), std::move(attrs), node->name()));
  return replace_by(node, "Transpose", {moved}, {{"perm", perm}}).status();
}

}  // namespace

Status sink_transposes(Graph& graph) {
  for (Node* node : graph.node_list())
    if (node->outputs().size() == 1 && node->output()->type().ranked) INGOT_RETURN_IF_ERROR(sink(node));
  return {};
}

}  // namespace ingot::passes
