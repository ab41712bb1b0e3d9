#include "ops/broadcast.h"

#include <algorithm>

namespace ingot::ops {
namespace {

template <class S, class One>
Result<S> broadcast_impl(const S& a, const S& b, One&& one) {
  const size_t rank = std::max(a.size(), b.size());
  S out(rank, 1);
  for (size_t i = 0; i < rank; ++i) {
    const auto& x = i + a.size() >= rank ? a[i + a.size() - rank] : out[i];
    const auto& y = i + b.size() >= rank ? b[i + b.size() - rank] : out[i];
    auto d = one(x, y);
    if (!d.ok()) return d.status();
    out[i] = *d;
  }
  return out;
}

}  // namespace

Result<Shape> broadcast(const Shape& a, const Shape& b) {
  return broadcast_impl(a, b, [&](const Dim& x, const Dim& y) -> Result<Dim> {
    if (x == y || y.is(1)) return x;
    if (x.is(1)) return y;
    if (x.is_const() && y.is_const())
      return invalid_argument("shapes ", to_string(a), " and ", to_string(b), " do not broadcast");
    if (x.is_const()) return x;  // a constant other than 1 decides
    if (y.is_const()) return y;
    return max(x, y);
  });
}

Result<Dims> broadcast(const Dims& a, const Dims& b) {
  return broadcast_impl(a, b, [&](int64_t x, int64_t y) -> Result<int64_t> {
    if (x == y || y == 1) return x;
    if (x == 1) return y;
    return invalid_argument("shapes ", dims_to_string(a), " and ", dims_to_string(b), " do not broadcast");
  });
}

Dims broadcast_strides(const Dims& from, const Dims& to) {
  Dims strides(to.size(), 0);
  int64_t step = 1;
  for (size_t i = 0; i < from.size(); ++i) {
    const size_t d = from.size() - 1 - i;
    if (from[d] != 1) strides[to.size() - 1 - i] = step;
    step *= from[d];
  }
  return strides;
}

}  // namespace ingot::ops
