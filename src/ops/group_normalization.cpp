// GroupNormalization and InstanceNormalization of X [N, C, ...], scale and bias of shape [C]:
// https://onnx.ai/onnx/operators/onnx__GroupNormalization.html (version 21), onnx__InstanceNormalization.html
// (22)
#include "ops/normalize.h"

namespace ingot::ops {
namespace {

// The channels of one group, where they are known.
Result<Dim> group_size(const Attrs& attrs, const Dim& channels) {
  const int64_t groups = attrs.get_int("num_groups");
  if (groups < 1 || (channels.is_const() && channels.value() % groups != 0))
    return invalid_argument("num_groups is ", groups, ", expected a divisor of the ", channels.to_string(),
                            " channels");
  return floor_div(channels, groups);
}

Status infer_instance(InferContext& c) {
  for (size_t i = 0; i < 3; ++i) INGOT_RETURN_IF_ERROR(expect_type(c, i, kFloats));
  INGOT_RETURN_IF_ERROR(expect_rank(c, 0, 3, kVariadic));
  if (c.type(0).ranked)
    for (size_t i = 1; i < 3; ++i) INGOT_RETURN_IF_ERROR(expect_channels(c, i, c.shape(0)[1]));
  return infer_same(c);
}

Status infer_group(InferContext& c) {
  if (c.type(0).ranked && c.type(0).rank() > 1)
    INGOT_RETURN_IF_ERROR(group_size(c.attrs, c.shape(0)[1]).status());
  return infer_instance(c);
}

Status normalize_groups(EvalContext& c, const TensorView& y, int64_t group_channels) {
  const TensorView& x = c.input(0);
  const int64_t channels = x.dims[1], plane = count_of(x.dims, 2, x.dims.size());
  const std::vector<double> scale = load_all<double>(c.input(1)), shift = load_all<double>(c.input(2));
  const double epsilon = c.attrs.get_float("epsilon", 1e-5f);
  const int64_t n = group_channels * plane;
  std::vector<double> values = load_all<double>(x);
  for (int64_t first = 0; first < x.size(); first += n) {
    const RowStatistics s = row_statistics(values.data() + first, n, epsilon);
    for (int64_t i = first; i < first + n; ++i) {
      const size_t k = static_cast<size_t>(i / plane % channels);
      double& v = values[static_cast<size_t>(i)];
      v = (v - s.mean) * s.inverse_deviation * scale[k] + shift[k];
    }
  }
  store(values.data(), y.size(), y, 0);
  return {};
}

Status eval_instance(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer_instance));
  return normalize_groups(c, y, 1);
}

Status eval_group(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer_group));
  INGOT_ASSIGN_OR_RETURN(const Dim size, group_size(c.attrs, c.input(0).dims[1]));
  return normalize_groups(c, y, size.value());
}

std::vector<OpCase> instance_cases() {
  return {
      {"image", {}, {random_input({2, 5, 6, 7}), random_input({5}), random_input({5})}},
      {"one_dim", {{"epsilon", 1e-2f}}, {random_input({1, 3, 17}), random_input({3}), random_input({3})}}};
}

std::vector<OpCase> group_cases() {
  return {{"image",
           {{"num_groups", int64_t{3}}},
           {random_input({2, 6, 5, 7}), random_input({6}), random_input({6})}},
          {"one_group",
           {{"num_groups", int64_t{1}}},
           {random_input({2, 4, 9}), random_input({4}), random_input({4})}}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_InstanceNormalization() {
  static const OpDef op{"InstanceNormalization",
                        3,
                        3,
                        1,
                        1,
                        {optional<float>("epsilon", 1e-5f)},
                        ops::infer_instance,
                        ops::eval_instance,
                        ops::normalization_cost};
  return op;
}

std::vector<OpCase> cases_InstanceNormalization() { return ops::instance_cases(); }

const OpDef& op_GroupNormalization() {
  static const OpDef op{"GroupNormalization",
                        3,
                        3,
                        1,
                        1,
                        {optional<float>("epsilon", 1e-5f), required<int64_t>("num_groups"),
                         optional<int64_t>("stash_type", 1)},
                        ops::infer_group,
                        ops::eval_group,
                        ops::normalization_cost};
  return op;
}

std::vector<OpCase> cases_GroupNormalization() { return ops::group_cases(); }

}  // namespace ingot
