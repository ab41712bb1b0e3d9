// Driver of the ops of two broadcast operands: the element loop of each op is a kernel over rows of a wide
// type.
#pragma once

#include "ops/common.h"
#include "ops/wide.h"

namespace ingot::ops {

/// y[i] = f(a[i], b[i]) for n elements.
template <class W>
using PairKernel = void (*)(const W* a, const W* b, W* y, int64_t n);

struct PairKernels {
  PairKernel<double> floats;
  PairKernel<int64_t> ints = nullptr;  // may stay null for ops of floating types
  PairKernel<uint64_t> unsigned_ints = nullptr;
};

/// Output 0 = kernel(input 0, input 1), broadcast. The kernel is chosen by the type of input 0; input 1 may
/// have another type and is converted.
Status eval_pairs(EvalContext& c, DataType result, const PairKernels& kernels);

/// Infer of ops of two operands of one of kTypes; the result has type kResult, or the operands' when that is
/// kInvalid.
Status infer_pairs(InferContext& c, TypeSet types, DataType result);

/// "same_shape", "scalar", "outer", "channel", drawn from [lo, hi].
std::vector<OpCase> pair_cases(double lo, double hi, DataType dtype);

}  // namespace ingot::ops
