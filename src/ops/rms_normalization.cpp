// RMSNormalization: X / sqrt(mean(X^2) + epsilon) * scale over the axes from `axis` on.
// https://onnx.ai/onnx/operators/onnx__RMSNormalization.html (version 23)
#include "ops/normalize.h"

namespace ingot::ops {
namespace {

Status infer(InferContext& c) {
  for (size_t i = 0; i < 2; ++i) INGOT_RETURN_IF_ERROR(expect_type(c, i, kFloats));
  const TensorType& x = c.type(0);
  c.outputs[0].type = x;
  c.outputs[0].type.dtype = c.type(1).dtype;
  if (!x.ranked) return {};
  INGOT_ASSIGN_OR_RETURN(const int axis, normalize_axis(c.attrs.get_int("axis", -1), x.rank()));
  return expect_broadcasts_to(c, 1, {x.shape.begin() + axis, x.shape.end()});
}

Status eval(EvalContext& c) {
  const TensorView& x = c.input(0);
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer));
  INGOT_ASSIGN_OR_RETURN(const int axis, normalize_axis(c.attrs.get_int("axis", -1), x.rank()));
  const std::vector<double> scale = load_broadcast(c, 1, {x.dims.begin() + axis, x.dims.end()}, 1);
  const double epsilon = c.attrs.get_float("epsilon", 1e-5f);
  std::vector<double> values = load_all<double>(x);
  for (size_t first = 0; first < values.size(); first += scale.size()) {
    double squares = 0;
    for (size_t i = 0; i < scale.size(); ++i) squares += values[first + i] * values[first + i];
    const double factor = 1 / std::sqrt(squares / static_cast<double>(scale.size()) + epsilon);
    for (size_t i = 0; i < scale.size(); ++i) values[first + i] *= factor * scale[i];
  }
  store(values.data(), y.size(), y, 0);
  return {};
}

std::vector<OpCase> cases() {
  return {{"last_axis", {}, {random_input({2, 5, 33}), random_input({33})}},
          {"two_axes",
           {{"axis", int64_t{-2}}, {"epsilon", 1e-2f}},
           {random_input({3, 4, 5}), random_input({4, 5})}}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_RMSNormalization() {
  static const OpDef op{
      "RMSNormalization",
      2,
      2,
      1,
      1,
      {optional<int64_t>("axis", -1), optional<float>("epsilon", 1e-5f), optional<int64_t>("stash_type", 1)},
      ops::infer,
      ops::eval,
      ops::normalization_cost};
  return op;
}

std::vector<OpCase> cases_RMSNormalization() { return ops::cases(); }

}  // namespace ingot
