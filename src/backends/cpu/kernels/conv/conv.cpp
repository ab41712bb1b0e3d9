#include "backends/cpu/kernels/conv/conv.h"

#include <algorithm>
#include <numeric>

namespace ingot::cpu {

ConvWeights::ConvWeights(const ConvDesc& desc, Isa isa)
    : lanes(block_of(isa)),
      block(desc.plain_src ? 1 : lanes),
      out_blocks((desc.out_channels + lanes - 1) / lanes),
      taps(desc.kernel[0] * desc.kernel[1]),
      in_channels_(desc.in_channels),
      out_channels_(desc.out_channels),
      groups_(desc.groups),
      source_blocks_((desc.in_channels + block - 1) / block) {
  if (groups_ == 1) {
    // The tile kernels like four k's at a time; what a block has beyond the last channel is skipped in such
    // steps.
    const int64_t in = desc.plain_src ? in_channels_ : (in_channels_ + 3) / 4 * 4;
    step = std::gcd(block, in);
    steps = in / step;
    return;
  }
  const int64_t in = in_channels_ / groups_, out = out_channels_ / groups_;
  step = block;
  steps = 0;
  for (int64_t ob = 0; ob < out_blocks; ++ob) {
    const int64_t last_channel = std::min(out_channels_, (ob + 1) * lanes) - 1;
    const int64_t begin = ob * lanes / out * in / block;
    const int64_t end = ((last_channel / out + 1) * in + block - 1) / block;
    steps = std::max(steps, end - begin);
  }
}

int64_t ConvWeights::first_block(int64_t out_block) const {
  if (groups_ == 1) return 0;
  const int64_t group = out_block * lanes / (out_channels_ / groups_);
  return std::min(group * (in_channels_ / groups_) / block, source_blocks_ - steps);
}

void ConvWeights::pack(const float* weights, float* packed) const {
  const int64_t in = in_channels_ / groups_, out = out_channels_ / groups_;
  for (int64_t ob = 0; ob < out_blocks; ++ob) {
    for (int64_t s = 0; s < steps; ++s) {
      for (int64_t tap = 0; tap < taps; ++tap) {
        for (int64_t c = 0; c < step; ++c) {
          const int64_t channel = first_block(ob) * block + s * step + c;
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
