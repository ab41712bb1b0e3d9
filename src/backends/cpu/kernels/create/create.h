// Tensors made from a few numbers, and running sums: filled, counting up, one-hot, triangles.
#pragma once

#include "base/data_type.h"
#include "base/threads.h"

namespace ingot::cpu {

/// `count` elements of 1, 2, 4 or 8 bytes, all like the one at `value`.
void fill(ThreadPool& pool, int64_t element_size, int64_t count, const void* value, void* y);

/// f32, f64, i32 and i64.
bool range_supported(DataType type);
/// The number of elements from `start` towards `limit` in steps of `delta`; each points to one element. -1:
/// delta is 0, or there would be too many.
int64_t range_size(DataType type, const void* start, const void* limit, const void* delta);
void range(DataType type, int64_t count, const void* start, const void* delta, void* y);

/// y[outer, depth, inner] = indices[outer, inner] == place ? values[1] : values[0]. Negative indices count
/// from the end; those beyond the depth match nothing.
struct OneHotDesc {
  int64_t element_size = 4, outer = 1, depth = 1, inner = 1;
};
void one_hot(ThreadPool& pool, const OneHotDesc& desc, const int64_t* indices, const void* values, void* y);

/// Running sums along the middle one of [outer, axis, inner]; floats are added up in doubles.
struct RunningSumDesc {
  DataType type = DataType::kF32;  // as for range
  int64_t outer = 1, axis = 1, inner = 1;
  bool exclusive = false, reverse = false;
};
void running_sum(ThreadPool& pool, const RunningSumDesc& desc, const void* x, void* y);

/// Matrices of rows x columns: what lies above the diagonal (or below it), zeros elsewhere. The diagonal
/// itself, moved `k` columns to the right, is kept.
struct TriangleDesc {
  int64_t element_size = 4, matrices = 1, rows = 1, columns = 1, k = 0;
  bool upper = true;
};
void triangle(ThreadPool& pool, const TriangleDesc& desc, const void* x, void* y);

}  // namespace ingot::cpu
