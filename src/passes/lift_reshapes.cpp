// Matrix products on flattened rows, Reshape([-1, K]) first and Reshape back after, as some exporters write a
// linear layer: the product takes the rows in their own dims, and the Reshape follows it, where it meets its
// opposite.
#include "passes/pass.h"
#include "passes/view.h"

namespace ingot::passes {
namespace {

Status lift(Node* node) {
  Value* flat = node->input(0);
  Node* reshape = flat->producer();
  if (!reshape || !is_reshape(*reshape) || node->attrs().get_int("trans_a") != 0) return {};
  Value* rows = reshape->input(0);
  if (!rows->type().ranked || !flat->type().ranked || rows->type().rank() < 3 || flat->type().rank() != 2)
    return {};
  if (rows->shape().back() != flat->shape().back()) return {};
  if (!node->input(1)->type().ranked || node->input(1)->type().rank() != 2 || node->inputs().size() > 3)
    return {};
  if (Value* c = node->input(2); c && (!c->type().ranked || c->type().rank() > 1)) return {};
  const auto target = reshape_target({}, node->output()->shape());
  if (!target) return {};
  std::vector<Value*> inputs = node->inputs();
  inputs[0] = rows;
  INGOT_ASSIGN_OR_RETURN(Value * product,
                         insert(node, "FusedMatMul", std::move(inputs), node->attrs(), node->name()));
  INGOT_ASSIGN_OR_RETURN(Value * back, insert_reshape(node, product, node->output()->shape()));
  if (back != nullptr && can_replace(node->output(), back)) replace(node, back);
  return {};
}

}  // namespace

Status lift_reshapes(Graph& graph) {
  for (Node* node : graph.node_list())
    if (node->is("FusedMatMul")) INGOT_RETURN_IF_ERROR(lift(node));
  return {};
}

}  // namespace ingot::passes
