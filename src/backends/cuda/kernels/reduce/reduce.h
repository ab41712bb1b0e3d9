// Reductions over any axes, and ArgMax and ArgMin.
#pragma once

#include "backends/cuda/kernels/kernel_spec.h"

namespace ingot::cuda {

enum class Reduction { kSum, kMean, kMax, kMin, kProd, kL1, kL2, kLogSum, kLogSumExp, kSumSquare };

/// Of a dense tensor; `reduced` tells for each dim whether it disappears. Computes in float (i64 for
/// integers). Baked in: the type, the reduction, whether the innermost dim is reduced, and how many threads
/// share a result.
struct ReduceProblem {
  Reduction reduction;
  DataType type;
  Dims dims;
  std::vector<bool> reduced;
};
/// Arguments: x, y.
Result<KernelSpec> reduce_kernel(const ReduceProblem& problem);

/// Where the extreme along `size` of dense [outer, size, inner] is, as i64. Baked in: the type, which
/// extreme, whether `inner` is 1.
struct ArgExtremeProblem {
  DataType type;
  int64_t outer, size, inner = 1;
  bool largest = true, last = false;  // `last`: of equal ones
};
/// Arguments: x, y.
Result<KernelSpec> arg_extreme_kernel(const ArgExtremeProblem& problem);

}  // namespace ingot::cuda
