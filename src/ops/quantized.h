// What the ops that fusion makes of quantized layers share. They sum products of narrow elements exactly,
// scale the sums, and finish as floats do: a pointwise program with extra inputs, which may themselves be
// quantized (the program scales what they hold). The result is stored as `output_dtype`: integers are rounded
// to nearest (halves to even) and saturate, FP8 saturates.
#pragma once

#include "ops/epilogue.h"
#include "ops/types.h"

namespace ingot::ops {

/// Elements of quantized layers' operands.
inline constexpr TypeSet kQuantizedOperands = type_set({DataType::kI8, DataType::kU8, DataType::kF8E4M3});

/// The attribute `output_dtype`: ONNX's number of the result's type.
inline AttrSpec output_dtype_attr() { return required<int64_t>("output_dtype"); }
/// The type that it names, which is one of the above or a float.
Result<DataType> quantized_output(const Attrs& attrs);

/// Checks operands 0 and 1 (which must suit each other), the bias (2) and the scale (3), a number or one for
/// each of `filters`, and the program, whose inputs begin at 4, against output 0, already set.
Status infer_quantized_layer(InferContext& c, const Dim& filters);
/// y = the layer's program on `values` and its inputs from `first` on, or the values themselves, as
/// `output_dtype` stores them.
Status store_quantized(EvalContext& c, std::vector<double>& values, size_t first, const TensorView& y);
/// Output 0 from the sums of products, whose filter is the index along `axis`.
Status finish_quantized_layer(EvalContext& c, const std::vector<double>& sums, const TensorView& y,
                              size_t axis);

/// Checks the inputs of a program from `first` on: any type that holds numbers, shapes that broadcast.
Status infer_quantized_operands(InferContext& c, size_t first);
/// y = program(values, inputs from `first` on), where `values` are its x0; null: inputs begin with x0.
Status run_quantized(EvalContext& c, const std::string& program, const std::vector<double>* values,
                     size_t first, const TensorView& y);

/// Results may fall on the other side of a tie, and differ by a step; FP8 sums of products are less exact.
void set_quantized_tolerances(std::vector<OpCase>& cases);

}  // namespace ingot::ops
