// What FusedMatMul and QuantizedMatMul share: op(A) * op(B) of batches of matrices. The attributes trans_a
// and trans_b swap the last two dims of an operand; the dims before them broadcast.
#pragma once

#include "ops/op.h"

namespace ingot::ops {

/// The shape of the result; an error where A and B do not multiply.
Result<Shape> product_shape(const Attrs& attrs, const Shape& a, const Shape& b);
/// The products, row-major, for dims that product_shape has accepted; `y` are the result's.
std::vector<double> products(const Attrs& attrs, const TensorView& a, const TensorView& b, const Dims& y);
/// Multiply-adds count two; operands that are not given count nothing.
double product_flops(const Attrs& attrs, const TensorView& a, const TensorView& y);

}  // namespace ingot::ops
