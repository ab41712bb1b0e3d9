// Products of 8-bit integers with zero points, and 8-bit integers from floats by the range that they turn out
// to have.
#pragma once

#include "backends/cuda/kernels/kernel_spec.h"

namespace ingot::cuda {

/// y (i32) = (a - its zero point) * (b - its own), for [rows, depth] and [depth, columns]. Baked in: types,
/// zero points, whether rows and B's columns are whole words.
struct IntegerProductProblem {
  enum Zeros { kNone, kOne, kMany };  // kMany: one for each row of a, or column of b
  DataType a_type, b_type;
  int64_t batch, rows, columns, depth;
  int64_t a_step = 0, b_step = 0;  // from one matrix of the batch to the next
  bool b_transposed = false;       // [columns, depth]
  Zeros a_zeros = kNone, b_zeros = kNone;
  int64_t zero_rows = 1;  // of kMany: row r has that of r modulo this
};
/// Arguments: a, b, zero points of a and of b (null where there are none), y.
Result<KernelSpec> integer_product_kernel(const IntegerProductProblem& problem);

/// How many parts the range of x is found in.
int64_t range_parts(int64_t elements);
/// The least and largest of each part and 0. Arguments: x (f32), parts [n, 2].
Result<KernelSpec> range_of_parts_kernel(int64_t elements);
/// y (u8) = x / scale + zero point, so that the range is covered. Arguments: x, parts, y, scale, zero point;
/// the last three null where they are not wanted.
Result<KernelSpec> dynamic_quantize_kernel(int64_t elements);

}  // namespace ingot::cuda
