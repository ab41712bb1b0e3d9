// Reorders between the plain layout [N, C, P] and the blocked one [N, C / c, P, c], P being all spatial dims
// together and c = block_of(isa). Channels that do not fill the last block are padded.
//
// The rule for padded lanes, for all kernels: they hold finite numbers. Kernels that combine channels
// (convolutions, LayerNormalization) do not let them count, and no other kernel moves values between lanes.
#pragma once

#include "backends/cpu/kernels/simd/isa.h"
#include "base/threads.h"

namespace ingot::cpu {

struct ReorderDesc {
  int64_t batch, channels, pixels;
};

inline int64_t channel_blocks(int64_t channels, Isa isa) {
  return (channels + block_of(isa) - 1) / block_of(isa);
}
/// Floats of the blocked form.
inline int64_t blocked_size(const ReorderDesc& d, Isa isa) {
  return d.batch * channel_blocks(d.channels, isa) * d.pixels * block_of(isa);
}

/// Padded lanes become 0.
void reorder_to_blocked(ThreadPool& pool, Isa isa, const ReorderDesc& desc, const float* plain,
                        float* blocked);
/// Padded lanes are not read.
void reorder_to_plain(ThreadPool& pool, Isa isa, const ReorderDesc& desc, const float* blocked, float* plain);

struct ReorderKernels {
  /// `channels` planes of one block, `plane` floats apart, pixels [0, pixels) of them.
  void (*to_blocked)(const float* plain, int64_t plane, int channels, int64_t pixels, float* blocked);
  void (*to_plain)(const float* blocked, int64_t pixels, int channels, float* plain, int64_t plane);
};
const ReorderKernels& reorder_kernels(Isa isa);

}  // namespace ingot::cpu
