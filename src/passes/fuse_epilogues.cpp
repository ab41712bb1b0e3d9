// A pointwise program that runs on the result of a convolution or matrix product becomes its epilogue: bias,
// activation, residual sum and channel scale are done while the result is in registers.
#include <algorithm>
#include <map>

#include "ops/pointwise_program.h"
#include "passes/pass.h"
#include "passes/rewrite.h"

namespace ingot::passes {
namespace {

using ops::PointwiseOperand;
using ops::PointwiseProgram;

bool is_quantized(const Node& n) { return is_any(n, {"QuantizedConv", "QuantizedMatMul"}); }

bool takes_epilogue(const Node& n) {
  return is_any(n, {"Conv", "ConvTranspose", "FusedMatMul"}) || is_quantized(n);
}

// The input of `node` that a layer makes for it alone, in the shape of its result; of several the one made
// last, so that the others are there when it runs.
int layer_input(const Node& node, const std::map<const Node*, size_t>& order) {
  int best = -1;
  size_t latest = 0;
  for (size_t i = 0; i < node.inputs().size(); ++i) {
    const Value* v = node.input(i);
    const Node* maker = v->producer();
    if (!maker || !takes_epilogue(*maker) || only_user(v) != &node) continue;
    if (!v->type().ranked || v->type() != node.output()->type()) continue;
    if (best >= 0 && order.at(maker) < latest) continue;
    best = static_cast<int>(i);
    latest = order.at(maker);
  }
  return best;
}

// `program` behind the layer's own epilogue; its input i becomes operands[i].
Result<PointwiseProgram> append(const Node& layer, const PointwiseProgram& program,
                                const std::vector<PointwiseOperand>& operands, size_t result_input) {
  PointwiseProgram out;
  PointwiseOperand result = PointwiseOperand::input(0);
  if (const std::string text = layer.attrs().get_string("epilogue"); !text.empty()) {
    INGOT_ASSIGN_OR_RETURN(out, PointwiseProgram::parse(text));
    result = PointwiseOperand::temp(static_cast<int>(out.instructions.size()) - 1);
  }
  const int shift = static_cast<int>(out.instructions.size());
  for (ops::PointwiseInstruction instruction : program.instructions) {
    for (PointwiseOperand& o : instruction.operands) {
      if (o.kind == PointwiseOperand::kTemp) o.index += shift;
      if (o.kind != PointwiseOperand::kInput) continue;
      const size_t i = static_cast<size_t>(o.index);
      o = i == result_input ? result : operands[i];
    }
    out.instructions.push_back(instruction);
  }
  return out;
}

Result<Node*> fuse(Node* node, size_t result_input) {
  const Node& layer = *node->input(result_input)->producer();
  std::vector<Value*> inputs = layer.inputs();
  const size_t first_extra = is_quantized(layer) ? 4 : 3;  // the epilogue's x1
  if (inputs.size() < first_extra) inputs.resize(first_extra, nullptr);
  std::vector<PointwiseOperand> operands(node->inputs().size());
  for (size_t i = 0; i < operands.size(); ++i) {
    if (i == result_input) continue;
    const auto begin = inputs.begin() + static_cast<std::ptrdiff_t>(first_extra);
    auto it = std::find(begin, inputs.end(), node->input(i));
    if (it == inputs.end()) it = inputs.insert(it, node->input(i));
    operands[i] =
        PointwiseOperand::input(1 + static_cast<int>(it - inputs.begin()) - static_cast<int>(first_extra));
  }
  if (inputs.size() == first_extra && inputs.back() == nullptr) inputs.pop_back();
  INGOT_ASSIGN_OR_RETURN(const auto own, PointwiseProgram::parse(node->attrs().get_string("program")));
  INGOT_ASSIGN_OR_RETURN(const auto program, append(layer, own, operands, result_input));
  if (!program.validate().ok()) return static_cast<Node*>(nullptr);  // too long
  Attrs attrs = layer.attrs();
  attrs.set("epilogue", program.to_string());
  INGOT_ASSIGN_OR_RETURN(Value * fused,
                         insert(node, layer.op().name, std::move(inputs), std::move(attrs), layer.name()));
  replace(node, fused);
  return fused->producer();
}

}  // namespace

Status fuse_epilogues(Graph& graph) {
  std::map<const Node*, size_t> order;
  const std::vector<Node*> nodes = graph.node_list();
  for (size_t i = 0; i < nodes.size(); ++i) order[nodes[i]] = i;
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (!nodes[i]->is("Pointwise")) continue;
    const int input = layer_input(*nodes[i], order);
    if (input < 0) continue;
    INGOT_ASSIGN_OR_RETURN(const Node* fused, fuse(nodes[i], static_cast<size_t>(input)));
    if (fused != nullptr) order[fused] = i;
  }
  return {};
}

}  // namespace ingot::passes
