// What is left of the quantizers becomes part of programs: the epilogues of quantized layers and Pointwise
// nodes read quantized operands as they are, and store their results quantized where only a QuantizeLinear
// reads them. So do convolutions of 16-bit floats, of which there are some where a device computes in them: a
// network's first layer, say, that stays as it is.
#include <map>

#include "ops/pointwise_program.h"
#include "ops/types.h"
#include "passes/pass.h"
#include "passes/quantization.h"

namespace ingot::passes {
namespace {

using ops::PointwiseInstruction;
using ops::PointwiseOp;
using ops::PointwiseOperand;
using ops::PointwiseProgram;

// How a node's program and inputs fit together: input `first` is operand x<operand>.
struct Form {
  std::string_view attribute, op;  // what the node becomes
  size_t first;
  int operand;
};
std::optional<Form> form_of(const Node& node) {
  if (node.is("Pointwise")) return Form{"program", "QuantizedPointwise", 0, 0};
  if (is_any(node, {"QuantizedConv", "QuantizedMatMul"})) return Form{"epilogue", node.op().name, 4, 1};
  if (node.is("Conv") && bit_width(node.output()->dtype()) == 16 && node.inputs().size() <= 3 &&
      node.attrs().get_int("group", 1) == 1)
    return Form{"epilogue", "Conv", 3, 1};
  return std::nullopt;
}

PointwiseOperand emit(PointwiseProgram& program, PointwiseOp op, PointwiseOperand a, float number) {
  program.instructions.push_back({op, {a, PointwiseOperand::value(number), {}}});
  return PointwiseOperand::temp(static_cast<int>(program.instructions.size()) - 1);
}

// `program` with these inputs dequantized before it.
PointwiseProgram dequantizing(const PointwiseProgram& program, const std::map<int, Scale>& scales) {
  PointwiseProgram out;
  std::map<int, PointwiseOperand> wide;
  for (const auto& [i, scale] : scales) {
    PointwiseOperand value = PointwiseOperand::input(i);
    if (scale.zero != 0) value = emit(out, PointwiseOp::k_sub, value, static_cast<float>(scale.zero));
    wide[i] = emit(out, PointwiseOp::k_mul, value, static_cast<float>(scale.scale));
  }
  const int shift = static_cast<int>(out.instructions.size());
  for (PointwiseInstruction in : program.instructions) {
    for (PointwiseOperand& o : in.operands) {
      if (o.kind == PointwiseOperand::kTemp) o.index += shift;
      if (o.kind == PointwiseOperand::kInput && wide.contains(o.index)) o = wide[o.index];
    }
    out.instructions.push_back(in);
  }
  return out;
}

// `program` with its result quantized; an empty one gives x0. Storing rounds and saturates.
void append_quantizing(PointwiseProgram& program, const Scale& scale) {
  PointwiseOperand value = program.instructions.empty()
                               ? PointwiseOperand::input(0)
                               : PointwiseOperand::temp(static_cast<int>(program.instructions.size()) - 1);
  value = emit(program, PointwiseOp::k_mul, value, static_cast<float>(1 / scale.scale));
  if (scale.zero != 0) emit(program, PointwiseOp::k_add, value, static_cast<float>(scale.zero));
}

// The QuantizeLinear that alone reads the node's result.
Node* quantizer_after(const Node& node) {
  Node* q = only_user(node.output());
  return q != nullptr && q->is("QuantizeLinear") && q->input(0) == node.output() && scale_of(*q) ? q
                                                                                                 : nullptr;
}

Status fuse(Node* node, const Form& form) {
  PointwiseProgram program;
  if (const std::string text = node->attrs().get_string(form.attribute); !text.empty()) {
    INGOT_ASSIGN_OR_RETURN(program, PointwiseProgram::parse(text));
  }
  std::vector<Value*> inputs = node->inputs();
  std::map<int, Scale> scales;
  for (size_t i = form.first; i < inputs.size(); ++i) {
    const Node* q = dequantizer(inputs[i]);
    if (q == nullptr) continue;
    inputs[i] = q->input(0);
    scales[static_cast<int>(i - form.first) + form.operand] = *scale_of(*q);
  }
  Node* const q = quantizer_after(*node);
  if (scales.empty() && q == nullptr) return {};
  program = dequantizing(program, scales);
  if (q != nullptr) append_quantizing(program, *scale_of(*q));
  if (!program.validate().ok()) return {};  // too long
  Attrs attrs = node->attrs();
  attrs.set(form.attribute, program.to_string());
  Node* const last = q != nullptr ? q : node;
  attrs.set("output_dtype", ops::onnx_type_number(last->output()->dtype()));
  return replace_by(last, form.op, std::move(inputs), std::move(attrs)).status();
}

}  // namespace

Status fuse_quantization(Graph& graph) {
  std::vector<Node*> found;
  for (Node* node : graph.node_list())
    if (form_of(*node)) found.push_back(node);
  // A QuantizeLinear goes with the node before it, and no such node goes with another.
  for (Node* node : found) INGOT_RETURN_IF_ERROR(fuse(node, *form_of(*node)));
  return {};
}

}  // namespace ingot::passes
