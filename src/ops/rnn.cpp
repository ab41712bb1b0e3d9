// RNN: the simple recurrent layer, https://onnx.ai/onnx/operators/onnx__RNN.html (version 22)
#include "ops/recurrent.h"

namespace ingot::ops {
namespace {

void step(const Direction& d, const double* x, double* h, double*) {
  std::vector<double> next(static_cast<size_t>(d.hidden));
  for (int64_t i = 0; i < d.hidden; ++i)
    next[static_cast<size_t>(i)] = d.activate(0, x[i] + d.recur(i, h) + d.r_bias[static_cast<size_t>(i)]);
  std::copy(next.begin(), next.end(), h);
}

const Cell& cell() {
  static const Cell c{1, {"Tanh"}, false, step};
  return c;
}

Status infer(InferContext& c) { return infer_recurrent(c, cell()); }
Status eval(EvalContext& c) { return eval_recurrent(c, cell(), infer); }

std::vector<OpCase> cases() {
  std::vector<OpCase> all = recurrent_cases(cell());
  OpCase leaky = all[1];
  leaky.name = "leaky_relu";
  leaky.attrs.set("activations", Strings{"LeakyRelu"});
  leaky.attrs.set("activation_alpha", Floats{0.25f});
  all.push_back(std::move(leaky));
  return all;
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_RNN() {
  static const OpDef op{
      "RNN", 3, 6, 1, 2, ops::recurrent_attrs(), ops::infer, ops::eval, ops::recurrent_cost};
  return op;
}

std::vector<OpCase> cases_RNN() { return ops::cases(); }

}  // namespace ingot
