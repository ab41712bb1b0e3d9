// What LSTM, GRU and RNN share: attributes, shapes, activations, the walk over directions, batch and time.
#pragma once

#include "ops/common.h"

namespace ingot::ops {

/// One of ONNX's named activations with its parameters.
struct Activation {
  enum Kind {
    kAffine,
    kElu,
    kHardSigmoid,
    kLeakyRelu,
    kRelu,
    kScaledTanh,
    kSigmoid,
    kSoftplus,
    kSoftsign,
    kTanh,
    kThresholdedRelu
  };
  Kind kind = kTanh;
  double alpha = 0, beta = 0;
  double operator()(double x) const;
};

/// The inputs in ONNX's order; only LSTM has the last two.
enum RecurrentInput : size_t { kRecX, kRecW, kRecR, kRecB, kRecLengths, kRecH, kRecC, kRecP };

/// One direction of a layer, as doubles. Matrices are [gates * hidden, columns].
struct Direction {
  int64_t hidden, gates;
  std::vector<double> w, r, w_bias, r_bias, peepholes;
  std::vector<Activation> activations;
  double clip;
  bool coupled_forget, linear_before_reset;

  /// Activation k of a clipped value.
  double activate(size_t k, double x) const;
  /// Row `row` of R times h.
  double recur(int64_t row, const double* h) const;
};

/// A kind of cell: the number of gates, activations by default, and one step of one sequence.
struct Cell {
  int64_t gates;
  std::vector<std::string> activations;
  bool has_cell_state;
  /// `x` holds W x + its bias for all gates; h (and c) hold the state, and get the next one.
  void (*step)(const Direction& d, const double* x, double* h, double* c);
};

std::vector<AttrSpec> recurrent_attrs(std::vector<AttrSpec> more = {});
Status infer_recurrent(InferContext& c, const Cell& cell);
Status eval_recurrent(EvalContext& c, const Cell& cell, InferFn infer);
Cost recurrent_cost(const CostContext& c);
/// Cases with sizes that the cell's gates give; `more` is added to each.
std::vector<OpCase> recurrent_cases(const Cell& cell, const Attrs& more = {});

}  // namespace ingot::ops
