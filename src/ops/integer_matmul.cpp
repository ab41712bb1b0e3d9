// MatMulInteger (8-bit in, i32 out) and QLinearMatMul (8-bit in and out, with scales):
// https://onnx.ai/onnx/operators/onnx__MatMulInteger.html (version 10), onnx__QLinearMatMul.html (version 21)
#include "ops/quantization.h"
#include "ops/wide.h"

namespace ingot::ops {
namespace {

// Shapes of a product as numpy.matmul has it: a vector on the left is a row, on the right a column, and the
// dimension that this adds is not in the result.
template <class S>
struct Product {
  S a, b;      // of rank 2 at least
  S batch, y;  // y as the op gives it
};

template <class S>
Result<Product<S>> product(S a, S b) {
  if (a.empty() || b.empty()) return invalid_argument("got a scalar, expected vectors or matrices");
  const bool row = a.size() == 1, column = b.size() == 1;
  if (row) a.insert(a.begin(), 1);
  if (column) b.push_back(1);
  Product<S> p{a, b, {}, {}};
  INGOT_ASSIGN_OR_RETURN(p.batch, broadcast(S(a.begin(), a.end() - 2), S(b.begin(), b.end() - 2)));
  p.y = p.batch;
  if (!row) p.y.push_back(a[a.size() - 2]);
  if (!column) p.y.push_back(b.back());
  return p;
}

Status infer_product(InferContext& c, size_t b, DataType type) {
  if (!c.type(0).ranked || !c.type(b).ranked) {
    c.set_unranked(0, type);
    return {};
  }
  INGOT_ASSIGN_OR_RETURN(auto p, product(c.shape(0), c.shape(b)));
  const Dim &k = p.a.back(), &kb = p.b[p.b.size() - 2];
  if (k.is_const() && kb.is_const() && k != kb)
    return invalid_argument("A of shape ", to_string(c.shape(0)), " and B of shape ", to_string(c.shape(b)),
                            " do not multiply");
  c.set(0, type, std::move(p.y));
  return {};
}

// Scales or zero points of A (one value, or one per row) or B (one value, or one per column), as an operand
// that broadcasts to the matrices.
Result<std::vector<double>> spread(const TensorView* v, const Dims& matrices, bool per_row, double fallback) {
  std::vector<double> out(static_cast<size_t>(num_elements(matrices)), fallback);
  if (v == nullptr) return out;
  Dims dims = v->dims;
  if (dims.size() == 1 && per_row) dims.push_back(1);
  if (num_elements(dims) == 1) dims.clear();
  const auto together = broadcast(dims, matrices);
  if (!together.ok() || *together != matrices)
    return invalid_argument("scales or zero points of shape ", dims_to_string(v->dims), " do not fit ",
                            dims_to_string(matrices));
  const std::vector<double> values = load_all<double>(*v);
  size_t i = 0;
  for_each_broadcast<1>(matrices, {broadcast_strides(dims, matrices)},
                        [&](const auto& at) { out[i++] = values[static_cast<size_t>(at[0])]; });
  return out;
}

// (x - zero) * scale, elementwise.
Result<std::vector<double>> dequantized(const TensorView& x, const Dims& dims, bool per_row,
                                        const TensorView* zero, const TensorView* scale) {
  std::vector<double> values = load_all<double>(x);
  INGOT_ASSIGN_OR_RETURN(const auto z, spread(zero, dims, per_row, 0));
  INGOT_ASSIGN_OR_RETURN(const auto s, spread(scale, dims, per_row, 1));
  for (size_t i = 0; i < values.size(); ++i) values[i] = (values[i] - z[i]) * s[i];
  return values;
}

std::vector<double> multiply(const Product<Dims>& p, const std::vector<double>& a,
                             const std::vector<double>& b) {
  const int64_t m = p.a[p.a.size() - 2], k = p.a.back(), n = p.b.back();
  std::vector<double> y;
  for_each_broadcast<2>(p.batch,
                        {broadcast_strides({p.a.begin(), p.a.end() - 2}, p.batch),
                         broadcast_strides({p.b.begin(), p.b.end() - 2}, p.batch)},
                        [&](const auto& at) {
                          const double *left = a.data() + at[0] * m * k, *right = b.data() + at[1] * k * n;
                          for (int64_t i = 0; i < m; ++i) {
                            for (int64_t j = 0; j < n; ++j) {
                              double sum = 0;
                              for (int64_t q = 0; q < k; ++q) sum += left[i * k + q] * right[q * n + j];
                              y.push_back(sum);
                            }
                          }
                        });
  return y;
}

Status infer_integer(InferContext& c) {
  for (size_t i = 0; i < 4; ++i) INGOT_RETURN_IF_ERROR(expect_type(c, i, kBytes));
  INGOT_RETURN_IF_ERROR(expect_same_type(c, 0, 2));
  INGOT_RETURN_IF_ERROR(expect_same_type(c, 1, 3));
  return infer_product(c, 1, DataType::kI32);
}

Status eval_integer(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer_integer));
  INGOT_ASSIGN_OR_RETURN(const auto p, product(c.input(0).dims, c.input(1).dims));
  auto zero = [&](size_t i) { return c.has(i) ? c.inputs[i] : nullptr; };
  INGOT_ASSIGN_OR_RETURN(const auto a, dequantized(c.input(0), p.a, true, zero(2), nullptr));
  INGOT_ASSIGN_OR_RETURN(const auto b, dequantized(c.input(1), p.b, false, zero(3), nullptr));
  const std::vector<double> sums = multiply(p, a, b);
  store(sums.data(), y.size(), y, 0);
  return {};
}

