// GRU: https://onnx.ai/onnx/operators/onnx__GRU.html (version 22). Gates lie in the order update, reset,
// hidden.
#include "ops/recurrent.h"

namespace ingot::ops {
namespace {

void step(const Direction& d, const double* x, double* h, double*) {
  const int64_t n = d.hidden;
  std::vector<double> update(static_cast<size_t>(n)), reset(update), gated(update), next(update);
  for (int64_t i = 0; i < n; ++i) {
    auto gate = [&](int64_t g) {
      return d.activate(0, x[g * n + i] + d.recur(g * n + i, h) + d.r_bias[static_cast<size_t>(g * n + i)]);
    };
    const size_t k = static_cast<size_t>(i);
    update[k] = gate(0);
    reset[k] = gate(1);
    gated[k] = reset[k] * h[i];
  }
  for (int64_t i = 0; i < n; ++i) {
    const int64_t row = 2 * n + i;
    const size_t k = static_cast<size_t>(i);
    const double bias = d.r_bias[static_cast<size_t>(row)];
    const double recurrent =
        d.linear_before_reset ? reset[k] * (d.recur(row, h) + bias) : d.recur(row, gated.data()) + bias;
    next[k] = (1 - update[k]) * d.activate(1, x[row] + recurrent) + update[k] * h[i];
  }
  std::copy(next.begin(), next.end(), h);
}

const Cell& cell() {
  static const Cell c{3, {"Sigmoid", "Tanh"}, false, step};
  return c;
}

Status infer(InferContext& c) { return infer_recurrent(c, cell()); }
Status eval(EvalContext& c) { return eval_recurrent(c, cell(), infer); }

std::vector<OpCase> cases() {
  std::vector<OpCase> all = recurrent_cases(cell()),
                      linear = recurrent_cases(cell(), {{"linear_before_reset", int64_t{1}}});
  for (OpCase& one : linear) {
    one.name += "_linear_before_reset";
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_GRU() {
  static const OpDef op{
      "GRU",      3,         6,
      1,          2,         ops::recurrent_attrs({optional<int64_t>("linear_before_reset", 0)}),
      ops::infer, ops::eval, ops::recurrent_cost};
  return op;
}

std::vector<OpCase> cases_GRU() { return ops::cases(); }

}  // namespace ingot
