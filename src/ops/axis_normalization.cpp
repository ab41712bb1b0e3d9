// Normalisations without parameters: LpNormalization, MeanVarianceNormalization, LRN.
// https://onnx.ai/onnx/operators/onnx__LpNormalization.html, onnx__MeanVarianceNormalization.html,
// onnx__LRN.html
#include "ops/normalize.h"

namespace ingot::ops {
namespace {

Status infer_lp(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kFloats));
  if (const int64_t p = c.attrs.get_int("p", 2); p != 1 && p != 2)
    return invalid_argument("p is ", p, ", expected 1 or 2");
  if (c.type(0).ranked)
    INGOT_RETURN_IF_ERROR(normalize_axis(c.attrs.get_int("axis", -1), c.type(0).rank()).status());
  return infer_same(c);
}

Status eval_lp(EvalContext& c) {
  const TensorView& x = c.input(0);
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer_lp));
  INGOT_ASSIGN_OR_RETURN(const int axis, normalize_axis(c.attrs.get_int("axis", -1), x.rank()));
  const size_t a = static_cast<size_t>(axis);
  const int64_t outer = count_of(x.dims, 0, a), n = x.dims[a], inner = count_of(x.dims, a + 1, x.dims.size());
  const bool squares = c.attrs.get_int("p", 2) == 2;
  std::vector<double> values = load_all<double>(x);
  for (int64_t o = 0; o < outer; ++o) {
    for (int64_t i = 0; i < inner; ++i) {
      double* v = values.data() + o * n * inner + i;
      double sum = 0;
      for (int64_t k = 0; k < n; ++k) sum += squares ? v[k * inner] * v[k * inner] : std::fabs(v[k * inner]);
      const double norm = squares ? std::sqrt(sum) : sum;
      for (int64_t k = 0; k < n; ++k) v[k * inner] = norm == 0 ? 0 : v[k * inner] / norm;
    }
  }
  store(values.data(), y.size(), y, 0);
  return {};
}

Status infer_mean_variance(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kFloats));
  if (c.type(0).ranked)
    INGOT_RETURN_IF_ERROR(normalize_axes(c.attrs.get_ints("axes", {0, 2, 3}), c.type(0).rank()).status());
  return infer_same(c);
}

Status eval_mean_variance(EvalContext& c) {
  const TensorView& x = c.input(0);
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer_mean_variance));
  INGOT_ASSIGN_OR_RETURN(const auto axes, normalize_axes(c.attrs.get_ints("axes", {0, 2, 3}), x.rank()));
  Dims kept = x.dims;  // one group of elements for each index of the axes that stay
  for (int a : axes) kept[static_cast<size_t>(a)] = 1;
  std::vector<double> values = load_all<double>(x);
  const size_t groups = static_cast<size_t>(num_elements(kept));
  std::vector<double> mean(groups), variance(groups);
  const double count = static_cast<double>(values.size()) / static_cast<double>(groups);
  auto for_each = [&](auto&& fn) {
    size_t i = 0;
    for_each_broadcast<1>(x.dims, {broadcast_strides(kept, x.dims)},
                          [&](const auto& at) { fn(values[i++], static_cast<size_t>(at[0])); });
  };
  for_each([&](double v, size_t g) { mean[g] += v / count; });
  for_each([&](double v, size_t g) { variance[g] += (v - mean[g]) * (v - mean[g]) / count; });
  for_each([&](double& v, size_t g) { v = (v - mean[g]) / (std::sqrt(variance[g]) + 1e-9); });
  store(values.data(), y.size(), y, 0);
  return {};
}

Status infer_lrn(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kFloats));
  INGOT_RETURN_IF_ERROR(expect_rank(c, 0, 2, kVariadic));
  if (const int64_t size = c.attrs.get_int("size"); size < 1)
    return invalid_argument("size is ", size, ", expected at least 1");
  return infer_same(c);
}

Status eval_lrn(EvalContext& c) {
  const TensorView& x = c.input(0);
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer_lrn));
  const int64_t size = c.attrs.get_int("size"), channels = x.dims[1];
  const int64_t before = (size - 1) / 2, after = size / 2;  // neighbours on each side
  const double alpha = c.attrs.get_float("alpha", 1e-4f), beta = c.attrs.get_float("beta", 0.75f),
               bias = c.attrs.get_float("bias", 1);
  const int64_t plane = count_of(x.dims, 2, x.dims.size());
  const std::vector<double> source = load_all<double>(x);
  std::vector<double> result(source.size());
  for (int64_t i = 0; i < x.size(); ++i) {
    const int64_t k = i / plane % channels;
    double squares = 0;
    const int64_t last = after < channels - 1 - k ? k + after : channels - 1;
    for (int64_t q = std::max<int64_t>(k - before, 0); q <= last; ++q) {
      const double v = source[static_cast<size_t>(i + (q - k) * plane)];
      squares += v * v;
    }
    result[static_cast<size_t>(i)] =
        source[static_cast<size_t>(i)] / std::pow(bias + alpha / static_cast<double>(size) * squares, beta);
  }
  store(result.data(), y.size(), y, 0);
  return {};
}

std::vector<OpCase> lp_cases() {
  return {{"l2_last", {}, {random_input({3, 17})}},
          {"l1_inner", {{"axis", int64_t{1}}, {"p", int64_t{1}}}, {random_input({2, 5, 7})}}};
}

std::vector<OpCase> mean_variance_cases() {
  return {{"image", {}, {random_input({2, 3, 5, 7})}},
          {"one_axis", {{"axes", Ints{-1}}}, {random_input({4, 9})}}};
}

std::vector<OpCase> lrn_cases() {
  return {{"odd", {{"size", int64_t{5}}, {"alpha", 0.1f}}, {random_input({1, 9, 4, 5}, -3, 3)}},
          {"even",
           {{"size", int64_t{2}}, {"alpha", 0.5f}, {"beta", 0.5f}, {"bias", 2.0f}},
           {random_input({2, 4, 3, 3}, -3, 3)}}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_LpNormalization() {
  static const OpDef op{"LpNormalization",
                        1,
                        1,
                        1,
                        1,
                        {optional<int64_t>("axis", -1), optional<int64_t>("p", 2)},
                        ops::infer_lp,
                        ops::eval_lp,
                        ops::normalization_cost};
  return op;
}

std::vector<OpCase> cases_LpNormalization() { return ops::lp_cases(); }

const OpDef& op_MeanVarianceNormalization() {
  static const OpDef op{"MeanVarianceNormalization",
                        1,
                        1,
                        1,
                        1,
                        {optional<Ints>("axes", {0, 2, 3})},
                        ops::infer_mean_variance,
                        ops::eval_mean_variance,
                        ops::normalization_cost};
  return op;
}

std::vector<OpCase> cases_MeanVarianceNormalization() { return ops::mean_variance_cases(); }

const OpDef& op_LRN() {
  static const OpDef op{"LRN",
                        1,
                        1,
                        1,
                        1,
                        {optional<float>("alpha", 1e-4f), optional<float>("beta", 0.75f),
                         optional<float>("bias", 1), required<int64_t>("size")},
                        ops::infer_lrn,
                        ops::eval_lrn,
                        ops::normalization_cost};
  return op;
}

std::vector<OpCase> cases_LRN() { return ops::lrn_cases(); }

}  // namespace ingot
