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

/// Lets each of the calls for `tiles` tiles ask for its share of the panel that comes next, so that the panel
/// is in the second cache when its turn comes, however far away it lay. `steps` is how many k's a call has.
class PanelPrefetch {
 public:
  PanelPrefetch(const Panel& next, int64_t tiles, int64_t steps) : next_(next) {
    if (next.data == nullptr || steps < 4) return;
    total_ = next.vecs * next.floats;
    each_ = divide_up(total_, tiles);
    step_ = std::min(2 * kLine, divide_up(each_, steps / 4));
  }
  void ask(TileArgs& args, int64_t tile) const {
    int64_t at = each_ * tile;
    const bool any = at < total_;
    args.prefetch_step = any ? step_ : 0;
    args.prefetch = any ? next_.data : args.b;
    if (!any) return;
    for (; at >= next_.floats; at -= next_.floats) args.prefetch += next_.b_vec;
    args.prefetch += at;
  }

 private:
  static constexpr int64_t kLine = 16;
  Panel next_;
  int64_t total_ = 0, each_ = 0, step_ = 0;
};

}  // namespace ingot::cpu
