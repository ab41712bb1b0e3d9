// Small helpers that many op files share: axis normalisation, inference of the common shapes, output
// allocation, case building.
#pragma once

#include "ops/broadcast.h"
#include "ops/contents.h"
#include "ops/types.h"

namespace ingot::ops {

/// `axis` in [0, rank), counted from the end when negative.
Result<int> normalize_axis(int64_t axis, int rank);
/// The same for several axes, which must differ from one another; sorted.
Result<std::vector<int>> normalize_axes(const Ints& axes, int rank);

/// Output 0 has the type of input 0.
Status infer_same(InferContext& c);
/// infer_same for an input of one of the types.
template <TypeSet kTypes>
Status infer_same_of(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kTypes));
  return infer_same(c);
}
/// The broadcast shape of all inputs; nullopt when one is unranked.
Result<std::optional<Shape>> broadcast_inputs(const InferContext& c);
/// Output 0 is the broadcast of all inputs with the element type of the first; all inputs must share one
/// type.
Status infer_broadcast(InferContext& c);
/// Output 0 of the type and, when it is known, the shape.
void set_output(InferContext& c, DataType dtype, std::optional<Shape> shape);

/// What `infer` says of the outputs for the concrete inputs of `c`, their contents included: the checks of an
/// op's inputs are written once, in infer, and eval begins with this. Errors where a size stays unknown.
struct OutputType {
  DataType dtype;
  Dims dims;
};
Result<std::vector<OutputType>> infer_concrete(const EvalContext& c, InferFn infer);
/// Output 0, allocated as `infer` says.
Result<TensorView> infer_output(EvalContext& c, InferFn infer);

inline CaseInput random_input(Dims dims, double lo = -1, double hi = 1, DataType dtype = DataType::kF32) {
  return {{dtype, to_shape(dims), true}, lo, hi, std::nullopt};
}
inline CaseInput constant_input(Tensor value) { return {value.type(), 0, 0, std::move(value)}; }
inline CaseInput ints_input(Ints values) { return constant_input(Tensor::vector_i64(values)); }
inline CaseInput int_input(int64_t value) { return constant_input(Tensor::scalar_i64(value)); }
inline CaseInput float_input(float value) { return constant_input(Tensor::scalar_f32(value)); }
inline CaseInput floats_input(Floats values) { return constant_input(Tensor::vector_f32(values)); }
/// An optional input that is not given.
inline CaseInput absent_input() { return {}; }

/// Type of f32, f64, f16, bf16... whose arithmetic `eval` does in double, then rounds once.
template <class T>
using Wide = std::conditional_t<std::is_integral_v<T>, T, double>;

}  // namespace ingot::ops
