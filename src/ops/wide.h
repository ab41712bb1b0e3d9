// Elements of any type seen as one of three wide types, so that an op's arithmetic is written (and compiled)
// once per domain and not once per element type: double for floating types, uint64_t for u64, int64_t for the
// other integers, 4-bit ones included, and for bool.
#pragma once

#include <vector>

#include "base/tensor.h"

namespace ingot::ops {

/// Elements [begin, begin + count) converted to W. Loading floats as integers truncates as Cast does.
template <class W>
void load(const TensorView& t, int64_t begin, int64_t count, W* dst);
/// The reverse: floats round to nearest even, integers keep their low bits, bool becomes (value != 0).
template <class W>
void store(const W* src, int64_t count, const TensorView& t, int64_t begin);

#define INGOT_WIDE(W)                                                    \
  extern template void load<W>(const TensorView&, int64_t, int64_t, W*); \
  extern template void store<W>(const W*, int64_t, const TensorView&, int64_t);
INGOT_WIDE(double)
INGOT_WIDE(int64_t)
INGOT_WIDE(uint64_t)
#undef INGOT_WIDE

template <class W>
std::vector<W> load_all(const TensorView& t) {
  std::vector<W> values(static_cast<size_t>(t.size()));
  load(t, 0, t.size(), values.data());
  return values;
}

/// Calls fn(TypeTag<W>{}) with the wide type of `type`.
template <class F>
auto with_wide(DataType type, F&& fn) {
  if (is_float(type)) return fn(TypeTag<double>{});
  if (type == DataType::kU64) return fn(TypeTag<uint64_t>{});
  return fn(TypeTag<int64_t>{});
}

/// Integer arithmetic that wraps around; plain arithmetic for doubles.
template <class W>
W wrapping_add(W a, W b) {
  if constexpr (std::is_floating_point_v<W>)
    return a + b;
  else
    return static_cast<W>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}
template <class W>
W wrapping_sub(W a, W b) {
  if constexpr (std::is_floating_point_v<W>)
    return a - b;
  else
    return static_cast<W>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b));
}
template <class W>
W wrapping_mul(W a, W b) {
  if constexpr (std::is_floating_point_v<W>)
    return a * b;
  else
    return static_cast<W>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
}

/// float(NaN) -> 0, values beyond int64 -> the nearest int64, otherwise truncation: what Cast to integers
/// does before it takes the low bits.
int64_t truncate_to_int64(double value);

}  // namespace ingot::ops
