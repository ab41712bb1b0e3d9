#include "backends/cpu/kernels/conv/choice.h"

#include <algorithm>

#include "backends/cpu/kernels/conv/direct.h"
#include "backends/cpu/kernels/conv/winograd.h"

namespace ingot::cpu {
namespace {

// Measured on an Emerald Rapids core: bytes a cycle of weights from the third cache, and cycles that the two
// transforms of one tile and one block of channels take together.
constexpr double kStream = 9;
constexpr double kTransforms4 = 400, kTransforms2 = 140;
constexpr int64_t kLargeFilters = int64_t{32} << 20, kPixelsOfLarge = 256;

// Weights that do not fit into the second cache are prefetched beside the sums: the longer of both counts,
// and a part of the shorter.
double together(double sums, double weight_bytes) {
  const double stream =
      weight_bytes > static_cast<double>(second_cache_budget()) ? weight_bytes / kStream : 0;
  return std::max(sums, stream) + 0.2 * std::min(sums, stream);
}

double direct_cycles(const ConvDesc& d, Isa isa, int threads) {
  const DirectConvTuning tile = DirectConv(d, isa, {}, threads).tuning();
  const ConvWeights weights(d, isa);
  const int64_t depth = weights.steps * weights.step * weights.taps;
  const double rows = static_cast<double>(d.batch * d.out(0));
  const double sums =
      rows * tile_cost(tile_kernels(isa), {tile.rows, tile.vecs}, d.out(1), weights.out_blocks, depth);
  return together(sums / threads, 4.0 * static_cast<double>(weights.floats()) / threads);
}

double winograd_cycles(const ConvDesc& d, int m, Isa isa, int threads) {
  const WinogradTuning tuning = WinogradConv(d, isa, {.m = m}, threads).tuning();
  const TileKernels& kernels = tile_kernels(isa);
  const int64_t in = divide_up(d.in_channels, kernels.lanes), out = divide_up(d.out_channels, kernels.lanes);
  double tiles = static_cast<double>(d.batch);
  for (int axis : {0, 1})
    tiles *= static_cast<double>(divide_up(d.out(axis), m * d.dilation[axis]) * d.dilation[axis]);
  const int64_t group =
      std::max<int64_t>(1, std::min<int64_t>(tuning.group_tiles, static_cast<int64_t>(tiles)));
  const double groups = tiles / static_cast<double>(group);
  const double products =
      (m + 2) * (m + 2) * groups *
      tile_cost(kernels, {kernels.max_rows[tuning.vecs - 1], tuning.vecs}, group, out, in * kernels.lanes);
  const double weights = 4.0 * static_cast<double>(winograd_weight_floats(d, m, isa));
  const double transforms =
      tiles * static_cast<double>(in + out) / 2 * (m == 4 ? kTransforms4 : kTransforms2);
  const double passes = tuning.by_element            ? 1
                        : tuning.channel_threads > 1 ? groups / threads
                                                     : std::max(1.0, groups / threads);
  return together(products / threads, weights * passes) + transforms / threads;
}

}  // namespace

bool worth_its_memory(const ConvDesc& d, Isa isa) {
  return d.batch * d.out(0) * d.out(1) > kPixelsOfLarge ||
         4 * winograd_weight_floats(d, 4, isa) <= kLargeFilters;
}

std::vector<ConvEstimate> rank_conv_algorithms(const ConvDesc& d, Isa isa, int threads) {
  std::vector<ConvEstimate> ranked = {{ConvAlgorithm::direct, direct_cycles(d, isa, threads)}};
  if (winograd_why_not(d) == nullptr) {
    if (worth_its_memory(d, isa))
      ranked.push_back({ConvAlgorithm::winograd4, winograd_cycles(d, 4, isa, threads)});
    ranked.push_back({ConvAlgorithm::winograd2, winograd_cycles(d, 2, isa, threads)});
  }
  std::sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) { return a.cycles < b.cycles; });
  return ranked;
}

}  // namespace ingot::cpu
