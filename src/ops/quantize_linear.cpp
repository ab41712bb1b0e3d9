// QuantizeLinear and DequantizeLinear, per tensor, per axis or in blocks:
// https://onnx.ai/onnx/operators/onnx__QuantizeLinear.html, onnx__DequantizeLinear.html (version 25)
#include <cmath>
#include <limits>

#include "ops/quantization.h"
#include "ops/wide.h"

namespace ingot::ops {
namespace {

constexpr TypeSet kInt32 = type_set({DataType::kI32});

// The type that the attribute `output_dtype` asks for (0: `fallback`).
Result<DataType> output_type(const Attrs& attrs, DataType fallback) {
  const int64_t number = attrs.get_int("output_dtype");
  if (number == 0) return fallback;
  return from_onnx_type_number(number);
}

Status infer_quantize(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kFloats | kInt32));
  INGOT_RETURN_IF_ERROR(expect_type(c, 2, kQuantized));
  INGOT_RETURN_IF_ERROR(check_scales(c, kFloats | kInt32));
  INGOT_ASSIGN_OR_RETURN(const DataType type,
                         output_type(c.attrs, c.has(2) ? c.type(2).dtype : DataType::kU8));
  if (!contains(kQuantized, type) || (c.has(2) && c.type(2).dtype != type))
    return invalid_argument("output_dtype is ", data_type_name(type),
                            ", expected the zero point's type or one of ", to_string(kQuantized));
  c.outputs[0].type = c.type(0);
  c.outputs[0].type.dtype = type;
  return {};
}

// Without saturation, what an FP8 type cannot hold becomes NaN (or infinity where there is one).
double overflow(double value, DataType type) {
  if (std::fabs(value) <= quantized_range(type).high) return value;
  const double infinity = std::copysign(std::numeric_limits<double>::infinity(), value);
  return type == DataType::kF8E5M2 ? infinity : std::numeric_limits<double>::quiet_NaN();
}

Status eval_quantize(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer_quantize));
  INGOT_ASSIGN_OR_RETURN(const ScaleLayout layout,
                         ScaleLayout::make(c.attrs, c.input(0).dims, c.input(1).dims));
  const std::vector<double> scale = load_all<double>(c.input(1));
  const std::vector<double> zero =
      c.has(2) ? load_all<double>(c.input(2)) : std::vector<double>(scale.size());
  const bool saturate = c.attrs.get_int("saturate", 1) != 0;
  std::vector<double> values = load_all<double>(c.input(0));
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t s = layout.index(static_cast<int64_t>(i));
    // Float division is part of the definition: it decides which way ties round.
    const double ratio = static_cast<float>(values[i]) / static_cast<float>(scale[s]);
    values[i] = quantize(ratio, zero[s], y.dtype);
    if (!saturate && is_float(y.dtype)) values[i] = overflow(values[i], y.dtype);
  }
  if (y.dtype != DataType::kF8E5M2 || saturate) {
    store(values.data(), y.size(), y, 0);
    return {};
  }
  for (size_t i = 0; i < values.size();
       ++i) {  // the conversion to FP8 saturates: infinities are written as bits
    Float8E5M2& out = y.as<Float8E5M2>()[i];
    out = Float8E5M2(static_cast<float>(values[i]));
    if (std::isinf(values[i])) out.bits = values[i] < 0 ? 0xfc : 0x7c;
  }
  return {};
}

Status infer_dequantize(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kQuantized | kInt32));
  INGOT_RETURN_IF_ERROR(expect_same_type(c, 0, 2));
  INGOT_RETURN_IF_ERROR(check_scales(c, kFloats));
  INGOT_ASSIGN_OR_RETURN(const DataType type, output_type(c.attrs, c.type(1).dtype));
  if (!contains(kFloats, type))
    return invalid_argument("output_dtype is ", data_type_name(type), ", expected ", to_string(kFloats));
  c.outputs[0].type = c.type(0);
  c.outputs[0].type.dtype = type;
  return {};
}

