// Operands that broadcast over a tensor with channels: how each can be read when that tensor is blocked.
#pragma once

#include "backends/cpu/compile/family.h"

namespace ingot::cpu {

enum class ChannelOperand {
  kSame,    // the tensor's own shape, or one image for all of the batch: blocked as well
  kVector,  // a constant, one number per channel: packed with whole blocks
  kPooled,  // [N, C, 1, 1]: blocked as well
  kPlain,   // no channels ([N, 1, H, W], a scalar): read as it is
  kUnfit,   // none of these: the tensor has to be plain
};
ChannelOperand channel_operand(const Value& operand, const Value& tensor, int block);

/// The packed form of kVector: `count` numbers and zeros up to whole blocks.
PackedInput pack_channels(size_t input, const Value& operand, int block);

/// Fills in layouts and packed inputs of the operands from `first` on, for an output in blocked layout. The
/// result is one entry per operand: 1 where it was packed. nullopt: some operand does not fit.
std::optional<Ints> blocked_operands(const Request& request, size_t first, Candidate& candidate);

}  // namespace ingot::cpu
