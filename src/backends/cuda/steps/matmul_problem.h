// Matrix products of a plan as problems of cuBLASLt.
#pragma once

#include "backends/cuda/libs/matmul.h"
#include "backends/cuda/steps/step.h"

namespace ingot::cuda {

/// A product, and what follows it in kernels of its own.
struct MatMulStep {
  MatMulProblem problem;
  size_t residual = 0;   // which input is added as a whole; 0: none
  bool add_c = false;    // input 2 is added afterwards, repeated as its dims say
  std::string epilogue;  // left over; its extra inputs begin at kMatMulExtras
};
inline constexpr size_t kMatMulExtras = 3;

/// Of FusedMatMul and MatMul, and (kernel "Conv") of convolutions with filters of one element, channels last.
/// Errors: kUnsupported.
Result<MatMulStep> matmul_step(const StepView& step, bool tf32);

}  // namespace ingot::cuda