Status eval_dequantize(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer_dequantize));
  INGOT_ASSIGN_OR_RETURN(const ScaleLayout layout,
                         ScaleLayout::make(c.attrs, c.input(0).dims, c.input(1).dims));
  const std::vector<double> scale = load_all<double>(c.input(1));
  const std::vector<double> zero =
      c.has(2) ? load_all<double>(c.input(2)) : std::vector<double>(scale.size());
  std::vector<double> values = load_all<double>(c.input(0));
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t s = layout.index(static_cast<int64_t>(i));
    values[i] = (values[i] - zero[s]) * scale[s];
  }
  store(values.data(), y.size(), y, 0);
  return {};
}

CaseInput scales(Dims dims, double high = 0.1) { return random_input(std::move(dims), 0.01, high); }

std::vector<OpCase> quantize_cases() {
  auto zero = [](DataType type, Dims dims) { return random_input(std::move(dims), 1, 6, type); };
  const Attrs blocks = {{"axis", int64_t{1}}, {"block_size", int64_t{4}}};
  // A tie that f32 and f64 round apart is as good as never drawn, so the tolerance stays that of equal
  // integers.
  return {{"per_tensor_u8", {}, {random_input({3, 17}, -3, 8), scales({}), zero(DataType::kU8, {})}},
          {"no_zero_point", {}, {random_input({33}, 0, 8), scales({})}},
          {"per_axis_i8", {}, {random_input({2, 4, 5}, -3, 3), scales({4}), zero(DataType::kI8, {4})}},
          {"last_axis_u16",
           {{"axis", int64_t{-1}}},
           {random_input({2, 7}, -3, 3), scales({7}), zero(DataType::kU16, {7})}},
          {"blocked_i4",
           blocks,
           {random_input({2, 10, 3}, -3, 3), scales({2, 3, 3}, 1), zero(DataType::kI4, {2, 3, 3})}}};
}

std::vector<OpCase> dequantize_cases() {
  auto bytes = [](DataType type, Dims dims) {
    const QuantizedRange range = quantized_range(type);
    return random_input(std::move(dims), range.low, range.high, type);
  };
  const Attrs blocks = {{"axis", int64_t{1}}, {"block_size", int64_t{4}}};
  return {{"per_tensor_u8", {}, {bytes(DataType::kU8, {3, 17}), scales({}), bytes(DataType::kU8, {})}},
          {"no_zero_point_i32", {}, {random_input({33}, -1000, 1000, DataType::kI32), scales({})}},
          {"per_axis_i8", {}, {bytes(DataType::kI8, {2, 4, 5}), scales({4}), bytes(DataType::kI8, {4})}},
          {"weights_axis_0", {{"axis", int64_t{0}}}, {bytes(DataType::kI8, {6, 3, 3, 3}), scales({6})}},
          {"blocked_u4",
           blocks,
           {bytes(DataType::kU4, {2, 10, 3}), scales({2, 3, 3}), bytes(DataType::kU4, {2, 3, 3})}},
          {"fp8", {}, {random_input({65}, -300, 300, DataType::kF8E4M3), scales({})}}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_QuantizeLinear() {
  static const OpDef op{
      "QuantizeLinear",
      2,
      3,
      1,
      1,
      {optional<int64_t>("axis", 1), optional<int64_t>("block_size", 0), optional<int64_t>("output_dtype", 0),
       optional<int64_t>("precision", 0), optional<int64_t>("saturate", 1)},
      ops::infer_quantize,
      ops::eval_quantize,
      nullptr};
  return op;
}

std::vector<OpCase> cases_QuantizeLinear() { return ops::quantize_cases(); }

const OpDef& op_DequantizeLinear() {
  static const OpDef op{"DequantizeLinear",
                        2,
                        3,
                        1,
                        1,
                        {optional<int64_t>("axis", 1), optional<int64_t>("block_size", 0),
                         optional<int64_t>("output_dtype", 0)},
                        ops::infer_dequantize,
                        ops::eval_dequantize,
                        nullptr};
  return op;
}

std::vector<OpCase> cases_DequantizeLinear() { return ops::dequantize_cases(); }

}  // namespace ingot
