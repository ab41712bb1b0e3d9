// Convolutions and matrix products by our own tensor-core kernel, and depthwise convolutions.
#pragma once

#include "backends/cuda/kernels/depthwise/depthwise.h"
#include "backends/cuda/steps/step.h"

namespace ingot::cuda {

/// A step of family "implicit_gemm" as a problem. args: those of the op, weight_dims for Conv (whose filter
/// lies channels last), exact (float32 products without rounding to TF32). Weights of products are [n, k].
/// Errors: kUnsupported.
Result<ConvProblem> implicit_gemm_problem(const StepView& step);

/// Likewise a ConvChain that is one convolution of a scaled image (its gates are input 1), of family
/// "gated_gemm".
Result<ConvProblem> gated_gemm_problem(const StepView& step);
/// The product of a recurrent layer's inputs of all times, of a step of family "rnn".
Result<ConvProblem> rnn_product(const StepView& step);
/// A step of family "depthwise".
Result<DepthwiseProblem> depthwise_problem(const StepView& step);

/// Steps of an operand of an epilogue that is repeated to `y`, [images, filters, places...].
Result<ConvExtra> extra_of_image(const TensorArg& operand, const Dims& y);

/// How a configuration is kept among a step's arguments ("config"), and under which name it is reported.
Ints to_ints(const ConvConfig& config);
Result<ConvConfig> config_of(const StepView& step);
std::string name_of(const ConvConfig& config);

}  // namespace ingot::cuda
