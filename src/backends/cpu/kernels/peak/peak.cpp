#include "backends/cpu/kernels/peak/peak.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include "backends/cpu/kernels/simd/isa.h"
#include "base/threads.h"

namespace ingot::cpu {

namespace baseline {
double fma_chains(long rounds, float* sink);
}
namespace avx2 {
double fma_chains(long rounds, float* sink);
}
namespace avx512 {
double fma_chains(long rounds, float* sink);
}

double measure_peak_gflops(int threads) {
  constexpr int kTrials = 20;
  constexpr long kRounds = 40000;  // about half a millisecond
  const auto chains = INGOT_SELECT_ISA(machine_isa(), fma_chains);
  struct alignas(128) Lane {
    float sink[32];
    double flops = 0;
  };
  std::vector<Lane> lanes(static_cast<size_t>(threads));
  ThreadPool pool(threads);
  double best = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    // Factors below one keep the sums finite, and far from the slow denormals.
    for (Lane& lane : lanes) std::fill(std::begin(lane.sink), std::end(lane.sink), 0.5f);
    const auto begin = std::chrono::steady_clock::now();
    pool.run([&](int t) {
      Lane& lane = lanes[static_cast<size_t>(t)];
      lane.flops = chains(kRounds, lane.sink);
    });
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    double flops = 0;
    for (const Lane& lane : lanes) flops += lane.flops;
    best = std::max(best, flops / seconds / 1e9);
  }
  return best;
}

}  // namespace ingot::cpu
