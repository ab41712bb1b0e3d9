// Gathers and scatters at tuples of indices, and at one index for each element. Negative indices count from
// the end; what lies outside is read from the nearest element, and not written.
#pragma once

#include "backends/cuda/kernels/kernel_spec.h"

namespace ingot::cuda {

/// x [batch, dims..., inner], indices [batch, tuples, dims.size()], y [batch, tuples, inner].
struct GatherNdProblem {
  DataType type, index_type;  // kI32 or kI64
  int64_t batch, tuples, inner;
  Dims dims;
};
/// Arguments: x, indices, y. Baked in: sizes of elements, the indices' type and number, vectors of `inner`.
Result<KernelSpec> gather_nd_kernel(const GatherNdProblem& problem);

enum class Combine { kReplace, kAdd, kMul, kMin, kMax };

/// y at the indices takes the updates, in their order. `axis` < 0: y [dims..., inner], indices [tuples,
/// dims.size()], updates [tuples, inner]; else y of `dims`, indices and updates of `updates`.
struct ScatterProblem {
  DataType type, index_type;
  Combine combine = Combine::kReplace;
  Dims dims;
  int64_t tuples = 0, inner = 1;
  int axis = -1;
  Dims updates;

  int64_t slots() const { return num_elements(dims) * inner; }
};
/// Arguments: indices, updates, y, and for kReplace `claims`, one u32 of 0 for each element of y: of several
/// updates of one element the last one stays. Two launches: the first one (`claim`) is left out for other
/// ways to combine, which work through the updates in order.
Result<KernelSpec> scatter_kernel(const ScatterProblem& problem, bool claim);

}  // namespace ingot::cuda
