#include "backends/cpu/kernels/gemm/tile_choice.h"

#include <algorithm>

#include "backends/cpu/kernels/gemm/panel.h"

namespace ingot::cpu {
namespace {

constexpr double kLatency = 4;  // of a multiply-add: that many cycles a k even where the tile is small

constexpr double kMayBeBest = 1.3;  // times the least cost: the model is that far off at times

double call_cost(double rows, double vecs, double depth) {
  const double cycles = std::max({rows * vecs / 2, (rows + vecs) / 2, kLatency});
  return depth * cycles + 20 + 1.5 * rows * vecs;  // and the tile's way from memory and back
}

}  // namespace

double tile_cost(const TileKernels& kernels, TileShape shape, int64_t rows, int64_t vecs, int64_t depth) {
  double cost = 0;
  for (int64_t v = 0; v < vecs; v += shape.vecs) {
    const int width = static_cast<int>(std::min<int64_t>(shape.vecs, vecs - v));
    const int64_t tiles = divide_up(rows, std::min(shape.rows, kernels.max_rows[width - 1]));
    cost += static_cast<double>(tiles) *
            call_cost(static_cast<double>(rows) / static_cast<double>(tiles), width, depth);
  }
  return cost;
}

std::vector<TileShape> rank_tiles(const TileKernels& kernels, int64_t rows, int64_t vecs, int64_t depth) {
  rows = std::max<int64_t>(1, rows);  // a matrix may be empty
  std::vector<std::pair<double, TileShape>> ranked;
  for (int v = 1; v <= std::min<int64_t>(kMaxTileVecs, vecs); ++v) {
    const int64_t most = kernels.max_rows[v - 1];
    const int even = static_cast<int>(divide_up(rows, divide_up(rows, most)));
    ranked.push_back({tile_cost(kernels, {even, v}, rows, vecs, depth), {even, v}});
  }
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<TileShape> shapes;
  for (const auto& [cost, shape] : ranked)
    if (cost <= kMayBeBest * ranked[0].first) shapes.push_back(shape);
  return shapes;
}

int64_t panel_depth(const TileKernels& kernels, int vecs) {
  return std::max<int64_t>(64, cache_bytes(1) * 2 / 3 / (vecs * kernels.lanes * 4) / 16 * 16);
}

int64_t second_cache_budget() { return cache_bytes(2) * 3 / 5; }

ThreadGrid choose_grid(int threads, int64_t batches, int64_t rows, int64_t columns, double row_bytes,
                       double column_bytes) {
  ThreadGrid best;
  double best_load = 0, best_bytes = 0;
  for (int b = 1; b <= threads; ++b) {
    if (threads % b != 0) continue;
    for (int r = 1; r <= threads / b; ++r) {
      if (threads / b % r != 0) continue;
      const int c = threads / b / r;
      const double load =
          static_cast<double>(divide_up(batches, b) * divide_up(rows, r) * divide_up(columns, c));
      const double bytes = static_cast<double>(divide_up(batches, b)) * (row_bytes / r + column_bytes / c);
      const bool first = b == 1 && r == 1;
      if (first || load < best_load * 0.97 || (load <= best_load * 1.03 && bytes < best_bytes)) {
        best = {b, r, c};
        best_load = load;
        best_bytes = bytes;
      }
    }
  }
  return best;
}

}  // namespace ingot::cpu
