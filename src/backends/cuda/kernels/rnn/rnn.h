// LSTM, GRU and RNN with their default activations, one step of all directions at a time.
#pragma once

#include "backends/cuda/kernels/kernel_spec.h"

namespace ingot::cuda {

enum class Cell { kLstm, kGru, kTanh, kRelu };
inline int64_t gates_of(Cell cell) { return cell == Cell::kLstm ? 4 : cell == Cell::kGru ? 3 : 1; }

/// Weights as ONNX has them: R [directions, gates * hidden, hidden], biases [directions, 2 * gates * hidden].
struct RnnProblem {
  DataType type;
  Cell cell;
  int64_t steps, batch, hidden, directions = 1;
  bool reverse = false, batch_first = false;
  bool coupled = false;              // the forget gate of an LSTM is 1 - input gate
  bool reset_after_product = false;  // of a GRU: ONNX's linear_before_reset
  float clip = 0;
  bool has_bias = false, has_lengths = false, has_h = false, has_c = false, has_peepholes = false;

  /// A GRU that resets the state before the product takes two launches for a step.
  int phases() const { return cell == Cell::kGru && !reset_after_product ? 2 : 1; }
  int64_t states() const { return directions * batch * hidden; }
};
/// Arguments: products of x and W (f32, [time and sequence, directions * gates * hidden]), R, bias, lengths
/// (i32), h, c, peepholes, y, last h, last c, then memory of its own (f32): twice the states for h, once for
/// c, twice for what a first phase leaves. What is not given or wanted is null. Baked in: everything but
/// sizes and `step`.
Result<KernelSpec> rnn_step_kernel(const RnnProblem& problem, int64_t step, int phase);

}  // namespace ingot::cuda
