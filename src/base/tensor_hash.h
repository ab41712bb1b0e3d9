// Finding tensors of equal contents among many without reading all of them.
#pragma once

#include "base/tensor.h"

namespace ingot {

/// Equal for tensors with the same element type and bytes, whatever their dims. Reads a sample: a few
/// kilobytes.
uint64_t content_hash(const Tensor& tensor);
/// The same element type and bytes; dims may differ.
bool same_bytes(const Tensor& a, const Tensor& b);

}  // namespace ingot
