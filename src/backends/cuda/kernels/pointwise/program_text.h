// Pointwise programs as device code: the one translation, for pointwise kernels and for epilogues.
#pragma once

#include "backends/cuda/kernels/kernel_spec.h"
#include "ops/pointwise_program.h"

namespace ingot::cuda {

/// Defines `run_program(const Compute (&x)[kProgramInputs])`, which returns a Compute, for a kernel's prelude
/// (the kernel includes pointwise/functions.cuh). `compute` is "float", "double" or "i64"; in i64,
/// instructions that are only meant for floats are an error (kUnsupported). kProgramInputs is `num_inputs`,
/// or 1 more than the highest input that is read, if that is larger.
Result<std::string> program_text(const ops::PointwiseProgram& program, std::string_view compute,
                                 int num_inputs);

/// The same from an epilogue's text; an empty one returns x[0].
Result<std::string> epilogue_text(std::string_view epilogue, int num_inputs);

}  // namespace ingot::cuda
