// Which tile to cover a matrix with: a model of a core's ports, used where nothing has been timed.
#pragma once

#include <vector>

#include "backends/cpu/kernels/gemm/tile.h"

namespace ingot::cpu {

/// A shape of tiles: `vecs` wide, at most `rows` high.
struct TileShape {
  int rows = 0, vecs = 0;
  bool operator==(const TileShape&) const = default;
};

/// Cycles to cover runs of `rows` rows and `vecs` vectors, `depth` k's a call.
double tile_cost(const TileKernels& kernels, TileShape shape, int64_t rows, int64_t vecs, int64_t depth);
/// The shapes that may be best, cheapest first.
std::vector<TileShape> rank_tiles(const TileKernels& kernels, int64_t rows, int64_t vecs, int64_t depth);

/// k's of a panel of B that leave room in the first cache for what is read beside it.
int64_t panel_depth(const TileKernels& kernels, int vecs);
/// Bytes that a loop may reuse from the second cache.
int64_t second_cache_budget();

/// How threads share a grid of work: batches, rows and columns.
struct ThreadGrid {
  int batch = 1, rows = 1, columns = 1;
};
/// The most even split of batches x rows x columns units; among equals the one that reads least, where a
/// thread reads its rows' part of `row_bytes` and its columns' part of `column_bytes`.
ThreadGrid choose_grid(int threads, int64_t batches, int64_t rows, int64_t columns, double row_bytes,
                       double column_bytes);

}  // namespace ingot::cpu
