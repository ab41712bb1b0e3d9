#include "backends/cuda/kernels/pointwise/program_text.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace ingot::cuda {
namespace {

// C++ has these names as operators.
std::string function_name(ops::PointwiseOp op) {
  const std::string name(ops::info(op).name);
  for (const char* word : {"not", "and", "or", "xor"})
    if (name == word) return "logical_" + name;
  return name;
}

bool works_on_integers(ops::PointwiseOp op) {
  static constexpr std::string_view kNames[] = {
      "add",           "sub",  "mul",  "div",  "max",   "min",   "mod",     "neg",
      "abs",           "sign", "relu", "clip", "equal", "less",  "greater", "less_equal",
      "greater_equal", "not",  "and",  "or",   "xor",   "select"};
  return std::find(std::begin(kNames), std::end(kNames), ops::info(op).name) != std::end(kNames);
}

std::string operand_text(const ops::PointwiseOperand& operand) {
  using Operand = ops::PointwiseOperand;
  if (operand.kind == Operand::kInput) return str("x[", operand.index, "]");
  if (operand.kind == Operand::kTemp) return str("t", operand.index);
  if (std::isnan(operand.number)) return "Compute(__int_as_float(0x7fc00000))";
  if (std::isinf(operand.number))
    return operand.number > 0 ? "Compute(__int_as_float(0x7f800000))"
                              : "Compute(-__int_as_float(0x7f800000))";
  char text[40];
  std::snprintf(text, sizeof text, "Compute(%.9g)", static_cast<double>(operand.number));
  return text;
}

std::string wrap(std::string_view compute, int num_inputs, const std::string& body) {
  return str("using Compute = ", compute, ";\nconstexpr int kProgramInputs = ", num_inputs,
             ";\n__device__ inline Compute run_program(const Compute (&x)[kProgramInputs]) {\n", body, "}\n");
}

}  // namespace

Result<std::string> program_text(const ops::PointwiseProgram& program, std::string_view compute,
                                 int num_inputs) {
  INGOT_RETURN_IF_ERROR(program.validate());
  std::string body;
  for (size_t i = 0; i < program.instructions.size(); ++i) {
    const ops::PointwiseInstruction& in = program.instructions[i];
    if (compute == "i64" && !works_on_integers(in.op))
      return unsupported("'", ops::info(in.op).name, "' has no CUDA code for integers");
    body += str("  const Compute t", i, " = program::", function_name(in.op), "(");
    for (int k = 0; k < ops::info(in.op).operands; ++k)
      body += (k > 0 ? ", " : "") + operand_text(in.operands[static_cast<size_t>(k)]);
    body += ");\n";
  }
  body += str("  return t", program.instructions.size() - 1, ";\n");
  return wrap(compute, std::max(num_inputs, program.num_inputs()), body);
}

Result<std::string> epilogue_text(std::string_view epilogue, int num_inputs) {
  if (epilogue.empty()) return wrap("float", std::max(num_inputs, 1), "  return x[0];\n");
  INGOT_ASSIGN_OR_RETURN(const ops::PointwiseProgram program, ops::PointwiseProgram::parse(epilogue));
  return program_text(program, "float", num_inputs);
}

}  // namespace ingot::cuda
