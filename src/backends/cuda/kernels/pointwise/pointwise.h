// Pointwise kernels: a program (ops/pointwise_program.h) for every element of a tensor of any strides.
#pragma once

#include "backends/cuda/kernels/kernel_spec.h"
#include "ops/pointwise_program.h"

namespace ingot::cuda {

struct StridedOperand {
  DataType type = DataType::kInvalid;
  Dims strides;  // in elements, one for each dim of the problem; 0 where the operand is repeated
};

/// y[i] = program(x0[i], x1[i]...), for all i below `dims`. Computes in float; in double when an operand is
/// f64; in 64-bit integers when all operands but bools are integers and nothing is rounded. `program` without
/// instructions converts x0.
///
/// Baked in: the program, types, which operands repeat along the innermost dims, and whether rows divide into
/// vectors of 16 bytes (dense operands of equal strides make one long row, which need not divide).
struct PointwiseProblem {
  ops::PointwiseProgram program;
  Dims dims;
  std::vector<StridedOperand> inputs;  // up to 16
  StridedOperand output;
  int alignment = 16;   // of all pointers, in bytes
  bool rounds = false;  // integers are stored rounded to nearest and saturated, else as Cast does it
};

/// Arguments: the inputs, the output. Errors: kUnsupported names what has no code.
Result<KernelSpec> pointwise_kernel(const PointwiseProblem& problem);

/// An operand that has `dims` itself: strides of `out`, 0 where `dims` has 1 and `out` has more (or is
/// longer).
StridedOperand broadcast_operand(DataType type, const Dims& dims, const Dims& out);

}  // namespace ingot::cuda
