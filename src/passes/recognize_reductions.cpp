// Softmax written out as exponentials and their sum, means over all of an image, and sums of squares, whose
// squares nobody else reads: narrow floats could not hold them.
#include <algorithm>

#include "passes/pass.h"
#include "passes/weights.h"

namespace ingot::passes {
namespace {

// The axes of a reduction that keeps its dims, sorted and from the front.
std::optional<Ints> kept_axes(const Node& n) {
  auto axes = n.input(1) ? ints(n.input(1)) : std::nullopt;
  if (!axes || axes->empty() || !n.input(0)->type().ranked || n.attrs().get_int("keepdims", 1) != 1)
    return std::nullopt;
  for (int64_t& a : *axes) a += a < 0 ? n.input(0)->type().rank() : 0;
  std::sort(axes->begin(), axes->end());
  return axes;
}

// e / sum(e) with e = exp(x - max(x)). Without the maximum it is another function where exp overflows.
Status softmax(Node* node) {
  const Node* sum = producer(node->input(1), "ReduceSum");
  const Node* e = producer(node->input(0), "Exp");
  const Node* difference = e ? producer(e->input(0), "Sub") : nullptr;
  const Node* peak = difference ? producer(difference->input(1), "ReduceMax") : nullptr;
  if (!sum || !peak || sum->input(0) != e->output() || peak->input(0) != difference->input(0)) return {};
  const auto axes = kept_axes(*sum);
  if (!axes || axes->size() != 1 || kept_axes(*peak) != axes) return {};
  return replace_by(node, "Softmax", {peak->input(0)}, {{"axis", (*axes)[0]}}).status();
}

Status global_pool(Node* node) {
  const auto axes = kept_axes(*node);
  const int64_t rank = node->input(0)->type().rank();
  if (!axes || rank < 3 || !is_float(node->output()->dtype())) return {};
  Ints spatial;
  for (int64_t i = 2; i < rank; ++i) spatial.push_back(i);
  if (*axes != spatial) return {};
  return replace_by(node, node->is("ReduceMean") ? "GlobalAveragePool" : "GlobalMaxPool", {node->input(0)})
      .status();
}

// x where `v` is x * x or x^2; null otherwise.
Value* square_root_of(const Value* v) {
  const Node* n = v->producer();
  if (n == nullptr || !used_once(v)) return nullptr;
  if (n->is("Mul") && n->input(0) == n->input(1)) return n->input(0);
  return n->is("Pow") && is_scalar(n->input(1), 2) ? n->input(0) : nullptr;
}

Status squares(Node* node) {
  Value* const x = square_root_of(node->input(0));
  if (x == nullptr || !is_float(x->dtype()) || !x->type().ranked) return {};
  std::vector<Value*> inputs = node->inputs();
  inputs[0] = x;
  if (node->is("ReduceSum")) return replace_by(node, "ReduceSumSquare", inputs, node->attrs()).status();
  const auto axes = node->input(1) ? ints(node->input(1)) : std::nullopt;
  if (!axes || axes->empty()) return {};
  Dim count = 1;
  for (int64_t a : *axes) count = count * x->shape()[static_cast<size_t>(a < 0 ? a + x->type().rank() : a)];
  if (!count.is_const() || count.value() == 0) return {};
  INGOT_ASSIGN_OR_RETURN(Tensor share, filled(x->dtype(), {}, 1 / static_cast<double>(count.value())));
  INGOT_ASSIGN_OR_RETURN(Value* const sum, insert(node, "ReduceSumSquare", inputs, node->attrs()));
  return replace_by(node, "Mul", {sum, node->graph().add_constant("share", std::move(share))}).status();
}

}  // namespace

Status recognize_reductions(Graph& graph) {
  for (Node* node : graph.node_list()) {
    if (node->is("Div"))
      INGOT_RETURN_IF_ERROR(softmax(node));
    else if (is_any(*node, {"ReduceSum", "ReduceMean"}) && square_root_of(node->input(0)) != nullptr)
      INGOT_RETURN_IF_ERROR(squares(node));
    else if (is_any(*node, {"ReduceMean", "ReduceMax"}))
      INGOT_RETURN_IF_ERROR(global_pool(node));
  }
  return {};
}

}  // namespace ingot::passes
