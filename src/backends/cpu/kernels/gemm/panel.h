// What drivers of tile kernels share: even tiles of rows, and the prefetch of the next panel of B.
#pragma once

#include <algorithm>

#include "backends/cpu/kernels/gemm/tile.h"
#include "base/threads.h"

namespace ingot::cpu {

inline int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// A panel of packed B: `vecs` runs of `floats` each, `b_vec` apart. Null data means that there is none.
struct Panel {
  const float* data = nullptr;
  int64_t b_vec = 0;
  int64_t floats = 0;
  int vecs = 1;
};

/// Lets the call for tile `index` of `tiles` ask for its share of the panel that comes next, so that the
/// panel is in the second cache when its turn comes, however far away it lay. `steps` is how many k's the
/// call has.
inline void prefetch_share(TileArgs& args, const Panel& next, int64_t index, int64_t tiles, int64_t steps) {
  constexpr int64_t kLine = 16;
  args.prefetch = args.b;
  args.prefetch_step = 0;
  if (next.data == nullptr || steps < 4) return;
  const int64_t position = next.vecs * next.floats * index / tiles;
  const int64_t each = divide_up(next.vecs * next.floats, tiles);
  args.prefetch = next.data + position / next.floats * next.b_vec + position % next.floats;
  args.prefetch_step = std::min(2 * kLine, divide_up(each, steps / 4));
}

}  // namespace ingot::cpu
