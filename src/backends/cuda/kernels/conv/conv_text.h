// What the kernels of convolutions have in common.
#pragma once

#include "backends/cuda/kernels/conv/conv.h"
#include "backends/cuda/kernels/conv/conv_params.h"
#include "backends/cuda/kernels/wgmma_text.h"

namespace ingot::cuda {

/// The epilogue, and EXTRAS(F): F(index, type, dense) for its inputs.
Result<std::string> conv_prelude(const ConvProblem& problem);
/// Defines TYPE, X_TYPE, OUT, BIAS_TYPE and HAS_BIAS.
Status define_types(KernelSpec& spec, const ConvProblem& problem);
/// Strides of x: image, row, column, channel.
Dims x_strides_of(const ConvProblem& problem);
/// Elements of y's rows that are moved at once.
int vector_of_y(const ConvProblem& problem, int64_t y_row);
/// All that does not depend on the configuration.
ConvParams conv_params(const ConvProblem& problem);
/// conv_kernel for configurations of these ways.
Result<KernelSpec> warp_specialized_kernel(const ConvProblem& problem, const ConvConfig& config);
Result<KernelSpec> one_tile_kernel(const ConvProblem& problem, const ConvConfig& config);
Result<KernelSpec> patch_conv_kernel(const ConvProblem& problem, const ConvConfig& config);

}  // namespace ingot::cuda
