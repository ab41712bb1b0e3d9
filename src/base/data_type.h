// Facts about DataType that only the library needs, and the C++ type behind each.
#pragma once

#include "base/half.h"
#include "ingot/data_type.h"

namespace ingot {

bool is_float(DataType type);    // every floating type, FP8 included
bool is_integer(DataType type);  // signed or unsigned, not bool
bool is_signed_integer(DataType type);

template <class T>
constexpr DataType data_type_of() {
  if constexpr (std::is_same_v<T, float>)
    return DataType::kF32;
  else if constexpr (std::is_same_v<T, Half>)
    return DataType::kF16;
  else if constexpr (std::is_same_v<T, BFloat16>)
    return DataType::kBF16;
  else if constexpr (std::is_same_v<T, double>)
    return DataType::kF64;
  else if constexpr (std::is_same_v<T, int8_t>)
    return DataType::kI8;
  else if constexpr (std::is_same_v<T, uint8_t>)
    return DataType::kU8;
  else if constexpr (std::is_same_v<T, int16_t>)
    return DataType::kI16;
  else if constexpr (std::is_same_v<T, uint16_t>)
    return DataType::kU16;
  else if constexpr (std::is_same_v<T, int32_t>)
    return DataType::kI32;
  else if constexpr (std::is_same_v<T, uint32_t>)
    return DataType::kU32;
  else if constexpr (std::is_same_v<T, int64_t>)
    return DataType::kI64;
  else if constexpr (std::is_same_v<T, uint64_t>)
    return DataType::kU64;
  else if constexpr (std::is_same_v<T, bool>)
    return DataType::kBool;
  else if constexpr (std::is_same_v<T, Float8E4M3>)
    return DataType::kF8E4M3;
  else if constexpr (std::is_same_v<T, Float8E5M2>)
    return DataType::kF8E5M2;
  else
    return DataType::kInvalid;
}

template <class T>
struct TypeTag {
  using type = T;
};

/// Calls fn(TypeTag<T>{}) with the C++ type of `type`; false (and no call) for 4-bit and invalid types, which
/// have none.
template <class F>
bool dispatch_type(DataType type, F&& fn) {
  switch (type) {
    case DataType::kF32:
      fn(TypeTag<float>{});
      return true;
    case DataType::kF16:
      fn(TypeTag<Half>{});
      return true;
    case DataType::kBF16:
      fn(TypeTag<BFloat16>{});
      return true;
    case DataType::kF64:
      fn(TypeTag<double>{});
      return true;
    case DataType::kI8:
      fn(TypeTag<int8_t>{});
      return true;
    case DataType::kU8:
      fn(TypeTag<uint8_t>{});
      return true;
    case DataType::kI16:
      fn(TypeTag<int16_t>{});
      return true;
    case DataType::kU16:
      fn(TypeTag<uint16_t>{});
      return true;
    case DataType::kI32:
      fn(TypeTag<int32_t>{});
      return true;
    case DataType::kU32:
      fn(TypeTag<uint32_t>{});
      return true;
    case DataType::kI64:
      fn(TypeTag<int64_t>{});
      return true;
    case DataType::kU64:
      fn(TypeTag<uint64_t>{});
      return true;
    case DataType::kBool:
      fn(TypeTag<bool>{});
      return true;
    case DataType::kF8E4M3:
      fn(TypeTag<Float8E4M3>{});
      return true;
    case DataType::kF8E5M2:
      fn(TypeTag<Float8E5M2>{});
      return true;
    default:
      return false;
  }
}

}  // namespace ingot
