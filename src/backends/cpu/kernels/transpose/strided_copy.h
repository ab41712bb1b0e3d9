// StridedCopy: dst[i, j, ...] = src[i, j, ...] with any strides on both sides. It is Transpose, Slice
// (negative steps too), Expand (source strides of 0), the pieces of Concat and Split, and every other change
// of strides.
#pragma once

#include <vector>

#include "backends/cpu/kernels/simd/isa.h"
#include "base/threads.h"

namespace ingot::cpu {

struct StridedCopyDesc {
  int64_t element_size = 4;  // 1, 2, 4 or 8 bytes
  std::vector<int64_t> dims;
  std::vector<int64_t> src_strides, dst_strides;  // in elements; those of dst are not 0
};

/// The strides of a dense tensor.
std::vector<int64_t> dense_strides(const std::vector<int64_t>& dims);
/// Transpose of a dense tensor: dim d of dst is dim perm[d] of src.
StridedCopyDesc transpose_desc(const std::vector<int64_t>& src_dims, const std::vector<int64_t>& perm,
                               int64_t element_size);

class StridedCopy {
 public:
  void prepare(const StridedCopyDesc& desc, Isa isa);
  /// src and dst point to the element with all indices 0. They do not overlap. Needs no scratch.
  void run(ThreadPool& pool, const void* src, void* dst) const;

 private:
  enum class Inner { kRow, kPlane, kElements };  // what one call moves: see strided_copy.cpp
  void run_share(Share units, const char* src, char* dst) const;

  StridedCopyDesc desc_;  // merged and sorted, the inner dims last
  Isa isa_ = Isa::baseline;
  Inner inner_ = Inner::kElements;
  size_t outer_dims_ = 0;
  int64_t outer_ = 1, split_ = 1, pieces_ = 1,
          total_ = 0;  // the first inner dim is cut into pieces of split_
};

/// dst[j * dst_stride + i] = src[i * src_stride + j], 4-byte elements.
using TransposeFunction = void (*)(const float* src, int64_t src_stride, float* dst, int64_t dst_stride,
                                   int64_t ni, int64_t nj);
TransposeFunction transpose_function(Isa isa);

}  // namespace ingot::cpu
