// Quantizers meet the layers that they are meant for: DequantizeLinear moves down and QuantizeLinear up
// through what only moves elements or takes their maximum, so that those work on narrow elements, and a
// QuantizeLinear that undoes a DequantizeLinear goes.
#include "passes/pass.h"
#include "passes/quantization.h"
#include "passes/view.h"

namespace ingot::passes {
namespace {

// Gives the same elements of its first input, whatever they are.
bool moves_elements(const Node& n, DataType type) {
  if (n.is("MaxPool")) return n.output(1) == nullptr && !is_float(type);
  return is_rearrangement(n) && n.output() != nullptr;
}

// `n` on other elements, before `before`.
Result<Value*> on(const Node& n, Value* data, Node* before) {
  std::vector<Value*> inputs = n.inputs();
  inputs[0] = data;
  return insert(before, n.op().name, std::move(inputs), n.attrs(), n.name());
}

// A quantizer like `q` of `data`: one for a whole tensor has no axis.
Result<Value*> quantizer(const Node& q, Value* data, Node* before) {
  std::vector<Value*> inputs = q.inputs();
  inputs[0] = data;
  return insert(before, q.op().name, std::move(inputs), q.attrs());
}

Status move_down(Node* node) {
  const Node* q = dequantizer(node->input(0));
  if (q == nullptr || !moves_elements(*node, q->input(0)->dtype())) return {};
  INGOT_ASSIGN_OR_RETURN(Value* const narrow, on(*node, q->input(0), node));
  INGOT_ASSIGN_OR_RETURN(Value* const wide, quantizer(*q, narrow, node));
  if (can_replace(node->output(), wide)) {
    replace(node, wide);
  } else {
    erase_unused(wide->producer());
  }
  return {};
}

Status move_up(Node* q) {
  Node* node = q->input(0)->producer();
  if (node == nullptr || !scale_of(*q) || !moves_elements(*node, q->output()->dtype()) ||
      !used_once(q->input(0)) || node->input(0)->producer() == nullptr)
    return {};
  INGOT_ASSIGN_OR_RETURN(Value* const narrow, quantizer(*q, node->input(0), q));
  INGOT_ASSIGN_OR_RETURN(Value* const moved, on(*node, narrow, q));
  if (can_replace(q->output(), moved)) {
    replace(q, moved);
    return move_up(narrow->producer());
  }
  erase_unused(moved->producer());
  return {};
}

void cancel(Node* q) {
  const Node* d = dequantizer(q->input(0));
  if (d == nullptr || scale_of(*d) != scale_of(*q) || !can_replace(q->output(), d->input(0))) return;
  replace(q, d->input(0));
}

}  // namespace

Status move_quantization(Graph& graph) {
  for (Node* node : graph.node_list())
    if (node->input(0) != nullptr) INGOT_RETURN_IF_ERROR(move_down(node));
  for (Node* node : graph.node_list())
    if (node->is("QuantizeLinear")) INGOT_RETURN_IF_ERROR(move_up(node));
  for (Node* node : graph.node_list())
    if (node->is("QuantizeLinear")) cancel(node);
  return {};
}

}  // namespace ingot::passes
