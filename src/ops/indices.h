// Reading of index tensors: negative ones count from the end, all are checked against the dim that they
// index.
#pragma once

#include "ops/common.h"
#include "ops/strided.h"

namespace ingot::ops {

/// The indices of an i32 or i64 tensor in [0, n); one outside [-n, n) is an error.
Result<Ints> read_indices(const TensorView& t, int64_t n);

/// Combines an update into an element: "none" replaces, "add", "mul", "max", "min".
using Combine = void (*)(const TensorView& y, int64_t i, const TensorView& updates, int64_t k);
Result<Combine> find_combine(const Attrs& attrs);

}  // namespace ingot::ops
