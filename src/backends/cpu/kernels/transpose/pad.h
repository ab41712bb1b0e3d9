// Pad: a tensor between margins that are constant, the nearest element, the mirrored elements, or those of
// the other side. Negative margins cut.
#pragma once

#include <vector>

#include "base/threads.h"

namespace ingot::cpu {

enum class PadMode : uint8_t { kConstant, kEdge, kReflect, kWrap };

struct PadDesc {
  PadMode mode = PadMode::kConstant;
  int64_t element_size = 4;            // 1, 2, 4 or 8 bytes
  std::vector<int64_t> dims;           // of src, dense
  std::vector<int64_t> before, after;  // margins of each dim
};

class Pad {
 public:
  void prepare(const PadDesc& desc);
  /// `value` points to one element, for kConstant. Needs no scratch.
  void run(ThreadPool& pool, const void* src, const void* value, void* dst) const;

 private:
  template <class T>
  void run_rows(Share rows, const T* src, T value, T* dst) const;

  int64_t element_size_ = 4, rows_ = 0;
  std::vector<int64_t> src_strides_;
  std::vector<std::vector<int64_t>> index_;  // for each dim of dst: the index in src, -1 for the constant
  int64_t copy_from_ = 0, copy_to_ = 0;      // of the last dim: where index_ rises by ones
};

}  // namespace ingot::cpu
