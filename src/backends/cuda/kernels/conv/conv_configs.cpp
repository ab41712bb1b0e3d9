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

// warp_specialized.cu: two groups with tiles of their own, or one with a larger tile.
constexpr ConvConfig kSpecializedTiles[] = {
    {64, 64, 1, 1, 4, 1, true, 1, 2},   {64, 128, 1, 1, 6, 1, true, 1, 2},
    {128, 64, 1, 1, 6, 1, true, 1, 2},  {128, 128, 1, 1, 5, 1, true, 1, 2},
    {64, 256, 1, 1, 4, 1, true, 1, 2},  {256, 64, 2, 1, 4, 1, true, 1, 1},
    {128, 192, 1, 1, 4, 1, true, 1, 2}, {128, 192, 2, 1, 4, 1, true, 1, 1},
    {128, 256, 2, 1, 4, 1, true, 1, 1}, {256, 128, 2, 1, 3, 1, true, 1, 1},
    {192, 192, 3, 1, 3, 1, true, 1, 1}};
// The same with as many columns as there are filters.
constexpr ConvConfig kTilesOfAllFilters[] = {{64, 0, 1, 1, 5, 1, true, 1, 2},
                                             {128, 0, 1, 1, 4, 1, true, 1, 2},
                                             {128, 0, 2, 1, 4, 1, true, 1, 1},
                                             {256, 0, 2, 1, 3, 1, true, 1, 1}};
constexpr ConvConfig kOneTiles[] = {{64, 32, 1, 1, 12, 1, true, 1, ConvConfig::kOneTile},
                                    {64, 64, 1, 1, 12, 1, true, 1, ConvConfig::kOneTile},
                                    {64, 128, 1, 1, 8, 1, true, 1, ConvConfig::kOneTile},
                                    {128, 64, 2, 1, 8, 1, true, 1, ConvConfig::kOneTile},
                                    {128, 128, 2, 1, 6, 1, true, 1, ConvConfig::kOneTile}};

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
  const double split = c.splits == 1   ? 0
                       : c.cluster > 1 ? 0.8 + tile * 4.0 / 45e3
                                       : 1.5 + sharing * tile * 4.0 * (1 + c.splits) / 45e3;
  return waves * (2.0 + depth * step + store + split);
}

// Of blocks that stay: tiles in turns, loads and stores beside the products.
double estimate_specialized(const ConvProblem& p, const ConvConfig& c, int multiprocessors) {
  const double element = bit_width(p.type) / 8.0, tile_depth = 128 / element;
  const double depth =
      std::ceil(static_cast<double>(p.channels) / tile_depth) * static_cast<double>(p.kernel_h * p.kernel_w);
  const auto cut = [](int64_t n, int64_t by) { return static_cast<double>(ceil_div(n, by)); };
  const double tiles = cut(p.rows(), c.bm) * cut(p.filters, c.bn);
  const double each = std::ceil(tiles / multiprocessors);
  const double flops = 93e6 / bit_width(p.type), size = static_cast<double>(c.bm * c.bn);
  const double compute = 2 * size * tile_depth / flops;
  const double load = (c.bm + c.bn) * 128 / 45e3;
  const double products = depth * std::max({compute, load, 0.1});
  const double moved = size * element * (1 + static_cast<double>(p.extras.size())) / 30e3;
  const double finish = std::max(moved, size / 18e3);
  const double tile =
      c.groups == 2 ? std::max({products, moved, (products + finish) / 2}) : products + finish;
  return 3.0 + each * tile + (c.groups == 2 ? finish : 0);
}

double estimate_patches(const ConvProblem& p, const ConvConfig& c, int multiprocessors) {
  constexpr double kClocks = 1750;  // in a microsecond
  const int64_t tiles = p.images * ceil_div(p.out_h, 8) * ceil_div(p.out_w, 8);
  const double each = static_cast<double>(ceil_div(tiles, int64_t{multiprocessors} * c.warps_m) * c.warps_m);
  const double steps = static_cast<double>(p.depth() * bit_width(p.type)) / 256;
  const double products = steps * c.bn / 2, shared = steps * (2048 + c.bn * 32) / 128 + 150;
  return 3.0 + each * std::max(products, shared) / kClocks;
}

