// Walking and copying of strided operands over a common shape, in rows as long as the strides allow.
#pragma once

#include <cstring>

#include "base/tensor.h"
#include "base/threads.h"

namespace ingot::ops {

/// A shape walked by several operands at once: strides[k][d] is operand k's step in elements along dim d.
/// Dims of 1 are gone and neighbours merged where all operands step through them as through one; there is
/// always one dim left.
struct Walk {
  Dims shape;
  std::vector<Dims> strides;
};
Walk make_walk(const Dims& shape, const std::vector<Dims>& strides);

/// Calls fn(offsets, count) for each innermost row of the walk in row-major order: offsets[k] is operand k's
/// element offset at the row's begin; along the row operand k steps by walk.strides[k].back().
void for_each_row(const Walk& walk, FunctionRef<void(const Dims& offsets, int64_t count)> fn);

/// Row-major strides of a dense tensor.
Dims dense_strides(const Dims& dims);

/// Copies elements of `size` bytes between two strided operands; strides in elements.
void copy_strided(void* dst, const Dims& dst_strides, const void* src, const Dims& src_strides,
                  const Dims& shape, int64_t size);

/// The bytes of one element; an error for 4-bit types, which have no address of their own.
Result<int64_t> element_bytes(const TensorView& t);

/// Address of element i of a tensor whose elements have `size` bytes.
inline std::byte* at(const TensorView& t, int64_t i, int64_t size) {
  return static_cast<std::byte*>(t.data) + i * size;
}
/// memcpy that allows null with no bytes.
inline void copy_bytes(void* dst, const void* src, int64_t bytes) {
  if (bytes > 0) std::memcpy(dst, src, static_cast<size_t>(bytes));
}

/// A tensor as [outer, axis, inner]: what ops along one axis walk.
struct AxisSplit {
  int64_t outer = 1, n = 1, inner = 1;
};
AxisSplit split_at(const Dims& dims, int axis);

}  // namespace ingot::ops
