// IsInf and IsNaN: tests of floating values.
#include <cmath>

#include "ops/common.h"
#include "ops/wide.h"

namespace ingot::ops {
namespace {

Status infer(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kFloats | kNarrow));
  c.outputs[0].type = c.type(0);
  c.outputs[0].type.dtype = DataType::kBool;
  return {};
}

template <class F>
Status test_elements(EvalContext& c, F&& test) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer));
  bool* dst = y.as<bool>();
  for (double v : load_all<double>(c.input(0))) *dst++ = test(v);
  return {};
}

Status eval_is_inf(EvalContext& c) {
  const bool negative = c.attrs.get_int("detect_negative", 1) != 0;
  const bool positive = c.attrs.get_int("detect_positive", 1) != 0;
  return test_elements(c, [&](double v) { return std::isinf(v) && (v < 0 ? negative : positive); });
}

Status eval_is_nan(EvalContext& c) {
  return test_elements(c, [](double v) { return std::isnan(v); });
}

const Floats kSpecial{1, -INFINITY, NAN, INFINITY, 0, -3};

std::vector<OpCase> cases_is_inf() {
  return {{"both", {}, {floats_input(kSpecial)}},
          {"positive", {{"detect_negative", int64_t{0}}}, {floats_input(kSpecial)}},
          {"negative", {{"detect_positive", int64_t{0}}}, {floats_input(kSpecial)}}};
}

std::vector<OpCase> cases_is_nan() { return {{"special", {}, {floats_input(kSpecial)}}}; }

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_IsInf() {
  static const OpDef op{
      "IsInf",    1,
      1,          1,
      1,          {optional<int64_t>("detect_negative", 1), optional<int64_t>("detect_positive", 1)},
      ops::infer, ops::eval_is_inf,
      nullptr};
  return op;
}

std::vector<OpCase> cases_IsInf() { return ops::cases_is_inf(); }

const OpDef& op_IsNaN() {
  static const OpDef op{"IsNaN", 1, 1, 1, 1, {}, ops::infer, ops::eval_is_nan, nullptr};
  return op;
}

std::vector<OpCase> cases_IsNaN() { return ops::cases_is_nan(); }

}  // namespace ingot
