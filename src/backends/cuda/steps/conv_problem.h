// Convolution steps as problems of the libraries.
#pragma once

#include "backends/cuda/libs/cudnn_conv.h"
#include "backends/cuda/steps/step.h"

namespace ingot::cuda {

/// A convolution, and what follows it in kernels of its own. args: those of Conv, and weight_dims, the
/// filter's dims [K, C / groups, spatial...]; its data lies channels last.
struct ConvStep {
  CudnnProblem problem;
  std::string epilogue;        // left over; its extra inputs begin at kConvExtras
  bool pads_channels = false;  // x is copied first: to channels last, with zeros up to problem.x[1] channels
};
inline constexpr size_t kConvExtras = 3;

/// Errors: kUnsupported. `tf32` allows float32 operands to be rounded.
Result<ConvStep> conv_step(const StepView& step, bool tf32);
/// The copy that `pads_channels` asks for, to scratch memory.
Result<Launches> pad_channels_launches(const StepView& step, const ConvStep& conv);

}  // namespace ingot::cuda
