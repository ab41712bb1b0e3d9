// Which tiles suit a problem: a rough model of the time, to order the candidates before they are measured.
#include <algorithm>
#include <cmath>

#include "backends/cuda/kernels/conv/conv.h"

namespace ingot::cuda {
namespace {

constexpr ConvConfig kWarpTiles[] = {  // mma.sync
    {16, 64, 1, 4, 10, 1, false}, {32, 64, 1, 4, 8, 1, false},  {64, 32, 2, 2, 8, 1, false},
    {64, 64, 2, 2, 6, 1, false},  {128, 32, 4, 1, 5, 1, false}, {128, 64, 2, 2, 4, 1, false},
    {64, 128, 2, 2, 4, 1, false}, {128, 128, 2, 4, 3, 1, false}};
constexpr ConvConfig kWarpgroupTiles[] = {  // wgmma
    {64, 32, 1, 1, 9, 1, true},   {64, 64, 1, 1, 8, 1, true},   {64, 128, 1, 1, 6, 1, true},
    {64, 256, 1, 2, 4, 1, true},  {128, 32, 2, 1, 5, 1, true},  {128, 64, 2, 1, 4, 1, true},
    {128, 96, 2, 1, 4, 1, true},  {128, 128, 2, 1, 3, 1, true}, {128, 128, 2, 1, 5, 1, true},
    {128, 256, 2, 1, 4, 1, true}, {256, 64, 2, 1, 4, 1, true},  {256, 128, 2, 1, 4, 1, true}};

struct Estimate {
  ConvConfig config;
  double microseconds;
};

double estimate(const ConvProblem& p, const ConvConfig& c, int multiprocessors) {
  const int64_t tile_depth = 128 * 8 / bit_width(p.type);
  const double depth = static_cast<double>(ceil_div(ceil_div(p.depth(), tile_depth), c.splits));
  const double blocks =
      static_cast<double>(ceil_div(p.rows(), c.bm) * ceil_div(p.filters, c.bn) * p.batch * c.splits);
  const int shared = static_cast<int>(conv_shared_bytes(c, static_cast<int64_t>(depth)));
  const int threads = (c.wgmma ? 128 : 32) * c.warps_m * c.warps_n;
  const int registers = (c.bm * c.bn / threads + 36) * threads;  // sums, and what addresses need
  const double resident = std::clamp(std::min(220'000 / shared, 65'536 / registers), 1, 4);
  // A multiprocessor's rate, and what it gets of the L2 cache's bandwidth, per microsecond.
  const double flops = (c.wgmma ? 5.2e6 : 2.4e6) * (bit_width(p.type) == 32  ? (p.exact ? 0.15 : 0.5)
                                                    : bit_width(p.type) == 8 ? 2
                                                                             : 1);
  const double waves = std::ceil(blocks / (multiprocessors * resident));
  const double sharing = std::min(resident, std::ceil(blocks / multiprocessors));
  const double compute = 2.0 * c.bm * c.bn * static_cast<double>(tile_depth) / flops;
  const double load = (c.bm + c.bn) * 128.0 / 45e3;
  const double step = std::max({sharing * compute, sharing * load, c.wgmma ? 0.2 : 0.25});
  // Storing takes the memory's bandwidth, and its latency where few threads store a large tile.
  const double tile = static_cast<double>(c.bm * c.bn);
  const double store =
      sharing * tile * 2.0 * (1 + static_cast<double>(p.extras.size())) / 32e3 + tile / 8 / threads * 0.4;
  const double split = c.splits > 1 ? 1.5 + sharing * tile * 4.0 * (1 + c.splits) / 45e3 : 0;
  return waves * (2.0 + depth * step + store + split);
}

}  // namespace

std::vector<ConvConfig> conv_configs(const ConvProblem& p, int multiprocessors, bool hopper) {
  std::vector<Estimate> found;
  const int64_t tile_depth = 128 * 8 / bit_width(p.type);
  const int64_t depth_tiles = ceil_div(p.depth(), tile_depth);
  const auto consider = [&](ConvConfig c) {
    if (c.bn > 32 && c.bn >= 2 * p.filters) return;  // most of the tile would be empty
    if (p.type == DataType::kF8E4M3 && !c.wgmma) return;
    if (p.type == DataType::kF8E4M3 && c.bm * c.bn / (c.warps_m * c.warps_n) > 64 * 128) return;  // registers
    const int64_t tiles = ceil_div(p.rows(), c.bm) * ceil_div(p.filters, c.bn) * p.batch;
    for (int splits = 1; splits <= 32 && splits <= depth_tiles; splits *= 2) {
      if (splits > 1 && tiles * splits > 2 * multiprocessors) break;
      c.splits = splits;
      found.push_back({c, estimate(p, c, multiprocessors)});
    }
  };
  for (const ConvConfig& c : kWarpTiles) consider(c);
  if (hopper && !p.exact)
    for (const ConvConfig& c : kWarpgroupTiles) consider(c);
  std::stable_sort(found.begin(), found.end(),
                   [](const Estimate& a, const Estimate& b) { return a.microseconds < b.microseconds; });
  std::vector<ConvConfig> configs;
  for (const Estimate& e : found) configs.push_back(e.config);
  return configs;
}

}  // namespace ingot::cuda
