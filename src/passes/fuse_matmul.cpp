// MatMul and Gemm become FusedMatMul, which then takes in what surrounds it: the transposes of its operands
// and the bias that is added to it.
#include "passes/pass.h"
#include "passes/weights.h"

namespace ingot::passes {
namespace {

Status from_gemm(Node* node) {
  const Attrs& attrs = node->attrs();
  std::vector<Value*> inputs = {node->input(0), node->input(1)};
  const float beta = attrs.get_float("beta", 1);
  if (Value* c = node->input(2); c && beta != 0) {
    if (beta != 1) {
      if (!c->is_constant()) return {};
      const std::vector<double> factors(1, beta);
      const Tensor flat = c->constant().reshaped({1, c->constant().size()});
      INGOT_ASSIGN_OR_RETURN(Tensor scaled, scale_axis(flat, 0, factors));
      c = node->graph().add_constant(c->name(), scaled.reshaped(c->constant().dims()));
    }
    inputs.push_back(c);
  }
  Attrs fused;
  if (const float alpha = attrs.get_float("alpha", 1); alpha != 1) fused.set("alpha", alpha);
  if (attrs.get_int("transA") != 0) fused.set("trans_a", int64_t{1});
  if (attrs.get_int("transB") != 0) fused.set("trans_b", int64_t{1});
  return replace_by(node, "FusedMatMul", std::move(inputs), std::move(fused)).status();
}

// Vectors are no matrices: MatMul adds and drops dims for them, FusedMatMul does not.
Status from_matmul(Node* node) {
  for (size_t i = 0; i < 2; ++i)
    if (!node->input(i)->type().ranked || node->input(i)->type().rank() < 2) return {};
  return replace_by(node, "FusedMatMul", node->inputs()).status();
}

bool swaps_last_two(const Node& transpose) {
  Ints perm = transpose.attrs().get_ints("perm");
  const size_t rank = static_cast<size_t>(transpose.input(0)->type().rank());
  if (rank < 2 || perm.size() != rank) return false;
  std::swap(perm[rank - 2], perm[rank - 1]);
  for (size_t i = 0; i < rank; ++i)
    if (perm[i] != static_cast<int64_t>(i)) return false;
  return true;
}

void take_in_transposes(Node* node) {
  for (size_t i = 0; i < 2; ++i) {
    Node* transpose = producer(node->input(i), "Transpose");
    if (!transpose || !swaps_last_two(*transpose)) continue;
    const char* flag = i == 0 ? "trans_a" : "trans_b";
    if (node->attrs().get_int(flag) == 0)
      node->attrs().set(flag, int64_t{1});
    else
      node->attrs().erase(flag);
    node->graph().set_input(node, i, transpose->input(0));
    erase_unused(transpose);
  }
}

// The bias of a layer is a constant or a vector; a full-sized other operand is left for the epilogue.
Status take_in_bias(Node* add) {
  for (size_t i = 0; i < 2; ++i) {
    Node* product = producer(add->input(i), "FusedMatMul");
    Value* bias = add->input(1 - i);
    if (!product || !used_once(product->output()) || product->input(2)) continue;
    if (!bias->is_constant() && !(bias->type().ranked && bias->type().rank() <= 1)) continue;
    if (!product->output()->type().ranked || product->output()->type() != add->output()->type()) continue;
    if (bias->type().rank() > product->output()->type().rank()) continue;
    return replace_by(add, "FusedMatMul", {product->input(0), product->input(1), bias}, product->attrs())
        .status();
  }
  return {};
}

}  // namespace

Status fuse_matmul(Graph& graph) {
  for (Node* node : graph.node_list()) {
    if (!is_any(*node, {"MatMul", "Gemm"}) || !is_float(node->input(0)->dtype())) continue;
    INGOT_RETURN_IF_ERROR(node->is("Gemm") ? from_gemm(node) : from_matmul(node));
  }
  for (Node* node : graph.node_list()) {
    if (node->is("FusedMatMul")) take_in_transposes(node);
    if (node->is("Add")) INGOT_RETURN_IF_ERROR(take_in_bias(node));
  }
  return {};
}

}  // namespace ingot::passes
