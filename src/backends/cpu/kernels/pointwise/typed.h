// Typed pointwise kernels: integer arithmetic, comparisons, logic, Where and Cast, for operands that a vector
// program of floats cannot hold. One loop over memory each.
#pragma once

#include <vector>

#include "backends/cpu/kernels/simd/isa.h"
#include "base/threads.h"
#include "ingot/data_type.h"

namespace ingot::cpu {

enum class TypedOp : uint8_t {
  kAdd,
  kSub,
  kMul,
  kDiv,
  kMod,  // integers: the sign of b
  kMax,
  kMin,  // result of the operands' type
  kEqual,
  kLess,
  kGreater,
  kLessEqual,
  kGreaterEqual,  // result bool
  kAnd,
  kOr,
  kXor,  // bool, or bits of integers
};

/// y[dims] = op(a, b); y is dense. Strides in elements, 0 where an operand is broadcast.
struct TypedBinaryDesc {
  TypedOp op = TypedOp::kAdd;
  DataType type = DataType::kI64;  // of the operands
  std::vector<int64_t> dims, a_strides, b_strides;
};
/// Whether there is a kernel: f32, i32, i64, u8 and bool, with the ops that make sense for each.
bool typed_binary_supported(TypedOp op, DataType type);
/// Integers wrap around; x / 0 and x mod 0 are 0; a NaN operand makes kMax and kMin NaN.
void typed_binary(ThreadPool& pool, const TypedBinaryDesc& desc, const void* a, const void* b, void* y);

/// y = condition ? a : b, any elements of 1, 2, 4 or 8 bytes; conditions are bools.
struct WhereDesc {
  int64_t element_size = 4;
  std::vector<int64_t> dims, condition_strides, a_strides, b_strides;
};
void where(ThreadPool& pool, const WhereDesc& desc, const void* condition, const void* a, const void* b,
           void* y);

/// Whether both types are among f32, f64, i32, i64, i8, u8 and bool, or one is f32 and the other f16 or bf16.
bool cast_supported(DataType from, DataType to);
/// Floats to integers: towards zero, NaN to 0, beyond int64 to its nearest, then wrapped to narrower types.
/// To bool: whether the value is not 0.
void cast(ThreadPool& pool, Isa isa, DataType from, DataType to, int64_t count, const void* x, void* y);

}  // namespace ingot::cpu