enum QInput : size_t { kA, kAScale, kAZero, kB, kBScale, kBZero, kYScale, kYZero };
constexpr TypeSet kQuantizedMatrix = kBytes | kNarrow;

Status infer_qlinear(InferContext& c) {
  for (size_t i : {kA, kB, kYZero}) INGOT_RETURN_IF_ERROR(expect_type(c, i, kQuantizedMatrix));
  for (size_t i : {kAScale, kBScale, kYScale}) INGOT_RETURN_IF_ERROR(expect_type(c, i, kFloats));
  INGOT_RETURN_IF_ERROR(expect_same_type(c, kA, kAZero));
  INGOT_RETURN_IF_ERROR(expect_same_type(c, kB, kBZero));
  return infer_product(c, kB, c.type(kYZero).dtype);
}

Status eval_qlinear(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer_qlinear));
  INGOT_ASSIGN_OR_RETURN(const auto p, product(c.input(kA).dims, c.input(kB).dims));
  INGOT_ASSIGN_OR_RETURN(const auto a,
                         dequantized(c.input(kA), p.a, true, c.inputs[kAZero], c.inputs[kAScale]));
  INGOT_ASSIGN_OR_RETURN(const auto b,
                         dequantized(c.input(kB), p.b, false, c.inputs[kBZero], c.inputs[kBScale]));
  INGOT_ASSIGN_OR_RETURN(const auto scale, spread(c.inputs[kYScale], y.dims, true, 1));
  INGOT_ASSIGN_OR_RETURN(const auto zero, spread(c.inputs[kYZero], y.dims, true, 0));
  std::vector<double> values = multiply(p, a, b);
  for (size_t i = 0; i < values.size(); ++i) values[i] = quantize(values[i] / scale[i], zero[i], y.dtype);
  store(values.data(), y.size(), y, 0);
  return {};
}

Cost cost(const CostContext& c) {
  const double k = c.inputs[0].rank() == 0 ? 0 : static_cast<double>(c.inputs[0].dims.back());
  Cost total{2 * k * static_cast<double>(c.outputs[0].size()), static_cast<double>(c.outputs[0].bytes())};
  for (const TensorView& v : c.inputs) total.bytes += static_cast<double>(v.bytes());
  return total;
}

CaseInput bytes(Dims dims, DataType type) {
  const QuantizedRange range = quantized_range(type);
  return random_input(std::move(dims), range.low, range.high, type);
}

std::vector<OpCase> integer_cases() {
  const DataType u8 = DataType::kU8, i8 = DataType::kI8;
  return {
      {"u8_i8", {}, {bytes({5, 17}, u8), bytes({17, 9}, i8)}},
      {"zero_points", {}, {bytes({5, 17}, u8), bytes({17, 9}, u8), bytes({}, u8), bytes({}, u8)}},
      {"per_row_and_column", {}, {bytes({2, 5, 8}, u8), bytes({8, 9}, i8), bytes({5}, u8), bytes({9}, i8)}},
      {"vector", {}, {bytes({8}, i8), bytes({3, 8, 4}, i8)}}};
}

std::vector<OpCase> qlinear_cases() {
  const DataType u8 = DataType::kU8, i8 = DataType::kI8;
  auto scale = [](Dims dims, double value) { return random_input(std::move(dims), value, 2 * value); };
  return {{"u8",
           {},
           {bytes({3, 17}, u8), scale({}, 0.01), bytes({}, u8), bytes({17, 9}, u8), scale({}, 0.01),
            bytes({}, u8), scale({}, 0.02), bytes({}, u8)}},
          {"i8_per_column",
           {},
           {bytes({2, 3, 17}, i8), scale({}, 0.01), bytes({}, i8), bytes({17, 9}, i8), scale({9}, 0.01),
            bytes({9}, i8), scale({}, 0.02), bytes({}, i8)}}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_MatMulInteger() {
  static const OpDef op{"MatMulInteger", 2, 4, 1, 1, {}, ops::infer_integer, ops::eval_integer, ops::cost};
  return op;
}

std::vector<OpCase> cases_MatMulInteger() { return ops::integer_cases(); }

const OpDef& op_QLinearMatMul() {
  static const OpDef op{"QLinearMatMul", 8, 8, 1, 1, {}, ops::infer_qlinear, ops::eval_qlinear, ops::cost};
  return op;
}

std::vector<OpCase> cases_QLinearMatMul() { return ops::qlinear_cases(); }

}  // namespace ingot
