// Softmax written out as exponentials and their sum, and means over all of an image.
#include <algorithm>

#include "passes/pass.h"
#include "passes/rewrite.h"

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

}  // namespace

Status recognize_reductions(Graph& graph) {
  for (Node* node : graph.node_list()) {
    if (node->is("Div"))
      INGOT_RETURN_IF_ERROR(softmax(node));
    else if (is_any(*node, {"ReduceMean", "ReduceMax"}))
      INGOT_RETURN_IF_ERROR(global_pool(node));
  }
  return {};
}

}  // namespace ingot::passes
