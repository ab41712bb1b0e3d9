// Clip: min(max(x, low), high), each bound an optional scalar.
#include <algorithm>

#include "ops/common.h"
#include "ops/wide.h"

namespace ingot::ops {
namespace {

Status infer(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kNumbers));
  for (size_t i : {1, 2}) {
    if (!c.has(i)) continue;
    INGOT_RETURN_IF_ERROR(expect_same_type(c, 0, i));
    if (!c.type(i).ranked) continue;
    const Dim count = num_elements(c.shape(i));
    if (count.is_const() && !count.is(1))
      return invalid_argument("bound ", i, " has shape ", to_string(c.shape(i)), ", expected a scalar");
  }
  return infer_same(c);
}

Status eval(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer));
  with_wide(y.dtype, [&](auto tag) {
    using W = typename decltype(tag)::type;
    auto values = load_all<W>(c.input(0));
    if (c.has(1)) {
      const W low = load_all<W>(c.input(1))[0];
      for (W& v : values) v = v < low ? low : v;  // NaN stays
    }
    if (c.has(2)) {
      const W high = load_all<W>(c.input(2))[0];
      for (W& v : values) v = v > high ? high : v;
    }
    store(values.data(), y.size(), y, 0);
  });
  return {};
}

std::vector<OpCase> cases() {
  return {{"both", {}, {random_input({3, 17}, -9, 9), float_input(-1), float_input(6)}},
          {"low", {}, {random_input({3, 17}, -9, 9), float_input(0)}},
          {"high", {}, {random_input({3, 17}, -9, 9), absent_input(), float_input(0.5f)}},
          {"none", {}, {random_input({5}, -9, 9)}}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_Clip() {
  static const OpDef op{"Clip", 1, 3, 1, 1, {}, ops::infer, ops::eval, nullptr};
  return op;
}

std::vector<OpCase> cases_Clip() { return ops::cases(); }

}  // namespace ingot
