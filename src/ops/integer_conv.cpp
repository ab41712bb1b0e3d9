// ConvInteger (8-bit in, i32 out) and QLinearConv (8-bit in and out, with scales):
// https://onnx.ai/onnx/operators/onnx__ConvInteger.html, onnx__QLinearConv.html (version 10)
#include "ops/convolution.h"
#include "ops/quantization.h"
#include "ops/wide.h"

namespace ingot::ops {
namespace {

// An error unless input i is one value, or one per `count` where that is allowed.
Status check_per_tensor(const InferContext& c, size_t i, std::optional<Dim> count = std::nullopt) {
  if (!c.has(i) || !c.type(i).is_static()) return {};
  const Dim n = num_elements(c.shape(i));
  if (c.type(i).rank() <= 1 && (n.is(1) || (count && (!count->is_const() || n == *count)))) return {};
  return invalid_argument("input ", i, " has shape ", to_string(c.shape(i)), ", expected one value",
                          count ? str(" or ", count->to_string()) : "");
}

// x minus its zero point; `zero` has one value, or one for each of the first dimension's indices.
std::vector<double> without_zero_point(const TensorView& x, const TensorView* zero) {
  std::vector<double> values = load_all<double>(x);
  if (zero == nullptr || zero->size() == 0) return values;
  const std::vector<double> z = load_all<double>(*zero);
  const size_t step = values.size() / z.size();
  for (size_t i = 0; i < values.size(); ++i) values[i] -= z[z.size() == 1 ? 0 : i / step];
  return values;
}

Status infer_integer(InferContext& c) {
  for (size_t i = 0; i < 4; ++i) INGOT_RETURN_IF_ERROR(expect_type(c, i, kBytes));
  INGOT_RETURN_IF_ERROR(expect_same_type(c, 0, 2));
  INGOT_RETURN_IF_ERROR(expect_same_type(c, 1, 3));
  INGOT_RETURN_IF_ERROR(check_per_tensor(c, 2));
  INGOT_ASSIGN_OR_RETURN(c.outputs[0].type, infer_conv(c.attrs, c.type(0), c.type(1)));
  c.outputs[0].type.dtype = DataType::kI32;
  return c.type(1).ranked ? check_per_tensor(c, 3, c.shape(1)[0]) : Status();
}

Status eval_integer(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer_integer));
  INGOT_ASSIGN_OR_RETURN(const ConvProblem problem,
                         ConvProblem::make(c.attrs, c.input(0).dims, c.input(1).dims));
  const std::vector<double> sums =
      problem.run(without_zero_point(c.input(0), c.has(2) ? c.inputs[2] : nullptr),
                  without_zero_point(c.input(1), c.has(3) ? c.inputs[3] : nullptr));
  store(sums.data(), y.size(), y, 0);
  return {};
}

enum QInput : size_t { kX, kXScale, kXZero, kW, kWScale, kWZero, kYScale, kYZero, kBias };

Status infer_qlinear(InferContext& c) {
  for (size_t i : {kX, kW, kYZero}) INGOT_RETURN_IF_ERROR(expect_type(c, i, kBytes));
  for (size_t i : {kXScale, kWScale, kYScale})
    INGOT_RETURN_IF_ERROR(expect_type(c, i, type_set({DataType::kF32})));
  INGOT_RETURN_IF_ERROR(expect_type(c, kBias, type_set({DataType::kI32})));
  INGOT_RETURN_IF_ERROR(expect_same_type(c, kX, kXZero));
  INGOT_RETURN_IF_ERROR(expect_same_type(c, kW, kWZero));
  for (size_t i : {kXScale, kXZero, kYScale, kYZero}) INGOT_RETURN_IF_ERROR(check_per_tensor(c, i));
  INGOT_ASSIGN_OR_RETURN(c.outputs[0].type, infer_conv(c.attrs, c.type(kX), c.type(kW)));
  c.outputs[0].type.dtype = c.type(kYZero).dtype;
  if (!c.type(kW).ranked) return {};
  const Dim& filters = c.shape(kW)[0];
  if (c.has(kBias) && c.type(kBias).is_static() && filters.is_const() && c.shape(kBias) != Shape{filters})
    return invalid_argument("B has shape ", to_string(c.shape(kBias)), ", expected [", filters.to_string(),
                            "]");
  INGOT_RETURN_IF_ERROR(check_per_tensor(c, kWScale, filters));
  return check_per_tensor(c, kWZero, filters);
}

