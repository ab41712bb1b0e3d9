// LogSoftmax: x - max - log(sum(exp(x - max))) along an axis. Hardmax: 1 at the first maximum, 0 elsewhere.
#include <algorithm>
#include <cmath>

#include "ops/common.h"
#include "ops/strided.h"
#include "ops/wide.h"

namespace ingot::ops {
namespace {

Status infer(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kFloats));
  if (c.type(0).ranked)
    INGOT_RETURN_IF_ERROR(normalize_axis(c.attrs.get_int("axis", -1), c.type(0).rank()).status());
  return infer_same(c);
}

void log_softmax(double* v, int64_t n, int64_t step) {
  double peak = -INFINITY, sum = 0;
  for (int64_t k = 0; k < n; ++k) peak = std::max(peak, v[k * step]);
  for (int64_t k = 0; k < n; ++k) sum += std::exp(v[k * step] - peak);
  for (int64_t k = 0; k < n; ++k) v[k * step] -= peak + std::log(sum);
}

void hardmax(double* v, int64_t n, int64_t step) {
  int64_t best = 0;
  for (int64_t k = 1; k < n; ++k)
    if (v[k * step] > v[best * step]) best = k;
  for (int64_t k = 0; k < n; ++k) v[k * step] = k == best ? 1 : 0;
}

using LineFn = void (*)(double*, int64_t, int64_t);

template <LineFn kLine>
Status eval(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer));
  INGOT_ASSIGN_OR_RETURN(const int axis, normalize_axis(c.attrs.get_int("axis", -1), y.rank()));
  const AxisSplit s = split_at(y.dims, axis);
  auto values = load_all<double>(c.input(0));
  for (int64_t o = 0; s.n > 0 && o < s.outer; ++o)
    for (int64_t i = 0; i < s.inner; ++i) kLine(values.data() + o * s.n * s.inner + i, s.n, s.inner);
  store(values.data(), y.size(), y, 0);
  return {};
}

std::vector<OpCase> cases() {
  return {{"last_axis", {}, {random_input({3, 17}, -10, 10)}},
          {"inner_axis", {{"axis", int64_t{1}}}, {random_input({2, 5, 7}, -3, 3)}}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_LogSoftmax() {
  static const OpDef op{
      "LogSoftmax", 1, 1, 1, 1, {optional<int64_t>("axis", -1)}, ops::infer, ops::eval<ops::log_softmax>,
      nullptr};
  return op;
}

std::vector<OpCase> cases_LogSoftmax() { return ops::cases(); }

const OpDef& op_Hardmax() {
  static const OpDef op{
      "Hardmax", 1, 1, 1, 1, {optional<int64_t>("axis", -1)}, ops::infer, ops::eval<ops::hardmax>, nullptr};
  return op;
}

std::vector<OpCase> cases_Hardmax() { return ops::cases(); }

}  // namespace ingot
