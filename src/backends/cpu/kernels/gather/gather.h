// Gather and scatter of elements and of whole slices, for any element type.
//
// Indices are int64; negative ones count from the end. Those out of range are refused before anything is read
// or written through them: the message says which.
#pragma once

#include <vector>

#include "base/status.h"
#include "base/threads.h"

namespace ingot::cpu {

/// y[outer, indices, inner] = x[outer, axis, inner]; inner is in bytes.
struct GatherDesc {
  int64_t outer = 1, axis = 1, inner_bytes = 4, indices = 1;
};
Status gather(ThreadPool& pool, const GatherDesc& desc, const void* x, const int64_t* indices, void* y);

/// y[i, j, ...] = x at the same place, but with indices[i, j, ...] along `axis`.
struct GatherElementsDesc {
  int64_t element_size = 4, axis = 0;  // of x's dims
  std::vector<int64_t> x_dims, index_dims;
};
Status gather_elements(ThreadPool& pool, const GatherElementsDesc& desc, const void* x,
                       const int64_t* indices, void* y);

/// x is [batch, dims..., inner]; indices [batch, tuples, depth] with depth = dims.size(); y [batch, tuples,
/// inner].
struct GatherNdDesc {
  int64_t batch = 1, tuples = 1, inner_bytes = 4;
  std::vector<int64_t> dims;
};
Status gather_nd(ThreadPool& pool, const GatherNdDesc& desc, const void* x, const int64_t* indices, void* y);

enum class ScatterMode : uint8_t { kReplace, kAdd, kMul, kMin, kMax };
/// y already holds the data; updates go on top in their order. All but kReplace work on floats.
Status scatter_nd(const GatherNdDesc& desc, ScatterMode mode, const int64_t* indices, const void* updates,
                  void* y);
Status scatter_elements(const GatherElementsDesc& desc, ScatterMode mode, const int64_t* indices,
                        const void* updates, void* y);

}  // namespace ingot::cpu
