// LayerNormalization: over the axes from `axis` on,
// https://onnx.ai/onnx/operators/onnx__LayerNormalization.html (version 17). SkipLayerNormalization, which
// fusion makes: LayerNormalization of Sum = X + Skip, and Sum itself.
#include "ops/normalize.h"

namespace ingot::ops {
namespace {

Result<size_t> first_axis(const Attrs& attrs, size_t rank) {
  INGOT_ASSIGN_OR_RETURN(const int axis, normalize_axis(attrs.get_int("axis", -1), static_cast<int>(rank)));
  return static_cast<size_t>(axis);
}

// `first` is the index of Scale; B follows it.
Status infer_normalized(InferContext& c, size_t first) {
  for (size_t i = 0; i < first + 2; ++i) INGOT_RETURN_IF_ERROR(expect_type(c, i, kFloats));
  const TensorType& x = c.type(0);
  c.outputs[0].type = x;
  if (!x.ranked) return {};
  INGOT_ASSIGN_OR_RETURN(const size_t axis, first_axis(c.attrs, x.shape.size()));
  const Shape row(x.shape.begin() + static_cast<int64_t>(axis), x.shape.end());
  INGOT_RETURN_IF_ERROR(expect_broadcasts_to(c, first, row));
  return expect_broadcasts_to(c, first + 1, row);
}

Status infer_layer(InferContext& c) {
  INGOT_RETURN_IF_ERROR(infer_normalized(c, 1));
  const TensorType& x = c.type(0);
  INGOT_ASSIGN_OR_RETURN(const DataType type, from_onnx_type_number(c.attrs.get_int("stash_type", 1)));
  if (!contains(kFloats, type)) return invalid_argument("stash_type is ", data_type_name(type));
  for (size_t i = 1; i < c.outputs.size(); ++i) {
    c.outputs[i].type = x;
    c.outputs[i].type.dtype = type;
    if (!x.ranked) continue;
    INGOT_ASSIGN_OR_RETURN(const size_t axis, first_axis(c.attrs, x.shape.size()));
    std::fill(c.outputs[i].type.shape.begin() + static_cast<int64_t>(axis), c.outputs[i].type.shape.end(),
              Dim(1));
  }
  return {};
}

// Normalises `x` in place, row by row; the statistics go to `rows` where that is wanted.
Status normalize_rows(const EvalContext& c, const Dims& dims, size_t first, std::vector<double>& x,
                      std::vector<RowStatistics>* rows) {
  INGOT_ASSIGN_OR_RETURN(const size_t axis, first_axis(c.attrs, dims.size()));
  const Dims row(dims.begin() + static_cast<int64_t>(axis), dims.end());
  const std::vector<double> scale = load_broadcast(c, first, row, 1),
                            shift = load_broadcast(c, first + 1, row, 0);
  const double epsilon = c.attrs.get_float("epsilon", 1e-5f);
  const size_t n = scale.size();
  for (int64_t r = 0; r < count_of(dims, 0, axis); ++r) {
    double* values = x.data() + static_cast<size_t>(r) * n;
    const RowStatistics s = row_statistics(values, static_cast<int64_t>(n), epsilon);
    for (size_t i = 0; i < n; ++i)
      values[i] = (values[i] - s.mean) * s.inverse_deviation * scale[i] + shift[i];
    if (rows != nullptr) rows->push_back(s);
  }
  return {};
}

Status eval_layer(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const auto types, infer_concrete(c, infer_layer));
  std::vector<double> values = load_all<double>(c.input(0));
  std::vector<RowStatistics> rows;
  INGOT_RETURN_IF_ERROR(normalize_rows(c, c.input(0).dims, 1, values, &rows));
  for (size_t i = 0; i < c.num_outputs; ++i) {
    INGOT_ASSIGN_OR_RETURN(const TensorView y, c.output(i, types[i].dtype, types[i].dims));
    if (i > 0) {
      values.clear();
      for (const RowStatistics& s : rows) values.push_back(i == 1 ? s.mean : s.inverse_deviation);
    }
    store(values.data(), y.size(), y, 0);
  }
  return {};
}

Status infer_skip(InferContext& c) {
  INGOT_RETURN_IF_ERROR(infer_normalized(c, 2));
  INGOT_RETURN_IF_ERROR(expect_same_type(c, 0, 1));
  if (c.type(0).ranked) INGOT_RETURN_IF_ERROR(expect_broadcasts_to(c, 1, c.shape(0)));
  for (InferOutput& out : c.outputs) out.type = c.type(0);
  return {};
}

Status eval_skip(EvalContext& c) {
  const TensorView& x = c.input(0);
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer_skip));
  std::vector<double> values = load_all<double>(x);
  const std::vector<double> skip = load_broadcast(c, 1, x.dims, 0);
  for (size_t i = 0; i < values.size(); ++i) values[i] += skip[i];
  if (c.num_outputs > 1) {
    INGOT_ASSIGN_OR_RETURN(const TensorView sum, c.output(1, x.dtype, x.dims));
    store(values.data(), sum.size(), sum, 0);
  }
  INGOT_RETURN_IF_ERROR(normalize_rows(c, x.dims, 2, values, nullptr));
  store(values.data(), y.size(), y, 0);
  return {};
}

std::vector<OpCase> layer_cases() {
  return {{"last_axis", {}, {random_input({2, 5, 33}), random_input({33}), random_input({33})}},
          {"no_bias", {{"epsilon", 1e-2f}}, {random_input({7, 16}), random_input({16})}},
          {"two_axes",
           {{"axis", int64_t{1}}},
           {random_input({3, 4, 5}), random_input({4, 5}), random_input({5})}},
          {"statistics", {}, {random_input({3, 8}, 2, 3), random_input({8}), random_input({8})}, 3}};
}

std::vector<OpCase> skip_cases() {
  return {{"sum_wanted",
           {},
           {random_input({2, 5, 33}), random_input({2, 5, 33}), random_input({33}), random_input({33})},
           2},
          {"sum_unwanted",
           {},
           {random_input({7, 16}), random_input({7, 16}), random_input({16}), random_input({16})}},
          {"broadcast_skip", {}, {random_input({2, 7, 16}), random_input({7, 16}), random_input({16})}, 2}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_LayerNormalization() {
  static const OpDef op{
      "LayerNormalization",
      2,
      3,
      1,
      3,
      {optional<int64_t>("axis", -1), optional<float>("epsilon", 1e-5f), optional<int64_t>("stash_type", 1)},
      ops::infer_layer,
      ops::eval_layer,
      ops::normalization_cost};
  return op;
}

std::vector<OpCase> cases_LayerNormalization() { return ops::layer_cases(); }

const OpDef& op_SkipLayerNormalization() {
  static const OpDef op{"SkipLayerNormalization",
                        3,
                        4,
                        1,
                        2,
                        {optional<int64_t>("axis", -1), optional<float>("epsilon", 1e-5f)},
                        ops::infer_skip,
                        ops::eval_skip,
                        ops::normalization_cost};
  return op;
}

std::vector<OpCase> cases_SkipLayerNormalization() { return ops::skip_cases(); }

}  // namespace ingot
