// What of an epilogue the libraries' kernels take in: bias and residual added, then one activation.
#pragma once

#include <optional>

#include "backends/cuda/steps/step.h"

namespace ingot::cuda {

enum class Activation { kNone, kRelu, kSigmoid, kTanh, kGelu, kGeluTanh, kSilu };

struct EpilogueMatch {
  bool residual = false;  // the first extra input, which has the result's shape, is added
  Activation activation = Activation::kNone;
  std::optional<double> upper;  // of kRelu: where it ends
};

/// How the whole epilogue of a step, whose extra inputs begin at `first`, is a residual and an activation;
/// nothing where it is something else.
std::optional<EpilogueMatch> match_epilogue(const StepView& step, size_t first);

}  // namespace ingot::cuda
