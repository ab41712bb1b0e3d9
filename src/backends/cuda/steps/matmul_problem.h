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

/// A product of nothing, as open sizes may come to be: it has no results, or they are sums of no products.
bool is_empty_product(const StepView& step);
/// What it comes to: zeros, with C and the epilogue.
Result<Launches> empty_product_launches(const StepView& step);

}  // namespace ingot::cuda
