// Where only some rows of a result are read (the first token's, say), what works on each row alone computes
// only those: the Gather or Slice moves before pointwise ops, products, normalisations and an attention's
// queries.
#include <algorithm>

#include "passes/pass.h"
#include "passes/rows.h"

namespace ingot::passes {
namespace {

// A Gather or Slice that takes constant positions of one dimension, fewer than there are; the rank stays.
struct Selection {
  Node* node = nullptr;
  int axis = -1;
};

Selection selection_of(Node* node) {
  const Value* from = node->input(0);
  if (!is_any(*node, {"Gather", "Slice"}) || !from->type().ranked) return {};
  for (size_t i = 1; i < node->inputs().size(); ++i)
    if (node->input(i) != nullptr && !node->input(i)->is_constant()) return {};
  int axis = -1;
  if (node->is("Gather")) {
    if (node->input(1)->type().rank() == 1) axis = axis_of(*node, "axis", 0, from);
  } else if (const auto axes = ints(node->input(3)); axes && axes->size() == 1) {
    axis = static_cast<int>((*axes)[0] < 0 ? (*axes)[0] + from->type().rank() : (*axes)[0]);
  }
  if (axis < 0) return {};
  const Dim &all = from->shape()[static_cast<size_t>(axis)],
            &some = node->output()->shape()[static_cast<size_t>(axis)];
  const bool fewer = some.is_const() && (all.is_const() ? some.value() < all.value() : some.is(1));
  return fewer ? Selection{node, axis} : Selection{};
}

// Whether `node` makes what lies at each position of the result's dimension `axis` out of that position
// alone.
bool keeps_apart(const Node& node, int axis) {
  const int rank = node.output()->type().rank();
  if (node.outputs().size() != 1) return false;
  if (is_pointwise(node))
    return std::all_of(node.inputs().begin(), node.inputs().end(),
                       [](const Value* v) { return v == nullptr || v->type().ranked; });
  if (works_on_rows(node)) return axis + 1 < rank && node.input(0)->type().rank() == rank;
  return node.is("MultiHeadAttention") && axis == 1 && node.attrs().get_int("causal") == 0 &&
         (node.input(3) == nullptr || node.input(3)->type().ranked);
}

// The node whose result is read by nothing but `selection`, where it keeps the positions apart.
const Node* maker(const Node& selection, int axis) {
  const Value* from = selection.input(0);
  const Node* made = from->producer();
  return made && only_user(from) == &selection && keeps_apart(*made, axis) ? made : nullptr;
}

bool comes_before(const Node* a, const Node* b) {
  for (const auto& node : a->graph().nodes())
    if (node.get() == a || node.get() == b) return node.get() == a;
  return false;
}

// The same positions of dimension `axis` of `v`: a new node, or one that there is already.
Result<Value*> select(const Selection& s, Value* v, int axis) {
  Graph& g = s.node->graph();
  for (const Use& use : v->uses()) {
    const Selection known = use.index == 0 ? selection_of(use.node) : Selection{};
    if (known.node == nullptr || known.axis != axis || !known.node->is(s.node->op().name)) continue;
    bool same = true;
    for (size_t i : {1, 2, 4}) same &= ints(known.node->input(i)) == ints(s.node->input(i));
    if (!same) continue;
    if (comes_before(s.node, known.node)) g.move_before(known.node, s.node);
    return known.node->output();
  }
  std::vector<Value*> inputs = s.node->inputs();
  inputs[0] = v;
  Attrs attrs = s.node->attrs();
  if (s.node->is("Gather"))
    attrs.set("axis", int64_t{axis});
  else
    inputs[3] = g.add_constant("", Tensor::vector_i64(Ints{axis}));
  return insert(s.node, s.node->op().name, std::move(inputs), std::move(attrs));
}

Result<bool> lift(const Selection& s, const Node& made) {
  std::vector<Value*> inputs = made.inputs();
  const auto narrow = [&](Value*& v, int axis) -> Status {
    if (v == nullptr || axis < 0 || v->shape()[static_cast<size_t>(axis)].is(1)) return {};
    INGOT_ASSIGN_OR_RETURN(v, select(s, v, axis));
    return {};
  };
  if (is_pointwise(made)) {
    for (Value*& v : inputs)
      if (v) INGOT_RETURN_IF_ERROR(narrow(v, s.axis - made.output()->type().rank() + v->type().rank()));
  } else {
    INGOT_RETURN_IF_ERROR(narrow(inputs[0], s.axis));
    if (made.is("MultiHeadAttention") && made.input(3) != nullptr)
      INGOT_RETURN_IF_ERROR(narrow(inputs[3], made.input(3)->type().rank() - 2));
  }
  INGOT_ASSIGN_OR_RETURN(Value * part,
                         insert(s.node, made.op().name, std::move(inputs), made.attrs(), made.name()));
  if (!can_replace(s.node->output(), part)) return false;
  replace(s.node, part);
  return true;
}

// A Gather of one position as one that keeps the dimension, and a Squeeze.
Result<bool> keep_dimension(Node* gather, int axis) {
  const auto index = ints(gather->input(1));
  Value* indices = gather->graph().add_constant("", Tensor::vector_i64(*index));
  Value* axes = gather->graph().add_constant("", Tensor::vector_i64(Ints{axis}));
  INGOT_ASSIGN_OR_RETURN(Value * one, insert(gather, "Gather", {gather->input(0), indices}, gather->attrs()));
  return replace_by(gather, "Squeeze", {one, axes});
}

// Whether something has changed.
Result<bool> step(Node* node) {
  const Value* from = node->input(0);
  if (node->is("Gather") && from->type().ranked && node->input(1)->is_constant() &&
      node->input(1)->type().rank() == 0) {
    const int axis = axis_of(*node, "axis", 0, from);
    if (axis < 0 || from->shape()[static_cast<size_t>(axis)].is(1) || !maker(*node, axis)) return false;
    return keep_dimension(node, axis);
  }
  const Selection s = selection_of(node);
  const Node* made = s.node ? maker(*node, s.axis) : nullptr;
  if (made == nullptr) return false;
  return lift(s, *made);
}

}  // namespace

Status lift_selections(Graph& graph) {
  for (bool changed = true; changed;) {
    changed = false;
    for (Node* node : graph.node_list()) {
      INGOT_ASSIGN_OR_RETURN(changed, step(node));
      if (changed) break;  // nodes of the list may be gone
    }
  }
  return {};
}

}  // namespace ingot::passes
