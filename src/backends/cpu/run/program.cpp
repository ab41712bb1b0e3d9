#include "backends/cpu/run/program.h"

namespace ingot::cpu {

Result<std::vector<VectorInstruction>> vector_program(std::string_view text, int num_inputs) {
  INGOT_ASSIGN_OR_RETURN(const ops::PointwiseProgram program, ops::PointwiseProgram::parse(text));
  INGOT_RETURN_IF_ERROR(program.validate(num_inputs));
  std::vector<VectorInstruction> out;
  for (const ops::PointwiseInstruction& from : program.instructions) {
    const ops::PointwiseOpInfo& op = ops::info(from.op);
    VectorInstruction to{find_vector_op(op.name), {}};
    if (to.op == VectorOp::kCount) return not_found("no vector instruction '", op.name, "'");
    for (int i = 0; i < op.operands; ++i) {
      const ops::PointwiseOperand& operand = from.operands[static_cast<size_t>(i)];
      to.operands[i] = {static_cast<VectorOperand::Kind>(operand.kind), operand.index, operand.number};
    }
    out.push_back(to);
  }
  return out;
}

}  // namespace ingot::cpu
