// ConvChain: convolutions of which each works on the result of the one before, and perhaps a pointwise
// program on what the first reads. A node that passes make, where what lies between is better not written to
// memory.
//
// Inputs: X, the extra inputs of the prologue, then for each convolution its weights and its bias (or none),
// then the extra inputs of the last one's epilogue. Attributes: those of Conv, one convolution's after the
// other's, for two spatial dims; `prologue`, a program on X (x0) and its extra inputs, which broadcast to X.
#pragma once

#include "ops/op.h"

namespace ingot::ops {

inline size_t chain_length(const Attrs& chain) { return chain.get_ints("groups").size(); }
inline size_t chain_prologue_inputs(const Attrs& chain) {
  return static_cast<size_t>(chain.get_int("prologue_inputs"));
}
inline size_t chain_weights(const Attrs& chain, size_t i) { return 1 + chain_prologue_inputs(chain) + 2 * i; }
inline size_t chain_bias(const Attrs& chain, size_t i) { return chain_weights(chain, i) + 1; }
inline size_t chain_extras(const Attrs& chain) { return chain_weights(chain, chain_length(chain)); }

/// The attributes of convolution `i` as a Conv has them, its epilogue included. The chain's own are checked.
Attrs chain_conv(const Attrs& chain, size_t i);
/// The attributes of a chain of Convs, which have explicit padding and two spatial dims.
Attrs make_chain(const std::vector<Attrs>& convs);

}  // namespace ingot::ops