double estimate_one_tile(const ConvProblem& p, const ConvConfig& c, int multiprocessors) {
  const double tile_depth = 1024 / bit_width(p.type);
  const double depth = std::ceil(static_cast<double>(p.channels) / tile_depth) *
                       static_cast<double>(p.kernel_h * p.kernel_w) / c.splits;
  const double blocks = static_cast<double>(ceil_div(p.rows(), c.bm) * ceil_div(p.filters, c.bn) * c.splits);
  const double stages = std::min<double>(c.stages, depth);
  const double resident = std::clamp(std::floor(225e3 / (stages * (c.bm + c.bn) * 128 + 2048)), 1.0, 4.0);
  const double waves = std::ceil(blocks / (multiprocessors * resident));
  const double sharing = std::min(resident, std::ceil(blocks / multiprocessors));
  const double step = std::max(sharing * 2 * c.bm * c.bn * tile_depth / (80e6 / bit_width(p.type)),
                               sharing * (c.bm + c.bn) * 128 / 45e3);
  const double finish = 0.5 + sharing * c.bm * c.bn * 6 / 45e3 + (c.splits > 1 ? 0.6 : 0);
  return waves * (2.2 + depth * std::max(step, 0.09) + finish);
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
      c.cluster = hopper && splits > 1 && splits <= 8 ? splits : 1;
      found.push_back({c, estimate(p, c, multiprocessors)});
    }
  };
  for (const ConvConfig& c : kWarpTiles)
    if (!p.gated) consider(c);
  if (hopper && !p.exact && !p.gated)
    for (const ConvConfig& c : kWarpgroupTiles) consider(c);
  const auto consider_specialized = [&](const ConvConfig& c) {
    if ((c.bn <= 64 || c.bn < 2 * p.filters) && conv_kernel(p, c).ok())
      found.push_back({c, estimate_specialized(p, c, multiprocessors)});
  };
  if (hopper)
    for (const ConvConfig& c : kSpecializedTiles) consider_specialized(c);
  for (int warpgroups = 4; hopper && warpgroups > 1; --warpgroups) {
    const int columns = static_cast<int>(ceil_div(std::min<int64_t>(p.filters, 256), 16) * 16);
    const ConvConfig c{64, columns, warpgroups, 1, 1, 1, true, 1, ConvConfig::kPatch};
    if (!conv_kernel(p, c).ok()) continue;
    found.push_back({c, estimate_patches(p, c, multiprocessors)});
    break;
  }
  if (const int64_t columns = ceil_div(p.filters, 16) * 16; hopper && columns <= 256 && columns % 64 != 0)
    for (ConvConfig c : kTilesOfAllFilters) {
      c.bn = static_cast<int>(columns);
      const int registers = c.bm / 64 / c.warps_m * c.bn / 2;  // of a thread's sums
      if (registers <= 144) consider_specialized(c);
    }
  if (hopper)
    for (ConvConfig c : kOneTiles)
      for (const int splits : {1, 2, 4, 8}) {
        c.splits = c.cluster = splits;
        const int64_t blocks = ceil_div(p.rows(), c.bm) * ceil_div(p.filters, c.bn) * splits;
        if (splits > depth_tiles || (splits > 1 && blocks > 2 * multiprocessors)) break;
        if (blocks <= 4 * multiprocessors && (c.bn <= 32 || c.bn < 2 * p.filters) && conv_kernel(p, c).ok())
          found.push_back({c, estimate_one_tile(p, c, multiprocessors)});
      }
  std::stable_sort(found.begin(), found.end(),
                   [](const Estimate& a, const Estimate& b) { return a.microseconds < b.microseconds; });
  std::vector<ConvConfig> configs;
  for (const Estimate& e : found) configs.push_back(e.config);
  return configs;
}

}  // namespace ingot::cuda
