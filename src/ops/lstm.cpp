// LSTM: https://onnx.ai/onnx/operators/onnx__LSTM.html (version 22). Gates lie in the order input, output,
// forget, cell; peepholes in the order input, output, forget.
#include "ops/recurrent.h"

namespace ingot::ops {
namespace {

void step(const Direction& d, const double* x, double* h, double* c) {
  const int64_t n = d.hidden;
  std::vector<double> next(static_cast<size_t>(n));
  for (int64_t i = 0; i < n; ++i) {
    auto gate = [&](int64_t g) {
      return x[g * n + i] + d.recur(g * n + i, h) + d.r_bias[static_cast<size_t>(g * n + i)];
    };
    auto peephole = [&](int64_t g) { return d.peepholes[static_cast<size_t>(g * n + i)]; };
    const double input = d.activate(0, gate(0) + peephole(0) * c[i]);
    const double forget = d.coupled_forget ? 1 - input : d.activate(0, gate(2) + peephole(2) * c[i]);
    c[i] = forget * c[i] + input * d.activate(1, gate(3));
    next[static_cast<size_t>(i)] = d.activate(0, gate(1) + peephole(1) * c[i]) * d.activate(2, c[i]);
  }
  std::copy(next.begin(), next.end(), h);
}

const Cell& cell() {
  static const Cell c{4, {"Sigmoid", "Tanh", "Tanh"}, true, step};
  return c;
}

Status infer(InferContext& c) { return infer_recurrent(c, cell()); }
Status eval(EvalContext& c) { return eval_recurrent(c, cell(), infer); }

std::vector<OpCase> cases() {
  std::vector<OpCase> all = recurrent_cases(cell());
  OpCase peepholes = all[2];
  peepholes.name = "peepholes";
  peepholes.inputs.push_back(random_input({1, 12}));
  OpCase coupled = all[1];
  coupled.name = "coupled";
  coupled.attrs.set("input_forget", int64_t{1});
  all.push_back(std::move(peepholes));
  all.push_back(std::move(coupled));
  return all;
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_LSTM() {
  static const OpDef op{"LSTM",     3,         8,
                        1,          3,         ops::recurrent_attrs({optional<int64_t>("input_forget", 0)}),
                        ops::infer, ops::eval, ops::recurrent_cost};
  return op;
}

std::vector<OpCase> cases_LSTM() { return ops::cases(); }

}  // namespace ingot
