// NumPy-style broadcasting of shapes (symbolic and concrete) and walking of broadcast operands.
#pragma once

#include <array>

#include "base/tensor.h"

namespace ingot::ops {

/// The broadcast of two shapes. Dims that are symbolic and different broadcast to the one that cannot be 1,
/// or to their maximum where neither is known.
Result<Shape> broadcast(const Shape& a, const Shape& b);
Result<Dims> broadcast(const Dims& a, const Dims& b);

/// Element strides of an operand of shape `from` walked over the broadcast shape `to` (0 where it is
/// repeated).
Dims broadcast_strides(const Dims& from, const Dims& to);

/// Calls fn(offsets) for each element of `shape` in row-major order; offsets[k] is the element offset of
/// operand k.
template <size_t N, class F>
void for_each_broadcast(const Dims& shape, const std::array<Dims, N>& strides, F&& fn) {
  const int64_t count = num_elements(shape);
  const size_t rank = shape.size();
  std::array<int64_t, N> offset{};
  Dims index(rank, 0);
  for (int64_t i = 0; i < count; ++i) {
    fn(offset);
    for (size_t d = rank; d-- > 0;) {
      for (size_t k = 0; k < N; ++k) offset[k] += strides[k][d];
      if (++index[d] < shape[d]) break;
      for (size_t k = 0; k < N; ++k) offset[k] -= strides[k][d] * shape[d];
      index[d] = 0;
    }
  }
}

}  // namespace ingot::ops
