// Forms of constants that hold every element in another order, with zeros between. They are named by text,
// such as "gemm_b/avx512/t", so that an engine that was packed for one machine can be unpacked on another.
#pragma once

#include "target/target.h"

namespace ingot::cpu {

/// `constant` in such a form, as input `input` of a candidate.
PackedInput permuted(size_t input, std::string packing, const Tensor& constant);

/// Errors: kCorrupt for a form that is unknown or does not fit the tensor.
Result<Tensor> pack_as(std::string_view packing, const Tensor& plain);
Result<Tensor> unpack_from(std::string_view packing, const Tensor& packed, const Dims& plain);

}  // namespace ingot::cpu
