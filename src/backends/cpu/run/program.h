// From a pointwise program's text to the instructions of the vector kernels.
#pragma once

#include "backends/cpu/kernels/pointwise/vector_program.h"
#include "ops/pointwise_program.h"

namespace ingot::cpu {

/// Errors: text that is not a program, an instruction that the vector kernels lack, inputs beyond num_inputs.
Result<std::vector<VectorInstruction>> vector_program(std::string_view text, int num_inputs);

}  // namespace ingot::cpu
