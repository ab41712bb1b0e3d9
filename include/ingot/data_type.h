// DataType: the element types of tensors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "ingot/export.h"

namespace ingot {

/// Element types. The values are part of the engine file format and of the C ABI: never renumber.
enum class DataType : uint8_t {
  kInvalid = 0,
  kF32 = 1,
  kF16 = 2,
  kBF16 = 3,
  kF64 = 4,
  kI8 = 5,
  kU8 = 6,
  kI16 = 7,
  kU16 = 8,
  kI32 = 9,
  kU32 = 10,
  kI64 = 11,
  kU64 = 12,
  kBool = 13,    ///< one byte: 0 or 1
  kF8E4M3 = 14,  ///< FP8 E4M3FN (no infinities), arXiv:2209.05433
  kF8E5M2 = 15,  ///< FP8 E5M2, arXiv:2209.05433
  kI4 = 16,      ///< two to a byte, the first in the low bits
  kU4 = 17,
};

/// "f32", "i64", "bool", ...: the spelling of the text form, the command line and error messages.
INGOT_API std::string_view data_type_name(DataType type);
/// The inverse of data_type_name; kInvalid for an unknown name.
INGOT_API DataType parse_data_type(std::string_view name);
/// Bits per element: 4 for kI4 and kU4, otherwise a multiple of 8; 0 for kInvalid.
INGOT_API int bit_width(DataType type);
/// Bytes that `count` elements occupy (4-bit types round up to a whole byte).
inline size_t byte_size(DataType type, int64_t count) {
  return (static_cast<size_t>(count) * static_cast<size_t>(bit_width(type)) + 7) / 8;
}

}  // namespace ingot
