// For tests: one op run alone, inference and eval checked against each other.
#pragma once

#include "ops/op.h"

namespace ingot::ops {

/// Runs op `name` on concrete inputs (invalid tensors stand for absent ones). Inference runs first, with the
/// inputs' contents known, then without: an output whose type contradicts it is an error.
Result<std::vector<Tensor>> run_op(std::string_view name, const Attrs& attrs,
                                   const std::vector<Tensor>& inputs, size_t num_outputs = 1);

/// Only inference, on possibly symbolic types.
Result<std::vector<TensorType>> infer_op(std::string_view name, const Attrs& attrs,
                                         const std::vector<TensorType>& inputs, size_t num_outputs = 1);

/// A tensor of any type from doubles, and back.
Tensor make_tensor(DataType type, Dims dims, const std::vector<double>& values);
inline Tensor f32(Dims dims, const std::vector<double>& values) {
  return make_tensor(DataType::kF32, std::move(dims), values);
}
inline Tensor i64(Dims dims, const std::vector<double>& values) {
  return make_tensor(DataType::kI64, std::move(dims), values);
}
std::vector<double> values_of(const Tensor& t);

}  // namespace ingot::ops
