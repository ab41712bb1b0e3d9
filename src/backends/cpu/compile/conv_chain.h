// The two shapes of ConvChain that have kernels: each says why it cannot compute a node, or offers
// candidates.
#pragma once

#include "backends/cpu/compile/family.h"
#include "backends/cpu/kernels/conv/conv.h"

namespace ingot::cpu {

/// A convolution, a depthwise one, and perhaps a pointwise one. Empty: the kernel can do it.
std::string conv_chain_why_not(const Request& request);
void offer_conv_chain(const Request& request, Offer& offer);

/// One pointwise convolution behind a prologue that reads numbers for each channel.
std::string conv_prologue_why_not(const Request& request);
void offer_conv_prologue(const Request& request, Offer& offer);

/// Weights and bias of convolution `i`, packed for the kernels.
void pack_chain_conv(const Request& request, const ConvDesc& desc, size_t i, Candidate& candidate);

}  // namespace ingot::cpu
