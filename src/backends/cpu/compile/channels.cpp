#include "backends/cpu/compile/channels.h"

#include <algorithm>
#include <cstring>

namespace ingot::cpu {

ChannelOperand channel_operand(const Value& operand, const Value& tensor, int block) {
  const Shape &s = operand.shape(), &t = tensor.shape();
  if (!operand.type().ranked || s.size() > t.size()) return ChannelOperand::kUnfit;
  const bool whole_blocks = t[1].is_const() && t[1].value() % block == 0;
  if (s == t) return operand.is_constant() && !whole_blocks ? ChannelOperand::kUnfit : ChannelOperand::kSame;
  // One image for the whole batch, such as the embedding of positions.
  if (s.size() == t.size() && s[0].is(1) && std::equal(s.begin() + 1, s.end(), t.begin() + 1) &&
      (whole_blocks || !operand.is_constant()))
    return ChannelOperand::kSame;
  const size_t lead = t.size() - s.size();  // dims that broadcasting puts in front
  const Dim one = 1;
  const Dim& batch = lead > 0 ? one : s[0];
  const Dim& channels = lead > 1 ? one : s[1 - lead];
  if (channels.is(1)) return ChannelOperand::kPlain;
  const bool spatial_ones =
      std::all_of(s.begin() + static_cast<std::ptrdiff_t>(2 - std::min<size_t>(lead, 2)), s.end(),
                  [](const Dim& d) { return d.is(1); });
  if (!(channels == t[1]) || !spatial_ones) return ChannelOperand::kUnfit;
  if (operand.is_constant()) return batch.is(1) ? ChannelOperand::kVector : ChannelOperand::kUnfit;
  return lead == 0 ? ChannelOperand::kPooled : ChannelOperand::kUnfit;
}

PackedInput pack_channels(size_t input, const Value& operand, int block) {
  const Tensor& data = operand.constant();
  return {input, str("channels/", block), [data, block]() -> Result<Tensor> {
            const int64_t padded = (data.size() + block - 1) / block * block;
            INGOT_ASSIGN_OR_RETURN(Tensor out, Tensor::allocate(DataType::kF32, {padded}));
            std::memcpy(out.mutable_data(), data.data(), data.bytes());
            return out;
          }};
}

std::optional<Ints> blocked_operands(const Request& r, size_t first, Candidate& candidate) {
  Ints packed;
  for (size_t i = first; i < r.node.inputs().size(); ++i) {
    const Value* v = r.node.inputs()[i];
    packed.push_back(0);
    switch (channel_operand(*v, *r.node.output(), block_of(r.isa))) {
      case ChannelOperand::kUnfit:
        return std::nullopt;
      case ChannelOperand::kPlain:
        candidate.inputs[i] = Layout::kPlain;
        break;
      case ChannelOperand::kSame:
      case ChannelOperand::kPooled:
        candidate.inputs[i] = Layout::kBlocked;
        break;
      case ChannelOperand::kVector:
        candidate.inputs[i] = Layout::kPlain;
        candidate.packed.push_back(pack_channels(i, *v, block_of(r.isa)));
        packed.back() = 1;
        break;
    }
  }
  return packed;
}

}  // namespace ingot::cpu
