// Layers on the last dimension between two Transposes, which bring the channels there and back, become layers
// on channels: products are 1x1 convolutions then, and the image keeps its blocked layout throughout.
#include <algorithm>

#include "passes/pass.h"
#include "passes/rows.h"
#include "passes/view.h"

namespace ingot::passes {
namespace {

// [0, 2, ..., rank - 1, 1], or where `back` its inverse.
bool moves_channels(const Node& node, bool back) {
  if (!node.is("Transpose") || !node.input(0)->type().ranked || node.input(0)->type().rank() < 3)
    return false;
  Ints expected(static_cast<size_t>(node.input(0)->type().rank()));
  for (size_t i = 0; i < expected.size(); ++i) expected[i] = static_cast<int64_t>(i);
  if (back)
    std::rotate(expected.begin() + 1, expected.end() - 1, expected.end());
  else
    std::rotate(expected.begin() + 1, expected.begin() + 2, expected.end());
  return perm_of(node) == expected;
}

// A constant with one element for each place of the last dimension at most.
bool is_for_channels(const Value* v) {
  if (v == nullptr) return true;
  return v->is_constant() &&
         (v->constant().size() == 1 || v->constant().size() == v->constant().dims().back());
}

// The operand that the node works on, where all others are constants for each channel at most.
Value* operand_of(const Node& node) {
  if (node.outputs().size() != 1) return nullptr;
  if (node.is("FusedMatMul")) {
    const Attrs& attrs = node.attrs();
    const Value* bias = node.input(2);
    const bool fits =
        bias == nullptr || (bias->is_constant() && bias->shape() == Shape{node.output()->shape().back()});
    return fits && works_on_rows(node) && attrs.get_float("alpha", 1) == 1 && node.input(1)->is_constant()
               ? node.input(0)
               : nullptr;
  }
  if (node.is("LayerNormalization"))
    return works_on_rows(node) && is_for_channels(node.input(1)) && is_for_channels(node.input(2))
               ? node.input(0)
               : nullptr;
  if (!is_pointwise(node)) return nullptr;
  Value* operand = nullptr;
  for (Value* v : node.inputs()) {
    if (is_for_channels(v)) continue;
    if (operand != nullptr || v->is_constant()) return nullptr;
    operand = v;
  }
  return operand;
}

// The nodes between the Transposes, last first; empty where there are others.
std::vector<Node*> layers_before(const Node& back) {
  std::vector<Node*> layers;
  bool product = false;
  for (const Value* v = back.input(0);;) {
    Node* node = v->producer();
    if (node == nullptr || !v->type().ranked || v->type().rank() != back.output()->type().rank()) return {};
    if (moves_channels(*node, false)) {
      layers.push_back(node);
      return product ? layers : std::vector<Node*>{};
    }
    const Value* operand = operand_of(*node);
    if (operand == nullptr || !used_once(v)) return {};
    product |= node->is("FusedMatMul");
    layers.push_back(node);
    v = operand;
  }
}

// Such a constant for the channels of an image.
Result<Value*> per_channel(Node* before, Value* v, int rank) {
  if (v == nullptr || v->constant().rank() == 0) return v;
  Shape shape = {v->shape().back()};
  shape.resize(static_cast<size_t>(rank) - 1, 1);
  return insert_reshape(before, v, shape);
}

// `node` on channels instead of rows.
Result<Value*> on_channels(Node* before, const Node& node, Value* x) {
  const int rank = x->type().rank();
  std::vector<Value*> inputs = node.inputs();
  if (node.is("LayerNormalization")) {
    inputs[0] = x;
    return insert(before, "ChannelLayerNorm", inputs, {{"epsilon", node.attrs().get_float("epsilon", 1e-5f)}},
                  node.name());
  }
  if (node.is("FusedMatMul")) {
    Value* weights = node.input(1);
    if (node.attrs().get_int("trans_b") == 0) {
      INGOT_ASSIGN_OR_RETURN(weights, insert(before, "Transpose", {weights}, {{"perm", Ints{1, 0}}}));
    }
    Shape shape = weights->shape();
    shape.resize(static_cast<size_t>(rank), 1);
    INGOT_ASSIGN_OR_RETURN(weights, insert_reshape(before, weights, shape));
    std::vector<Value*> operands = {x, weights};
    if (node.input(2) != nullptr) operands.push_back(node.input(2));
    return insert(before, "Conv", std::move(operands), {}, node.name());
  }
  const Value* operand = operand_of(node);
  for (Value*& v : inputs) {
    if (v == operand) {
      v = x;
    } else {
      INGOT_ASSIGN_OR_RETURN(v, per_channel(before, v, rank));
    }
  }
  return insert(before, node.op().name, std::move(inputs), node.attrs(), node.name());
}

}  // namespace

Status rows_to_channels(Graph& graph) {
  for (Node* back : graph.node_list()) {
    if (!moves_channels(*back, true)) continue;
    const std::vector<Node*> layers = layers_before(*back);
    if (layers.empty()) continue;
    Value* x = layers.back()->input(0);
    for (size_t i = layers.size() - 1; i-- > 0;) {
      INGOT_ASSIGN_OR_RETURN(x, on_channels(back, *layers[i], x));
    }
    if (can_replace(back->output(), x)) replace(back, x);
  }
  return {};
}

}  // namespace ingot::passes
