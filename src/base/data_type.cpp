#include "base/data_type.h"

#include <array>

namespace ingot {
namespace {

struct Info {
  std::string_view name;
  int bits;
};
constexpr std::array<Info, 18> kInfo = {{{"invalid", 0},
                                         {"f32", 32},
                                         {"f16", 16},
                                         {"bf16", 16},
                                         {"f64", 64},
                                         {"i8", 8},
                                         {"u8", 8},
                                         {"i16", 16},
                                         {"u16", 16},
                                         {"i32", 32},
                                         {"u32", 32},
                                         {"i64", 64},
                                         {"u64", 64},
                                         {"bool", 8},
                                         {"f8e4m3", 8},
                                         {"f8e5m2", 8},
                                         {"i4", 4},
                                         {"u4", 4}}};

const Info& info(DataType type) {
  size_t i = static_cast<size_t>(type);
  return kInfo[i < kInfo.size() ? i : 0];
}

}  // namespace

std::string_view data_type_name(DataType type) { return info(type).name; }
int bit_width(DataType type) { return info(type).bits; }

DataType parse_data_type(std::string_view name) {
  for (size_t i = 1; i < kInfo.size(); ++i)
    if (kInfo[i].name == name) return static_cast<DataType>(i);
  return DataType::kInvalid;
}

bool is_float(DataType t) {
  return t == DataType::kF32 || t == DataType::kF16 || t == DataType::kBF16 || t == DataType::kF64 ||
         t == DataType::kF8E4M3 || t == DataType::kF8E5M2;
}
bool is_signed_integer(DataType t) {
  return t == DataType::kI8 || t == DataType::kI16 || t == DataType::kI32 || t == DataType::kI64 ||
         t == DataType::kI4;
}
bool is_integer(DataType t) {
  return is_signed_integer(t) || t == DataType::kU8 || t == DataType::kU16 || t == DataType::kU32 ||
         t == DataType::kU64 || t == DataType::kU4;
}

}  // namespace ingot
