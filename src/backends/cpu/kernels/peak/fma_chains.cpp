// Independent chains of multiply-adds in registers, compiled per ISA.
#include "backends/cpu/kernels/simd/simd.h"

namespace ingot::cpu::INGOT_ISA {

// Two pipes of latency four or five take ten chains; twelve leave room for the factors in 16 registers.
inline constexpr int kChains = 12;

/// Runs `rounds` rounds of all chains; returns the floating-point operations done. `sink` keeps the sums, so
/// that the work cannot be left out.
double fma_chains(long rounds, float* sink) {
  VecF sum[kChains];
  for (int c = 0; c < kChains; ++c) sum[c] = broadcast(sink[c]);
  const VecF a = broadcast(sink[0]), b = broadcast(sink[1]);
  for (long i = 0; i < rounds; ++i) {
#pragma GCC unroll 12
    for (int c = 0; c < kChains; ++c) sum[c] = fma(sum[c], a, b);
  }
  for (int c = 0; c < kChains; ++c) sink[c] = INGOT_ISA::sum(sum[c]);
  return 2.0 * kLanes * kChains * static_cast<double>(rounds);
}

}  // namespace ingot::cpu::INGOT_ISA
