// Convolutions and matrix products by our own tensor-core kernel, and depthwise convolutions.
#pragma once

#include "backends/cuda/kernels/conv/conv.h"
#include "backends/cuda/steps/step.h"

namespace ingot::cuda {

/// A step of family "implicit_gemm" as a problem. args: those of the op, weight_dims for Conv (whose filter
/// lies channels last), exact (float32 products without rounding to TF32). Weights of products are [n, k].
/// Errors: kUnsupported.
Result<ConvProblem> implicit_gemm_problem(const StepView& step);

/// Steps of an operand of an epilogue that is repeated to `y`, [images, filters, places...].
Result<ConvExtra> extra_of_image(const TensorArg& operand, const Dims& y);

/// How a configuration is kept among a step's arguments ("config"), and under which name it is reported.
Ints to_ints(const ConvConfig& config);
std::string name_of(const ConvConfig& config);

}  // namespace ingot::cuda
