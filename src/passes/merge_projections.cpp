// The projections of an attention that multiply the same input become one product with their weights side by
// side; the attention reads its operands from columns of the result.
#include <algorithm>

#include "passes/pass.h"
#include "passes/weights.h"

namespace ingot::passes {
namespace {

constexpr const char* kOffsets[] = {"q_offset", "k_offset", "v_offset"};

// Operand i's product, when nothing but this attention reads it and its weights can be put beside others.
Node* projection(const Node& attention, size_t i) {
  const Value* v = attention.input(i);
  Node* n = producer(v, "FusedMatMul");
  if (!n || only_user(v) != &attention || n->inputs().size() > 3 || n->attrs().has("epilogue"))
    return nullptr;
  if (n->attrs().get_int("trans_a") != 0 || n->attrs().get_float("alpha", 1) != 1) return nullptr;
  const Value *w = n->input(1), *c = n->input(2);
  if (!w->is_constant() || w->type().rank() != 2) return nullptr;
  return !c || (c->is_constant() && c->type().rank() <= 1) ? n : nullptr;
}

int64_t columns(const Node& product) {
  return product.input(1)->constant().dims()[product.attrs().get_int("trans_b") != 0 ? 0 : 1];
}

Result<Value*> merged(Node* before, const std::vector<Node*>& products) {
  std::vector<Tensor> weights;
  std::vector<double> bias;
  for (const Node* n : products) {
    weights.push_back(n->input(1)->constant());
    const int64_t count = columns(*n);
    auto part = n->input(2) ? along_axis(n->input(2), {count}, 0, count)
                            : std::vector<double>(static_cast<size_t>(count), 0);
    if (!part) return static_cast<Value*>(nullptr);
    bias.insert(bias.end(), part->begin(), part->end());
  }
  const Node& first = *products[0];
  INGOT_ASSIGN_OR_RETURN(Tensor w, concatenate(weights, first.attrs().get_int("trans_b") != 0 ? 0 : 1));
  Graph& g = before->graph();
  std::vector<Value*> inputs = {first.input(0), g.add_constant(first.input(1)->name(), std::move(w))};
  if (std::any_of(products.begin(), products.end(), [](const Node* n) { return n->input(2) != nullptr; })) {
    INGOT_ASSIGN_OR_RETURN(Tensor c,
                           from_doubles(first.output()->dtype(), {static_cast<int64_t>(bias.size())}, bias));
    inputs.push_back(g.add_constant("bias", std::move(c)));
  }
  return insert(before, "FusedMatMul", std::move(inputs), first.attrs(), first.name());
}

// Operands `first` and later ones with the same source become one.
Status merge_from(Node* attention, size_t first) {
  Node* start = projection(*attention, first);
  if (start == nullptr) return {};
  std::vector<size_t> operands;
  std::vector<Node*> products;
  for (size_t i = first; i < 3; ++i) {
    Node* n = projection(*attention, i);
    if (!n || n->input(0) != start->input(0) || n->attrs() != start->attrs()) continue;
    operands.push_back(i);
    if (std::find(products.begin(), products.end(), n) == products.end()) products.push_back(n);
  }
  if (products.size() < 2) return {};
  INGOT_ASSIGN_OR_RETURN(Value * all, merged(attention, products));
  if (all == nullptr) return {};
  Graph& g = attention->graph();
  for (size_t i : operands) {
    int64_t offset = attention->attrs().get_int(kOffsets[i]);
    for (const Node* n : products) {
      if (n == attention->input(i)->producer()) break;
      offset += columns(*n);
    }
    if (offset != 0) attention->attrs().set(kOffsets[i], offset);
  }
  for (size_t i : operands) g.set_input(attention, i, all);
  for (Node* n : products) erase_unused(n);
  return {};
}

}  // namespace

Status merge_projections(Graph& graph) {
  for (Node* node : graph.node_list()) {
    if (!node->is("MultiHeadAttention")) continue;
    for (size_t i = 0; i < 2; ++i) INGOT_RETURN_IF_ERROR(merge_from(node, i));
  }
  return {};
}

}  // namespace ingot::passes
