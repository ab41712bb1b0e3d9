// Cast, CastLike: the same values in another type. BitCast: the same bits. Types are ONNX's numbers
// (types.h).
#include <cmath>

#include "ops/common.h"
#include "ops/strided.h"
#include "ops/wide.h"

namespace ingot::ops {
namespace {

Result<DataType> target(const Attrs& attrs) { return from_onnx_type_number(attrs.get_int("to")); }

Status infer_to(InferContext& c, DataType to) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kAnyType));
  const DataType from = c.type(0).dtype;
  c.outputs[0].type = c.type(0);
  c.outputs[0].type.dtype = to;
  // Contents survive where every size is exact in the new type.
  auto wide = [](DataType t) {
    return contains(kIndices, t) || t == DataType::kF32 || t == DataType::kF64 || t == DataType::kU64;
  };
  if (wide(to) && (wide(from) || from == DataType::kBool)) set_contents(c, contents_of(c, 0));
  return {};
}

Status infer_cast(InferContext& c) {
  INGOT_ASSIGN_OR_RETURN(const DataType to, target(c.attrs));
  const std::string mode = c.attrs.get_string("round_mode", "up");
  if (mode != "up" && mode != "down" && mode != "nearest")
    return invalid_argument("round_mode is '", mode, "', expected 'up', 'down' or 'nearest'");
  return infer_to(c, to);
}

Status infer_cast_like(InferContext& c) { return infer_to(c, c.type(1).dtype); }

// saturate=0: what does not fit FP8 becomes NaN (E4M3, which has no infinity) or infinity (E5M2).
void overflow_to_special(DataType to, std::vector<double>& values) {
  const double largest = to == DataType::kF8E4M3 ? 448 : 57344, ulp = to == DataType::kF8E4M3 ? 32 : 8192;
  for (double& v : values)
    if (std::abs(v) > largest + ulp / 2 || (std::abs(v) == largest + ulp / 2 && to == DataType::kF8E5M2) ||
        std::isinf(v))
      v = to == DataType::kF8E4M3 ? NAN : std::copysign(INFINITY, v);
}

Status convert(EvalContext& c, InferFn infer) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer));
  const TensorView& x = c.input(0);
  if (x.dtype == y.dtype) {
    copy_bytes(y.data, x.data, static_cast<int64_t>(x.bytes()));
    return {};
  }
  with_wide(x.dtype, [&](auto tag) {
    using W = typename decltype(tag)::type;
    auto values = load_all<W>(x);
    if constexpr (std::is_same_v<W, double>)
      if (contains(kNarrow, y.dtype) && c.attrs.get_int("saturate", 1) == 0)
        overflow_to_special(y.dtype, values);
    store(values.data(), y.size(), y, 0);
  });
  return {};
}

Status eval_cast(EvalContext& c) { return convert(c, infer_cast); }
Status eval_cast_like(EvalContext& c) { return convert(c, infer_cast_like); }

Status infer_bit_cast(InferContext& c) {
  INGOT_ASSIGN_OR_RETURN(const DataType to, target(c.attrs));
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kWholeBytes));
  if (bit_width(to) != bit_width(c.type(0).dtype))
    return invalid_argument("cannot see the bits of ", data_type_name(c.type(0).dtype), " as ",
                            data_type_name(to), ": the widths differ");
  c.outputs[0].type = c.type(0);
  c.outputs[0].type.dtype = to;
  return {};
}

Status eval_bit_cast(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer_bit_cast));
  const TensorView& x = c.input(0);
  if (y.dtype == DataType::kBool)  // a bool holds 0 or 1 only
    for (int64_t i = 0; i < y.size(); ++i) y.as<bool>()[i] = static_cast<const uint8_t*>(x.data)[i] != 0;
  else
    copy_bytes(y.data, x.data, static_cast<int64_t>(x.bytes()));
  return {};
}

std::vector<OpCase> cases_cast() {
  std::vector<OpCase> cases;
  for (DataType to : {DataType::kF16, DataType::kBF16, DataType::kF64, DataType::kI32, DataType::kU8,
                      DataType::kBool, DataType::kF8E4M3, DataType::kI4})
    cases.push_back({std::string("f32_to_") + std::string(data_type_name(to)),
                     {{"to", onnx_type_number(to)}},
                     {random_input({3, 7}, 0, 7)}});
  cases.push_back({"i64_to_f32",
                   {{"to", onnx_type_number(DataType::kF32)}},
                   {random_input({9}, -99, 99, DataType::kI64)}});
  return cases;
}

std::vector<OpCase> cases_cast_like() {
  return {{"f32_to_i64", {}, {random_input({3, 7}, -9, 9), int_input(0)}}};
}

std::vector<OpCase> cases_bit_cast() {
  return {{"f32_to_i32", {{"to", onnx_type_number(DataType::kI32)}}, {random_input({3, 7})}}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_Cast() {
  static const OpDef op{
      "Cast",
      1,
      1,
      1,
      1,
      {required<int64_t>("to"), optional<int64_t>("saturate", 1), optional<std::string>("round_mode", "up")},
      ops::infer_cast,
      ops::eval_cast,
      nullptr};
  return op;
}

std::vector<OpCase> cases_Cast() { return ops::cases_cast(); }

const OpDef& op_CastLike() {
  static const OpDef op{"CastLike",
                        2,
                        2,
                        1,
                        1,
                        {optional<int64_t>("saturate", 1), optional<std::string>("round_mode", "up")},
                        ops::infer_cast_like,
                        ops::eval_cast_like,
                        nullptr};
  return op;
}

std::vector<OpCase> cases_CastLike() { return ops::cases_cast_like(); }

const OpDef& op_BitCast() {
  static const OpDef op{"BitCast",          1,      1, 1, 1, {required<int64_t>("to")}, ops::infer_bit_cast,
                        ops::eval_bit_cast, nullptr};
  return op;
}

std::vector<OpCase> cases_BitCast() { return ops::cases_bit_cast(); }

}  // namespace ingot
