// HannWindow, HammingWindow, BlackmanWindow: https://onnx.ai/onnx/operators/onnx__HannWindow.html (version
// 17) and MelWeightMatrix: https://onnx.ai/onnx/operators/onnx__MelWeightMatrix.html (version 17)
#include <array>
#include <cmath>
#include <numbers>

#include "ops/common.h"
#include "ops/wide.h"

namespace ingot::ops {
namespace {

// The type that attribute output_datatype names.
Result<DataType> result_type(const Attrs& attrs) {
  INGOT_ASSIGN_OR_RETURN(const DataType type, from_onnx_type_number(attrs.get_int("output_datatype", 1)));
  if (!contains(kNumbers, type))
    return invalid_argument("output_datatype is ", data_type_name(type), ", expected ", to_string(kNumbers));
  return type;
}

Status infer_window(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kIndices));
  INGOT_RETURN_IF_ERROR(expect_scalar(c, 0));
  INGOT_ASSIGN_OR_RETURN(const DataType type, result_type(c.attrs));
  const auto size = contents_of(c, 0);
  const Shape shape = {size && size->size() == 1 ? (*size)[0] : c.fresh_dim()};
  INGOT_RETURN_IF_ERROR(check_dims(shape));
  c.set(0, type, shape);
  return {};
}

// a0 - a1 cos(t) + a2 cos(2t), t once around over the window; a symmetric one ends where a periodic one would
// begin again.
Status eval_window(EvalContext& c, const std::array<double, 3>& a) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer_window));
  const int64_t n = y.size();
  const double period = static_cast<double>(c.attrs.get_int("periodic", 1) != 0 ? n : n - 1);
  std::vector<double> values(static_cast<size_t>(n));
  for (int64_t i = 0; i < n; ++i) {
    const double t = period == 0 ? 0 : 2 * std::numbers::pi * static_cast<double>(i) / period;
    values[static_cast<size_t>(i)] = a[0] - a[1] * std::cos(t) + a[2] * std::cos(2 * t);
  }
  store(values.data(), n, y, 0);
  return {};
}

Status eval_hann(EvalContext& c) { return eval_window(c, {0.5, 0.5, 0}); }
Status eval_hamming(EvalContext& c) { return eval_window(c, {25.0 / 46, 21.0 / 46, 0}); }
Status eval_blackman(EvalContext& c) { return eval_window(c, {0.42, 0.5, 0.08}); }

Status infer_mel(InferContext& c) {
  for (size_t i = 0; i < 3; ++i) INGOT_RETURN_IF_ERROR(expect_type(c, i, kIndices));
  for (size_t i = 3; i < 5; ++i) INGOT_RETURN_IF_ERROR(expect_type(c, i, kFloats));
  for (size_t i = 0; i < 5; ++i) INGOT_RETURN_IF_ERROR(expect_scalar(c, i));
  INGOT_ASSIGN_OR_RETURN(const DataType type, result_type(c.attrs));
  const auto bins = known_int(c, 0), length = known_int(c, 1);
  if ((bins && *bins < 0) || (length && *length < 0))
    return invalid_argument("num_mel_bins is ", bins.value_or(0), " and dft_length ", length.value_or(0),
                            ", expected sizes");
  c.set(0, type, {length ? Dim(*length / 2 + 1) : c.fresh_dim(), bins ? Dim(*bins) : c.fresh_dim()});
  return {};
}

// Triangles over the spectrum whose corners are evenly spaced in mels, each reaching to its neighbours'
// middle.
Status eval_mel(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer_mel));
  const int64_t rows = y.dims[0], bins = y.dims[1];
  auto integer = [&](size_t i) { return load_all<int64_t>(c.input(i))[0]; };
  auto mel = [&](size_t i) { return 2595 * std::log10(1 + load_all<double>(c.input(i))[0] / 700); };
  const double low = mel(3), step = (mel(4) - low) / static_cast<double>(bins + 2);
  const int64_t rate = integer(2);
  if (rate <= 0) return invalid_argument("sample_rate is ", rate, ", expected a positive number");
  auto corner = [&](int64_t i) {
    const double hertz = 700 * (std::pow(10.0, (low + step * static_cast<double>(i)) / 2595) - 1);
    return static_cast<int64_t>(
        std::floor(static_cast<double>(integer(1) + 1) * hertz / static_cast<double>(rate)));
  };
  std::vector<double> values(static_cast<size_t>(y.size()), 0.0);
  auto set = [&](int64_t row, int64_t bin, double value) {
    if (row >= 0 && row < rows) values[static_cast<size_t>(row * bins + bin)] = value;
  };
  for (int64_t bin = 0; bin < bins; ++bin) {
    const int64_t begin = corner(bin), peak = corner(bin + 1), end = corner(bin + 2);
    if (begin == peak) set(peak, bin, 1);
    for (int64_t row = begin; row <= peak && begin < peak; ++row)
      set(row, bin, static_cast<double>(row - begin) / static_cast<double>(peak - begin));
    for (int64_t row = peak; row < end; ++row)
      set(row, bin, static_cast<double>(end - row) / static_cast<double>(end - peak));
  }
  store(values.data(), y.size(), y, 0);
  return {};
}

std::vector<OpCase> window_cases() {
  return {{"periodic", {}, {int_input(9)}},
          {"symmetric", {{"periodic", int64_t{0}}}, {int_input(8)}},
          {"one", {{"periodic", int64_t{0}}}, {int_input(1)}},
          {"f64", {{"output_datatype", int64_t{11}}}, {int_input(5)}}};
}

OpDef window_op(std::string_view name, EvalFn eval) {
  return {name,
          1,
          1,
          1,
          1,
          {optional<int64_t>("output_datatype", 1), optional<int64_t>("periodic", 1)},
          infer_window,
          eval,
          nullptr};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_HannWindow() {
  static const OpDef op = ops::window_op("HannWindow", ops::eval_hann);
  return op;
}
const OpDef& op_HammingWindow() {
  static const OpDef op = ops::window_op("HammingWindow", ops::eval_hamming);
  return op;
}
const OpDef& op_BlackmanWindow() {
  static const OpDef op = ops::window_op("BlackmanWindow", ops::eval_blackman);
  return op;
}
const OpDef& op_MelWeightMatrix() {
  static const OpDef op{
      "MelWeightMatrix", 5,      5, 1, 1, {optional<int64_t>("output_datatype", 1)}, ops::infer_mel,
      ops::eval_mel,     nullptr};
  return op;
}

std::vector<OpCase> cases_HannWindow() { return ops::window_cases(); }
std::vector<OpCase> cases_HammingWindow() { return ops::window_cases(); }
std::vector<OpCase> cases_BlackmanWindow() { return ops::window_cases(); }
std::vector<OpCase> cases_MelWeightMatrix() {
  using namespace ops;
  return {{"speech", {}, {int_input(8), int_input(16), int_input(8192), float_input(0), float_input(4096)}}};
}

}  // namespace ingot
