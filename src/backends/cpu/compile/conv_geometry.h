// Convolutions of the graph as the kernels describe them.
#pragma once

#include "backends/cpu/kernels/conv/conv.h"
#include "base/attrs.h"

namespace ingot::cpu {

/// For a Conv's attributes, weights [OC, IC / groups, kernel...] and input. First layers read plain tensors.
Result<ConvDesc> conv_geometry(const Attrs& attrs, const Dims& weights, const Dims& x);

}  // namespace ingot::cpu
