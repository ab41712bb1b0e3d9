// Which algorithm to try first, where nothing has been timed.
#pragma once

#include <vector>

#include "backends/cpu/kernels/conv/conv.h"

namespace ingot::cpu {

enum class ConvAlgorithm { direct, winograd2, winograd4 };

struct ConvEstimate {
  ConvAlgorithm algorithm;
  double cycles;
};

/// Every algorithm that can compute the convolution, cheapest first by a model of a core and its caches.
std::vector<ConvEstimate> rank_conv_algorithms(const ConvDesc& desc, Isa isa, int threads);

}  // namespace ingot::cpu
