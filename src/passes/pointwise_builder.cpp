#include "passes/pointwise_builder.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ingot::passes {
namespace {

using ops::PointwiseOp;

// Ops that are one instruction of the same operands. Mod and Gelu have attributes that decide.
struct Direct {
  std::string_view op;
  PointwiseOp instruction;
};
constexpr Direct kDirect[] = {
    {"Abs", PointwiseOp::k_abs},
    {"Add", PointwiseOp::k_add},
    {"And", PointwiseOp::k_and},
    {"Ceil", PointwiseOp::k_ceil},
    {"Cos", PointwiseOp::k_cos},
    {"Div", PointwiseOp::k_div},
    {"Equal", PointwiseOp::k_equal},
    {"Erf", PointwiseOp::k_erf},
    {"Exp", PointwiseOp::k_exp},
    {"Floor", PointwiseOp::k_floor},
    {"Greater", PointwiseOp::k_greater},
    {"GreaterOrEqual", PointwiseOp::k_greater_equal},
    {"HardSwish", PointwiseOp::k_hardswish},
    {"Less", PointwiseOp::k_less},
    {"LessOrEqual", PointwiseOp::k_less_equal},
    {"Log", PointwiseOp::k_log},
    {"Mish", PointwiseOp::k_mish},
    {"Mul", PointwiseOp::k_mul},
    {"Neg", PointwiseOp::k_neg},
    {"Not", PointwiseOp::k_not},
    {"Or", PointwiseOp::k_or},
    {"PRelu", PointwiseOp::k_prelu},
    {"Reciprocal", PointwiseOp::k_reciprocal},
    {"Relu", PointwiseOp::k_relu},
    {"Round", PointwiseOp::k_round},
    {"Sigmoid", PointwiseOp::k_sigmoid},
    {"Sign", PointwiseOp::k_sign},
    {"Sin", PointwiseOp::k_sin},
    {"Softplus", PointwiseOp::k_softplus},
    {"Softsign", PointwiseOp::k_softsign},
    {"Sqrt", PointwiseOp::k_sqrt},
    {"Sub", PointwiseOp::k_sub},
    {"Tanh", PointwiseOp::k_tanh},
    {"Where", PointwiseOp::k_select},
    {"Xor", PointwiseOp::k_xor},
};

std::optional<PointwiseOp> direct(std::string_view op) {
  for (const Direct& d : kDirect)
    if (d.op == op) return d.instruction;
  return std::nullopt;
}

bool is_wide_float(DataType t) { return is_float(t) && bit_width(t) >= 16; }

}  // namespace

bool PointwiseBuilder::supports(const Node& n) {
  if (n.outputs().size() != 1 || !n.output()->type().ranked) return false;
  DataType type = DataType::kInvalid;
  for (size_t i = 0; i < n.inputs().size(); ++i) {
    const Value* v = n.input(i);
    if (v == nullptr) continue;
    if (v->dtype() == DataType::kBool) continue;
    if (n.is("Pow") && i == 1 && scalar(v)) continue;  // the exponent may be an integer
    if (!is_wide_float(v->dtype()) || (type != DataType::kInvalid && v->dtype() != type)) return false;
    type = v->dtype();
  }
  if (n.output()->dtype() != DataType::kBool && n.output()->dtype() != type) return false;
  if (n.is("Mod")) return n.attrs().get_int("fmod") != 0;
  return direct(n.op().name) || is_any(n, {"Celu", "Clip", "Elu", "Gelu", "HardSigmoid", "IsNaN", "LeakyRelu",
                                           "Max", "Min", "Pow", "Selu", "Sum", "Swish", "ThresholdedRelu"});
}

PointwiseBuilder::Operand PointwiseBuilder::operand(Value* v) {
  if (const auto it = known_.find(v); it != known_.end()) return it->second;
  if (const auto s = scalar(v)) {
    const float number = static_cast<float>(*s);
    // Numbers in programs are floats: a double that is none stays an input.
    if (std::isnan(*s) || static_cast<double>(number) == *s || v->dtype() != DataType::kF64)
      return Operand::value(number);
  }
  inputs_.push_back(v);
  return known_[v] = Operand::input(static_cast<int>(inputs_.size()) - 1);
}

