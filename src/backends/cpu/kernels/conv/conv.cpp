#include "backends/cpu/kernels/conv/conv.h"

#include <algorithm>

namespace ingot::cpu {

ConvWeights::ConvWeights(const ConvDesc& desc, Isa isa)
    : lanes(block_of(isa)),
      block(desc.plain_src ? 1 : lanes),
      out_blocks((desc.out_channels + lanes - 1) / lanes),
      taps(desc.kernel[0] * desc.kernel[1]),
      tail(0),
      in_channels_(desc.in_channels),
      out_channels_(desc.out_channels),
      groups_(desc.groups),
      source_blocks_((desc.in_channels + block - 1) / block) {
  if (groups_ == 1) {
    in_blocks = source_blocks_;
    tail = in_channels_ % block;
    depth = in_channels_;
    return;
  }
  const int64_t in = in_channels_ / groups_, out = out_channels_ / groups_;
  in_blocks = 0;
  for (int64_t ob = 0; ob < out_blocks; ++ob) {
    const int64_t last_channel = std::min(out_channels_, (ob + 1) * lanes) - 1;
    const int64_t begin = ob * lanes / out * in / block;
    const int64_t end = ((last_channel / out + 1) * in + block - 1) / block;
    in_blocks = std::max(in_blocks, end - begin);
  }
  depth = in_blocks * block;
}

int64_t ConvWeights::first_block(int64_t out_block) const {
  if (groups_ == 1) return 0;
  const int64_t group = out_block * lanes / (out_channels_ / groups_);
  return std::min(group * (in_channels_ / groups_) / block, source_blocks_ - in_blocks);
}

void ConvWeights::pack(const float* weights, float* packed) const {
  const int64_t in = in_channels_ / groups_, out = out_channels_ / groups_;
  for (int64_t ob = 0; ob < out_blocks; ++ob) {
    const int64_t first = first_block(ob) * block;
    for (int64_t ib = 0; ib < in_blocks; ++ib) {
      const int64_t channels = tail > 0 && ib + 1 == in_blocks ? tail : block;
      for (int64_t tap = 0; tap < taps; ++tap) {
        for (int64_t c = 0; c < channels; ++c) {
          const int64_t channel = first + ib * block + c;
          for (int64_t lane = 0; lane < lanes; ++lane, ++packed) {
            const int64_t o = ob * lanes + lane;
            const int64_t i = o < out_channels_ ? channel - o / out * in : -1;  // within the group
            *packed = i >= 0 && i < in ? weights[(o * in + i) * taps + tap] : 0.0f;
          }
        }
      }
    }
  }
}

}  // namespace ingot::cpu
