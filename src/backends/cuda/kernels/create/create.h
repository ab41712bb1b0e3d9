// Kernels that make tensors from a few numbers, and running sums.
#pragma once

#include "backends/cuda/kernels/kernel_spec.h"

namespace ingot::cuda {

/// y[i] = value, whose lowest bytes are an element. Arguments: y. Baked in: the element's size.
Result<KernelSpec> fill_kernel(DataType type, int64_t elements, uint64_t value);

/// y[i] = start + i * delta. Arguments: start, delta, y. Baked in: the type.
Result<KernelSpec> range_kernel(DataType type, int64_t elements);

/// y [outer, depth, inner] = values[1] where the index of [outer, inner] is that along depth, else values[0];
/// negative indices count from the end. Baked in: types.
struct OneHotProblem {
  DataType type, index_type;
  int64_t outer, depth, inner;
};
/// Arguments: indices, values, y.
Result<KernelSpec> one_hot_kernel(const OneHotProblem& problem);

/// x [..., rows, columns] on one side of a diagonal (0: the main one, 1: above it), zeros on the other.
struct TriangleProblem {
  DataType type;
  int64_t outer, rows, columns, diagonal = 0;
  bool upper = true;
};
/// Arguments: x, y. Baked in: the element's size, the side.
Result<KernelSpec> triangle_kernel(const TriangleProblem& problem);

/// y[k] = x[0] + ... + x[k] along the middle of [outer, size, inner], without x[k] where exclusive, from the
/// end where reverse. Baked in: the type, the flags.
struct RunningSumProblem {
  DataType type;
  int64_t outer, size, inner;
  bool exclusive = false, reverse = false;
};
/// Arguments: x, y.
Result<KernelSpec> running_sum_kernel(const RunningSumProblem& problem);

}  // namespace ingot::cuda
