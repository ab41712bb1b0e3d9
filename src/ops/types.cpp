#include "ops/types.h"

namespace ingot::ops {
namespace {

constexpr std::pair<DataType, int> kOnnxNumbers[] = {
    {DataType::kF32, 1},   {DataType::kU8, 2},      {DataType::kI8, 3},      {DataType::kU16, 4},
    {DataType::kI16, 5},   {DataType::kI32, 6},     {DataType::kI64, 7},     {DataType::kBool, 9},
    {DataType::kF16, 10},  {DataType::kF64, 11},    {DataType::kU32, 12},    {DataType::kU64, 13},
    {DataType::kBF16, 16}, {DataType::kF8E4M3, 17}, {DataType::kF8E5M2, 19}, {DataType::kU4, 21},
    {DataType::kI4, 22}};

}  // namespace

std::string to_string(TypeSet set) {
  std::string text;
  for (int i = 1; set >> i != 0; ++i) {
    if ((set >> i & 1) == 0) continue;
    if (!text.empty()) text += set >> (i + 1) == 0 ? " or " : ", ";
    text += data_type_name(static_cast<DataType>(i));
  }
  return text;
}

Status expect_type(const InferContext& c, size_t i, TypeSet set) {
  if (!c.has(i) || contains(set, c.type(i).dtype)) return {};
  return invalid_argument("input ", i, " has type ", data_type_name(c.type(i).dtype), ", expected ",
                          to_string(set));
}

Status expect_same_type(const InferContext& c, size_t i, size_t k) {
  if (!c.has(i) || !c.has(k) || c.type(i).dtype == c.type(k).dtype) return {};
  return invalid_argument("inputs ", i, " and ", k, " have types ", data_type_name(c.type(i).dtype), " and ",
                          data_type_name(c.type(k).dtype), ", expected one type");
}

Status expect_rank(const InferContext& c, size_t i, int min, int max) {
  if (!c.has(i) || !c.type(i).ranked || (c.type(i).rank() >= min && c.type(i).rank() <= max)) return {};
  return invalid_argument("input ", i, " has shape ", to_string(c.shape(i)), ", expected rank ", min,
                          max == min         ? ""
                          : max >= kVariadic ? " or more"
                                             : str(" to ", max));
}

Status expect_scalar(const InferContext& c, size_t i) {
  if (!c.has(i) || !c.type(i).is_static() || num_elements(c.shape(i)).is(1)) return {};
  return invalid_argument("input ", i, " has shape ", to_string(c.shape(i)), ", expected a scalar");
}

int64_t onnx_type_number(DataType type) {
  for (auto [t, number] : kOnnxNumbers)
    if (t == type) return number;
  return 0;
}

Result<DataType> from_onnx_type_number(int64_t number) {
  for (auto [t, n] : kOnnxNumbers)
    if (n == number) return t;
  return unsupported("ONNX element type ", number, " (of TensorProto.DataType) is not supported");
}

}  // namespace ingot::ops
