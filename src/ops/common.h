// Small helpers that many op files share: axis normalisation, inference of the common shapes, case building.
#pragma once

#include "ops/broadcast.h"
#include "ops/op.h"

namespace ingot::ops {

/// `axis` in [0, rank), counted from the end when negative.
Result<int> normalize_axis(int64_t axis, int rank);

/// Output 0 has the type of input 0.
Status infer_same(InferContext& c);
/// Output 0 is the broadcast of all inputs with the element type of the first; all inputs must share one
/// type.
Status infer_broadcast(InferContext& c);

inline CaseInput random_input(Dims dims, double lo = -1, double hi = 1, DataType dtype = DataType::kF32) {
  return {{dtype, to_shape(dims), true}, lo, hi, std::nullopt};
}
inline CaseInput constant_input(Tensor value) { return {value.type(), 0, 0, std::move(value)}; }
inline CaseInput ints_input(Ints values) { return constant_input(Tensor::vector_i64(values)); }

/// Type of f32, f64, f16, bf16... whose arithmetic `eval` does in double, then rounds once.
template <class T>
using Wide = std::conditional_t<std::is_integral_v<T>, T, double>;

}  // namespace ingot::ops
