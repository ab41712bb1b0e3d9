// TopK: the k largest or smallest elements along an axis, in their order, and where they are.
#pragma once

#include "base/data_type.h"
#include "base/threads.h"

namespace ingot::cpu {

/// x is [outer, axis, inner], the results are [outer, k, inner]. Of equal elements the first comes first; a
/// NaN is larger than all numbers.
struct TopKDesc {
  DataType type = DataType::kF32;
  int64_t outer = 1, axis = 1, inner = 1;
  bool largest = true;
};
/// f32, f64, i32, i64, i8 and u8, with less than 2^32 elements along the axis.
bool top_k_supported(DataType type);
size_t top_k_scratch_bytes(const TopKDesc& desc, int threads);
/// 0 <= k <= axis. y or `indices` may be null.
void top_k(ThreadPool& pool, const TopKDesc& desc, int64_t k, const void* x, void* y, int64_t* indices,
           void* scratch);

}  // namespace ingot::cpu
