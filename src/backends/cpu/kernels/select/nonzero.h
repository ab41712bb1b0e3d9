// NonZero: where a tensor's elements are not zero, in row-major order.
#pragma once

#include <vector>

#include "base/data_type.h"

namespace ingot::cpu {

/// Types of whole bytes up to 8. Any set bit counts, but for the sign of a float's zero.
int64_t count_nonzero(DataType type, int64_t count, const void* x);
/// y is [rank, hits], hits from count_nonzero.
void nonzero(DataType type, const std::vector<int64_t>& dims, const void* x, int64_t hits, int64_t* y);

}  // namespace ingot::cpu
