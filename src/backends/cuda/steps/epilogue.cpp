#include "backends/cuda/steps/epilogue.h"

#include "ops/pointwise_program.h"

namespace ingot::cuda {
namespace {

using ops::PointwiseInstruction;
using ops::PointwiseOp;
using ops::PointwiseOperand;

bool is_number(const PointwiseOperand& o, float value) {
  return o.kind == PointwiseOperand::kNumber && o.number == value;
}

std::optional<EpilogueMatch> activation_of(const PointwiseInstruction& i, EpilogueMatch match) {
  switch (i.op) {
    case PointwiseOp::k_relu:
      match.activation = Activation::kRelu;
      return match;
    case PointwiseOp::k_clip:
      if (!is_number(i.operands[1], 0) || i.operands[2].kind != PointwiseOperand::kNumber)
        return std::nullopt;
      match.activation = Activation::kRelu;
      match.upper = i.operands[2].number;
      return match;
    case PointwiseOp::k_sigmoid:
      match.activation = Activation::kSigmoid;
      return match;
    case PointwiseOp::k_tanh:
      match.activation = Activation::kTanh;
      return match;
    case PointwiseOp::k_gelu:
      match.activation = Activation::kGelu;
      return match;
    case PointwiseOp::k_gelu_tanh:
      match.activation = Activation::kGeluTanh;
      return match;
    case PointwiseOp::k_silu:
      match.activation = Activation::kSilu;
      return match;
    default:
      return std::nullopt;
  }
}

bool is(const PointwiseOperand& o, PointwiseOperand::Kind kind, int index) {
  return o.kind == kind && o.index == index;
}

}  // namespace

std::optional<EpilogueMatch> match_epilogue(const StepView& step, size_t first) {
  EpilogueMatch match;
  const std::string text = step.args.get_string("epilogue");
  if (text.empty()) return match;
  const auto program = ops::PointwiseProgram::parse(text);
  if (!program.ok()) return std::nullopt;
  std::span<const PointwiseInstruction> rest = program->instructions;
  PointwiseOperand::Kind value = PointwiseOperand::kInput;  // x0, the result itself; then t0
  if (rest.front().op == PointwiseOp::k_add) {
    const auto& [a, b, unused] = rest.front().operands;
    const bool adds = (is(a, PointwiseOperand::kInput, 0) && is(b, PointwiseOperand::kInput, 1)) ||
                      (is(a, PointwiseOperand::kInput, 1) && is(b, PointwiseOperand::kInput, 0));
    if (!adds || !step.has(first) || step.in(first).dims != step.out(0).dims ||
        step.in(first).dtype != step.out(0).dtype || step.in(first).layout != step.out(0).layout)
      return std::nullopt;
    match.residual = true;
    value = PointwiseOperand::kTemp;
    rest = rest.subspan(1);
  }
  if (rest.empty()) return match;
  if (rest.size() > 1 || !is(rest[0].operands[0], value, 0)) return std::nullopt;
  return activation_of(rest[0], match);
}

}  // namespace ingot::cuda
