// A product with what two pointwise convolutions make of its operand's means becomes SqueezeExcitation.
#include <algorithm>

#include "ops/pointwise_program.h"
#include "passes/pass.h"
#include "passes/rewrite.h"

namespace ingot::passes {
namespace {

// The product of its two inputs.
bool is_product(const Node& n) {
  if (n.is("Mul")) return true;
  if (!n.is("Pointwise") || n.inputs().size() != 2) return false;
  const auto program = ops::PointwiseProgram::parse(n.attrs().get_string("program"));
  if (!program.ok() || program->instructions.size() != 1) return false;
  const auto& in = program->instructions[0];
  return in.op == ops::PointwiseOp::k_mul && in.operands[0].kind == ops::PointwiseOperand::kInput &&
         in.operands[1].kind == ops::PointwiseOperand::kInput && in.operands[0].index != in.operands[1].index;
}

// The convolution that makes `v` for one reader, where it is a product of its input's channels with a bias.
Node* layer(const Value* v) {
  Node* conv = producer(v, "Conv");
  if (conv == nullptr || !used_once(v) || conv->inputs().size() != 3 || !conv->input(1)->is_constant() ||
      conv->input(2) == nullptr || conv->attrs().get_int("group", 1) != 1)
    return nullptr;
  const Dims& w = conv->input(1)->constant().dims();
  const Ints pads = conv->attrs().get_ints("pads");
  const bool pointwise = std::all_of(w.begin() + 2, w.end(), [](int64_t d) { return d == 1; }) &&
                         std::all_of(pads.begin(), pads.end(), [](int64_t p) { return p == 0; });
  return pointwise ? conv : nullptr;
}

Status fuse(Node* product, Value* x, const Value* gate) {
  const Node* second = layer(gate);
  const Node* first = second != nullptr ? layer(second->input(0)) : nullptr;
  const Node* pool = first != nullptr ? producer(first->input(0), "GlobalAveragePool") : nullptr;
  if (pool == nullptr || pool->input(0) != x || !used_once(pool->output())) return {};
  Attrs attrs;
  attrs.set("inner_epilogue", first->attrs().get_string("epilogue"));
  attrs.set("epilogue", second->attrs().get_string("epilogue"));
  return replace_by(product, "SqueezeExcitation",
                    {x, first->input(1), first->input(2), second->input(1), second->input(2)},
                    std::move(attrs))
      .status();
}

}  // namespace

Status fuse_squeeze_excitation(Graph& graph) {
  for (Node* node : graph.node_list()) {
    if (!is_product(*node)) continue;
    const size_t gate =
        producer(node->input(0), "Conv") != nullptr && layer(node->input(0)) != nullptr ? 0 : 1;
    INGOT_RETURN_IF_ERROR(fuse(node, node->input(1 - gate), node->input(gate)));
  }
  return {};
}

}  // namespace ingot::passes
