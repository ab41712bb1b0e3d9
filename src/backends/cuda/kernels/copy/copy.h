// Kernels that move elements: strided copies with a conversion (slices, expands, transposes, parts of a
// concat, changes of layout), pads and gathers.
#pragma once

#include "backends/cuda/kernels/kernel_spec.h"

namespace ingot::cuda {

/// y[i] = x[i] for all i below `dims`, each with strides of its own; x has only the first `valid` elements
/// along the innermost dim (-1: all), the rest of y is 0. Where the innermost strides of both are not 1 the
/// copy goes through tiles, so that both sides are read and written in long rows.
///
/// Baked in: types, the order of dims in memory, whether rows divide into vectors.
struct CopyProblem {
  DataType from, to;
  Dims dims, from_strides, to_strides;  // in elements
  int64_t valid = -1;
  int alignment = 16;
};
/// Arguments: x, y.
Result<KernelSpec> copy_kernel(const CopyProblem& problem);

enum class PadMode { kConstant, kEdge, kReflect, kWrap };

/// A dense tensor with pads before and after each dim (negative ones crop). Baked in: type size, mode, rank.
struct PadProblem {
  DataType type;
  Dims dims, before, after;
  PadMode mode = PadMode::kConstant;
  double value = 0;
};
/// Arguments: x, y.
Result<KernelSpec> pad_kernel(const PadProblem& problem);

/// Gather along an axis: x [outer, axis, inner], y [outer, indices, inner]; indices below 0 count from the
/// end, those out of range read the nearest element. Baked in: sizes of elements, the indices' type, the
/// vectors of `inner`.
struct GatherProblem {
  DataType type, index_type;  // kI32 or kI64
  int64_t outer, axis, inner, indices;
};
/// Arguments: x, indices, y.
Result<KernelSpec> gather_kernel(const GatherProblem& problem);

/// GatherElements on dense tensors: x and y differ along `axis` at least; y has the dims of the indices.
struct GatherElementsProblem {
  DataType type, index_type;
  Dims x, y;
  int axis;
};
/// Arguments: x, indices, y.
Result<KernelSpec> gather_elements_kernel(const GatherElementsProblem& problem);

}  // namespace ingot::cuda
