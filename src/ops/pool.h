// What the pooling ops share: inference, and a walk over the windows.
#pragma once

#include "ops/common.h"
#include "ops/window.h"

namespace ingot::ops {

std::vector<AttrSpec> pool_attrs(std::vector<AttrSpec> more = {});
/// Output 0 (and 1, int64 indices, where wanted) of X [N, C, spatial...] with 1 to 3 spatial dimensions.
Status infer_pool(InferContext& c);

/// One output element's window: input offsets within the plane of the taps that lie inside.
struct PoolWindow {
  std::vector<int64_t> offsets;
  int64_t padded_taps;  // with the taps in the pads, but not those beyond them (ceil_mode)
};

/// A pool of concrete sizes with three spatial axes.
struct PoolProblem {
  Dims in, out;
  Window window;

  static Result<PoolProblem> make(const Attrs& attrs, const Dims& x);
  /// Calls fn(output offset within the plane, window) for one plane.
  template <class F>
  void for_each_window(F&& fn) const {
    PoolWindow w;
    int64_t at = 0;
    for (int64_t z = 0; z < out[0]; ++z)
      for (int64_t y = 0; y < out[1]; ++y)
        for (int64_t x = 0; x < out[2]; ++x) {
          fill({z, y, x}, w);
          fn(at++, static_cast<const PoolWindow&>(w));
        }
  }

 private:
  void fill(const std::array<int64_t, 3>& position, PoolWindow& w) const;
};

Cost pool_cost(const CostContext& c);
/// Cases that every pool can run, each with `attrs` added.
std::vector<OpCase> pool_cases(const Attrs& attrs = {});

}  // namespace ingot::ops
