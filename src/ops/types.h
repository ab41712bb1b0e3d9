// Sets of element types that ops accept, and ONNX's numbers for element types.
#pragma once

#include "ops/op.h"

namespace ingot::ops {

using TypeSet = uint32_t;
constexpr TypeSet type_set(std::initializer_list<DataType> types) {
  TypeSet set = 0;
  for (DataType t : types) set |= TypeSet{1} << static_cast<int>(t);
  return set;
}

inline constexpr TypeSet kFloats =
    type_set({DataType::kF32, DataType::kF16, DataType::kBF16, DataType::kF64});
inline constexpr TypeSet kUnsigned =
    type_set({DataType::kU8, DataType::kU16, DataType::kU32, DataType::kU64});
inline constexpr TypeSet kSigned = type_set({DataType::kI8, DataType::kI16, DataType::kI32, DataType::kI64});
inline constexpr TypeSet kInts = kSigned | kUnsigned;
inline constexpr TypeSet kNumbers = kFloats | kInts;
inline constexpr TypeSet kBools = type_set({DataType::kBool});
inline constexpr TypeSet kIndices = type_set({DataType::kI32, DataType::kI64});
inline constexpr TypeSet kNarrow = type_set({DataType::kF8E4M3, DataType::kF8E5M2});
/// All types whose elements are whole bytes.
inline constexpr TypeSet kWholeBytes = kNumbers | kBools | kNarrow;
inline constexpr TypeSet kAnyType = kWholeBytes | type_set({DataType::kI4, DataType::kU4});

constexpr bool contains(TypeSet set, DataType type) { return (set >> static_cast<int>(type) & 1) != 0; }
std::string to_string(TypeSet set);  // "f32, f16 or i8"

/// An error unless input i is absent or has one of the types.
Status expect_type(const InferContext& c, size_t i, TypeSet set);
/// An error unless inputs i and k have one element type.
Status expect_same_type(const InferContext& c, size_t i, size_t k);
/// An error unless input i is absent, unranked or of a rank in [min, max].
Status expect_rank(const InferContext& c, size_t i, int min, int max);
/// An error unless input i is absent, or has one element as far as its shape is known.
Status expect_scalar(const InferContext& c, size_t i);

/// ONNX's TensorProto.DataType number, as attributes such as Cast's `to` hold it, and its inverse (an error
/// for types that Ingot has not: strings, complex numbers...).
int64_t onnx_type_number(DataType type);
Result<DataType> from_onnx_type_number(int64_t number);

}  // namespace ingot::ops