PointwiseBuilder::Operand PointwiseBuilder::emit(Op op, Operand a, Operand b, Operand c) {
  program_.instructions.push_back({op, {a, b, c}});
  return Operand::temp(static_cast<int>(program_.instructions.size()) - 1);
}

PointwiseBuilder::Operand PointwiseBuilder::lower_variadic(const Node& n, Op op) {
  Operand result = operand(n.input(0));
  if (n.inputs().size() == 1) return emit(Op::k_add, result, Operand::value(0));
  for (size_t i = 1; i < n.inputs().size(); ++i) result = emit(op, result, operand(n.input(i)));
  return result;
}

PointwiseBuilder::Operand PointwiseBuilder::lower_pow(const Node& n) {
  const Operand x = operand(n.input(0));
  const auto exponent = scalar(n.input(1));
  if (exponent == 2.0) return emit(Op::k_mul, x, x);
  if (exponent == 3.0) return emit(Op::k_mul, emit(Op::k_mul, x, x), x);
  if (exponent == 0.5) return emit(Op::k_sqrt, x);
  if (exponent == -1.0) return emit(Op::k_reciprocal, x);
  return emit(Op::k_pow, x, exponent ? Operand::value(static_cast<float>(*exponent)) : operand(n.input(1)));
}

std::optional<PointwiseBuilder::Operand> PointwiseBuilder::lower(const Node& n) {
  const std::string_view op = n.op().name;
  const auto number = [](float v) { return Operand::value(v); };
  const auto attr = [&](std::string_view name, float fallback) {
    return number(n.attrs().get_float(name, fallback));
  };
  if (const auto instruction = direct(op)) {
    Operand in[3];
    for (size_t i = 0; i < n.inputs().size(); ++i) in[i] = operand(n.input(i));
    return emit(*instruction, in[0], in[1], in[2]);
  }
  if (op == "Sum") return lower_variadic(n, Op::k_add);
  if (op == "Max") return lower_variadic(n, Op::k_max);
  if (op == "Min") return lower_variadic(n, Op::k_min);
  if (op == "Pow") return lower_pow(n);
  const Operand x = operand(n.input(0));
  if (op == "Mod") return emit(Op::k_mod, x, operand(n.input(1)));
  if (op == "Gelu")
    return emit(n.attrs().get_string("approximate", "none") == "tanh" ? Op::k_gelu_tanh : Op::k_gelu, x);
  if (op == "IsNaN") return emit(Op::k_not, emit(Op::k_equal, x, x));
  if (op == "LeakyRelu") return emit(Op::k_leakyrelu, x, attr("alpha", 0.01f));
  if (op == "Elu") return emit(Op::k_elu, x, attr("alpha", 1));
  if (op == "HardSigmoid") return emit(Op::k_hardsigmoid, x, attr("alpha", 0.2f), attr("beta", 0.5f));
  if (op == "ThresholdedRelu")
    return emit(Op::k_select, emit(Op::k_greater, x, attr("alpha", 1)), x, number(0));
  if (op == "Selu")
    return emit(Op::k_mul, emit(Op::k_elu, x, attr("alpha", 1.67326319f)), attr("gamma", 1.05070102f));
  if (op == "Celu") {
    const Operand alpha = attr("alpha", 1);
    return emit(Op::k_mul, emit(Op::k_elu, emit(Op::k_div, x, alpha), number(1)), alpha);
  }
  if (op == "Swish") {
    const Operand alpha = attr("alpha", 1);
    if (alpha.number == 1) return emit(Op::k_silu, x);
    return emit(Op::k_mul, x, emit(Op::k_sigmoid, emit(Op::k_mul, x, alpha)));
  }
  if (op == "Clip") {
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    return emit(Op::k_clip, x, n.input(1) ? operand(n.input(1)) : number(-kInfinity),
                n.input(2) ? operand(n.input(2)) : number(kInfinity));
  }
  return std::nullopt;
}

bool PointwiseBuilder::add(const Node& n) {
  const auto result = lower(n);
  if (!result || inputs_.size() > static_cast<size_t>(ops::PointwiseProgram::kMaxInputs) ||
      program_.instructions.size() > static_cast<size_t>(ops::PointwiseProgram::kMaxInstructions))
    return false;
  known_[n.output()] = *result;
  return true;
}

}  // namespace ingot::passes
