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

/// False where Winograd's F(4x4, 3x3) would have large filters for few pixels: F(2x2, 3x3) is nearly as fast
/// there, with less than half the memory.
bool worth_its_memory(const ConvDesc& desc, Isa isa);

/// Every algorithm that can compute the convolution and is worth its memory, cheapest first by a model of a
/// core and its caches.
std::vector<ConvEstimate> rank_conv_algorithms(const ConvDesc& desc, Isa isa, int threads);

}  // namespace ingot::cpu
