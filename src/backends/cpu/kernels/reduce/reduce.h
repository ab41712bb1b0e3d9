// Reduce: sums, means, extremes, norms over any axes of a dense float tensor; the place of an extreme along
// one axis.
//
// A NaN among the reduced elements gives NaN, for extremes too. Over no elements: 0 for sums and norms, 1 for
// the product, -infinity and infinity for the maximum and minimum, -infinity for the logarithm of a sum, NaN
// for the mean.
#pragma once

#include <vector>

#include "backends/cpu/kernels/simd/isa.h"
#include "base/threads.h"

namespace ingot::cpu {

enum class ReduceOp : uint8_t {
  kSum,
  kMean,
  kMax,
  kMin,
  kProduct,
  kSumSquares,
  kL1,
  kL2,
  kLogSum,
  kLogSumExp
};

struct ReduceDesc {
  ReduceOp op = ReduceOp::kSum;
  std::vector<int64_t> dims;
  std::vector<bool> reduced;  // for each dim
};

class Reduce {
 public:
  void prepare(const ReduceDesc& desc, Isa isa);
  size_t scratch_bytes() const { return static_cast<size_t>(scratch_floats_) * sizeof(float); }
  void run(ThreadPool& pool, const float* x, float* y, void* scratch) const;

 private:
  // After merging, neighbours alternate between kept and reduced. Passes go from the innermost reduced dim
  // outwards, each over [outer, n, inner]; all but the last write to the scratch.
  struct Pass {
    int64_t outer, n, inner;
  };
  std::vector<Pass> passes_;
  ReduceOp op_ = ReduceOp::kSum;
  Isa isa_ = Isa::baseline;
  int64_t count_ = 1;  // elements that go into one result
  int64_t scratch_floats_ = 0;
};

/// The index of the first (or last) largest (or smallest) element along the middle one of [outer, axis,
/// inner]. A NaN counts as the extreme.
struct ArgExtremeDesc {
  int64_t outer = 1, axis = 1, inner = 1;
  bool smallest = false, last = false;
};
void arg_extreme(ThreadPool& pool, const ArgExtremeDesc& desc, const float* x, int64_t* y);

/// How elements are joined; squares and magnitudes are taken on the way in.
enum class Join : uint8_t { kSum, kProduct, kMax, kMin, kSumSquares, kSumMagnitudes, kCount };
struct ReduceKernels {
  /// One number from n neighbours.
  float (*row[static_cast<int>(Join::kCount)])(const float* x, int64_t n);
  /// y[0, lanes) from n rows, `stride` apart.
  void (*columns[static_cast<int>(Join::kCount)])(const float* x, int64_t n, int64_t stride, int64_t lanes,
                                                  float* y);
  /// log(sum(exp(x))) of n elements, `stride` apart.
  float (*log_sum_exp)(const float* x, int64_t n, int64_t stride);
};
const ReduceKernels& reduce_kernels(Isa isa);

}  // namespace ingot::cpu
