#include "ops/quantized.h"

#include <algorithm>

#include "ops/broadcast.h"
#include "ops/quantization.h"
#include "ops/wide.h"

namespace ingot::ops {
namespace {

// A vector of one number for each filter, as a program's operand would be repeated.
bool is_for_filters(const TensorType& t, const Dim& filters) {
  return !t.ranked || t.shape.empty() ||
         (t.shape.size() == 1 &&
          (t.shape[0].is(1) || !t.shape[0].is_const() || !filters.is_const() || t.shape[0] == filters));
}

void store_rounded(std::vector<double>& values, const TensorView& y) {
  if (!is_float(y.dtype))
    for (double& v : values) v = quantize(v, 0, y.dtype);
  store(values.data(), y.size(), y, 0);
}

}  // namespace

Result<DataType> quantized_output(const Attrs& attrs) {
  INGOT_ASSIGN_OR_RETURN(const DataType type, from_onnx_type_number(attrs.get_int("output_dtype")));
  if (!contains(kFloats | kQuantizedOperands, type))
    return invalid_argument("output_dtype is ", data_type_name(type), ", expected ",
                            to_string(kFloats | kQuantizedOperands));
  return type;
}

Status infer_quantized_operands(InferContext& c, size_t first) {
  const TensorType& y = c.outputs[0].type;
  for (size_t i = first; i < c.inputs.size(); ++i) {
    if (!c.has(i)) return invalid_argument("input ", i, " is missing");
    INGOT_RETURN_IF_ERROR(expect_type(c, i, kFloats | kQuantizedOperands));
    if (!c.type(i).ranked || !y.ranked) continue;
    INGOT_ASSIGN_OR_RETURN(const Shape together, broadcast(c.shape(i), y.shape));
    if (together.size() != y.shape.size() ||
        (is_static(together) && is_static(y.shape) && together != y.shape))
      return invalid_argument("input ", i, " of shape ", to_string(c.shape(i)), " does not broadcast to ",
                              to_string(y.shape));
  }
  return {};
}

Status infer_quantized_layer(InferContext& c, const Dim& filters) {
  constexpr size_t kFirstExtra = 4;
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kQuantizedOperands));
  INGOT_RETURN_IF_ERROR(expect_type(c, 1, type_set({DataType::kI8, DataType::kF8E4M3})));
  if (is_float(c.type(0).dtype) != is_float(c.type(1).dtype))
    return invalid_argument("operands have types ", data_type_name(c.type(0).dtype), " and ",
                            data_type_name(c.type(1).dtype), ", expected integers or FP8 on both sides");
  for (size_t i : {size_t{2}, size_t{3}}) {
    INGOT_RETURN_IF_ERROR(expect_type(c, i, type_set({DataType::kF32})));
    if (c.has(i) && !is_for_filters(c.type(i), filters))
      return invalid_argument("input ", i, " has shape ", to_string(c.shape(i)), ", expected [] or [",
                              filters.to_string(), "]");
  }
  if (!c.has(3)) return invalid_argument("the scale is missing");
  INGOT_RETURN_IF_ERROR(infer_quantized_operands(c, kFirstExtra));
  const std::string text = c.attrs.get_string("epilogue");
  const int extras = c.inputs.size() > kFirstExtra ? static_cast<int>(c.inputs.size() - kFirstExtra) : 0;
  if (text.empty()) {
    if (extras > 0) return invalid_argument("got ", extras, " extra inputs, but no epilogue that reads them");
    return {};
  }
  INGOT_ASSIGN_OR_RETURN(const PointwiseProgram program, PointwiseProgram::parse(text));
  return program.validate(1 + extras);
}

Status finish_quantized_layer(EvalContext& c, const std::vector<double>& sums, const TensorView& y,
                              size_t axis) {
  int64_t inner = 1;
  for (size_t d = axis + 1; d < y.dims.size(); ++d) inner *= y.dims[d];
  const auto filters = static_cast<size_t>(y.dims[axis]);
  const std::vector<double> scale = load_all<double>(c.input(3));
  const std::vector<double> bias = c.has(2) ? load_all<double>(c.input(2)) : std::vector<double>{0};
  std::vector<double> values(sums.size());
  for (size_t i = 0; i < sums.size(); ++i) {
    const size_t filter = i / static_cast<size_t>(inner) % filters;
    values[i] = sums[i] * scale[filter % scale.size()] + bias[filter % bias.size()];
  }
  return store_quantized(c, values, 4, y);
}

Status store_quantized(EvalContext& c, std::vector<double>& values, size_t first, const TensorView& y) {
  const std::string text = c.attrs.get_string("epilogue");
  if (!text.empty()) return run_quantized(c, text, &values, first, y);
  store_rounded(values, y);
  return {};
}

Status run_quantized(EvalContext& c, const std::string& text, const std::vector<double>* values, size_t first,
                     const TensorView& y) {
  INGOT_ASSIGN_OR_RETURN(const PointwiseProgram program, PointwiseProgram::parse(text));
  std::vector<std::vector<double>> inputs;
  if (values != nullptr) inputs.push_back(*values);
  for (size_t i = first; i < c.inputs.size(); ++i) {
    const std::vector<double> own = load_all<double>(c.input(i));
    std::vector<double>& repeated = inputs.emplace_back();
    repeated.reserve(static_cast<size_t>(y.size()));
    for_each_broadcast<1>(y.dims, {broadcast_strides(c.input(i).dims, y.dims)},
                          [&](const auto& at) { repeated.push_back(own[static_cast<size_t>(at[0])]); });
  }
  INGOT_RETURN_IF_ERROR(program.validate(static_cast<int>(inputs.size())));
  std::vector<double> results(static_cast<size_t>(y.size())), x(inputs.size());
  for (size_t e = 0; e < results.size(); ++e) {
    for (size_t i = 0; i < x.size(); ++i) x[i] = inputs[i][e];
    results[e] = program.evaluate(x);
  }
  store_rounded(results, y);
  return {};
}

void set_quantized_tolerances(std::vector<OpCase>& cases) {
  for (OpCase& c : cases) {
    const DataType to = from_onnx_type_number(c.attrs.get_int("output_dtype")).value();
    const bool fp8 = c.inputs[0].type.dtype == DataType::kF8E4M3;
    c.rtol = to == DataType::kF8E4M3 ? 0.13 : fp8 ? 2e-3 : 1e-5;
    c.atol = to == DataType::kF8E4M3 ? 0.02 : fp8 ? 1e-2 : is_float(to) ? 1e-4 : 1;
  }
}

}  // namespace ingot::ops