Status eval_qlinear(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer_qlinear));
  INGOT_ASSIGN_OR_RETURN(const ConvProblem problem,
                         ConvProblem::make(c.attrs, c.input(kX).dims, c.input(kW).dims));
  std::vector<double> sums = problem.run(without_zero_point(c.input(kX), c.inputs[kXZero]),
                                         without_zero_point(c.input(kW), c.inputs[kWZero]));
  const double x_scale = c.input(kXScale).as<const float>()[0],
               y_scale = c.input(kYScale).as<const float>()[0];
  const std::vector<double> w_scale = load_all<double>(c.input(kWScale));
  const std::vector<double> bias = c.has(kBias) ? load_all<double>(c.input(kBias))
                                                : std::vector<double>(static_cast<size_t>(problem.filters));
  const double zero = load_all<double>(c.input(kYZero))[0];
  const size_t plane = static_cast<size_t>(num_elements(problem.out));
  for (size_t i = 0; i < sums.size(); ++i) {
    const size_t m = i / plane % bias.size();
    const double scale = x_scale * w_scale[w_scale.size() == 1 ? 0 : m] / y_scale;
    sums[i] = quantize((sums[i] + bias[m]) * scale, zero, y.dtype);
  }
  store(sums.data(), y.size(), y, 0);
  return {};
}

Cost cost(const CostContext& c) {
  const bool with_scales = c.inputs.size() > kYZero;
  const TensorView& w = c.inputs[with_scales ? size_t{kW} : 1];
  Cost total{conv_flops(w, c.outputs[0]), static_cast<double>(c.outputs[0].bytes())};
  for (const TensorView& v : c.inputs) total.bytes += static_cast<double>(v.bytes());
  return total;
}

CaseInput bytes(Dims dims, DataType type) {
  const QuantizedRange range = quantized_range(type);
  return random_input(std::move(dims), range.low, range.high, type);
}

std::vector<OpCase> integer_cases() {
  const Attrs pads = {{"pads", Ints{1, 1, 1, 1}}};
  const DataType u8 = DataType::kU8, i8 = DataType::kI8;
  return {
      {"no_zero_points", {}, {bytes({1, 3, 6, 7}, u8), bytes({4, 3, 3, 3}, i8)}},
      {"zero_points", pads, {bytes({1, 2, 5, 5}, u8), bytes({3, 2, 3, 3}, u8), bytes({}, u8), bytes({}, u8)}},
      {"per_filter",
       pads,
       {bytes({2, 2, 5, 5}, u8), bytes({3, 2, 3, 3}, i8), bytes({}, u8), bytes({3}, i8)}}};
}

std::vector<OpCase> qlinear_cases() {
  const Attrs pads = {{"pads", Ints{1, 1, 1, 1}}};
  const DataType u8 = DataType::kU8, i8 = DataType::kI8;
  auto scale = [](Dims dims, double value) { return random_input(std::move(dims), value, 2 * value); };
  return {
      {"u8",
       pads,
       {bytes({1, 3, 6, 7}, u8), scale({}, 0.01), bytes({}, u8), bytes({4, 3, 3, 3}, u8), scale({}, 0.01),
        bytes({}, u8), scale({}, 0.05), bytes({}, u8)}},
      {"per_filter_bias",
       {},
       {bytes({2, 3, 6, 7}, i8), scale({}, 0.01), bytes({}, i8), bytes({4, 3, 3, 3}, i8), scale({4}, 0.01),
        bytes({4}, i8), scale({}, 0.05), bytes({}, i8), random_input({4}, -500, 500, DataType::kI32)}}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_ConvInteger() {
  static const OpDef op{"ConvInteger",     2,        4, 1, 1, ops::conv_attrs(), ops::infer_integer,
                        ops::eval_integer, ops::cost};
  return op;
}

std::vector<OpCase> cases_ConvInteger() { return ops::integer_cases(); }

const OpDef& op_QLinearConv() {
  static const OpDef op{"QLinearConv",     8,        9, 1, 1, ops::conv_attrs(), ops::infer_qlinear,
                        ops::eval_qlinear, ops::cost};
  return op;
}

std::vector<OpCase> cases_QLinearConv() { return ops::qlinear_cases(); }

}  // namespace ingot
