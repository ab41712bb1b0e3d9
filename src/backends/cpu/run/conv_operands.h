// What the kernels of convolutions share: geometry and checks of operands.
#pragma once

#include "backends/cpu/kernels/conv/conv.h"
#include "backends/cpu/run/kernel.h"
#include "backends/cpu/run/window2d.h"

namespace ingot::cpu {

ConvDesc conv_desc(const Window2d& window, const Ints& weight_dims, int64_t groups, const TensorArg& x);

Status check_elements(const TensorArg& arg, int64_t expected, const char* what);
/// Input `i`, where it is given, has a number for each channel and zeros up to a whole block.
Status check_bias(std::span<const TensorArg* const> inputs, size_t i, int64_t channels, Isa isa);
/// Input `i`, or null where it is not given.
const float* optional_floats(const Invocation& call, size_t i);

}  // namespace ingot::cpu
