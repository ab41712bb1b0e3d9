// The formulas of recurrent cells on one block of units, compiled per ISA.
#include "backends/cpu/kernels/rnn/rnn.h"
#include "backends/cpu/kernels/simd/math.h"

namespace ingot::cpu::INGOT_ISA {
namespace {

void lstm(const RnnStep& s) {
  for (int64_t r = 0; r < s.rows; ++r) {
    const float *x = s.x + r * s.x_row, *sum = s.sum + r * 4 * kLanes;
    float* c = s.c + r * s.state_row;
    VecF gate[4], cell = load(c);
#pragma GCC unroll 4
    for (int g = 0; g < 4; ++g) gate[g] = load(x + g * kLanes) + load(sum + g * kLanes);
    if (s.peepholes) {
      gate[0] += load(s.peepholes) * cell;
      gate[2] += load(s.peepholes + 2 * kLanes) * cell;
    }
    cell = sigmoid(gate[2]) * cell + sigmoid(gate[0]) * tanh(gate[3]);
    if (s.peepholes) gate[1] += load(s.peepholes + kLanes) * cell;
    store(c, cell);
    store(s.h + r * s.state_row, sigmoid(gate[1]) * tanh(cell));
  }
}

void gru(const RnnStep& s) {
  const VecF bias = load(s.bias);
  for (int64_t r = 0; r < s.rows; ++r) {
    const float *x = s.x + r * s.x_row, *sum = s.sum + r * 3 * kLanes;
    const VecF update = sigmoid(load(x) + load(sum)), reset = sigmoid(load(x + kLanes) + load(sum + kLanes));
    const VecF next = tanh(load(x + 2 * kLanes) + reset * (load(sum + 2 * kLanes) + bias));
    const VecF old = load(s.h_old + r * s.state_row);
    store(s.h + r * s.state_row, next + update * (old - next));
  }
}

void reset_gates(const RnnStep& s) {
  for (int64_t r = 0; r < s.rows; ++r) {
    const float *x = s.x + r * s.x_row, *sum = s.sum + r * 2 * kLanes;
    store(s.c + r * s.state_row, sigmoid(load(x) + load(sum)));
    store(s.reset + r * s.state_row,
          load(s.h_old + r * s.state_row) * sigmoid(load(x + kLanes) + load(sum + kLanes)));
  }
}

void gru_reset(const RnnStep& s) {
  for (int64_t r = 0; r < s.rows; ++r) {
    const VecF next = tanh(load(s.x + r * s.x_row) + load(s.sum + r * kLanes));
    const VecF old = load(s.h_old + r * s.state_row);
    store(s.h + r * s.state_row, next + load(s.c + r * s.state_row) * (old - next));
  }
}

template <bool use_relu>
void simple(const RnnStep& s) {
  for (int64_t r = 0; r < s.rows; ++r) {
    const VecF v = load(s.x + r * s.x_row) + load(s.sum + r * kLanes);
    store(s.h + r * s.state_row, use_relu ? max(VecF{}, v) : tanh(v));
  }
}

}  // namespace

extern const RnnKernels kRnn;
const RnnKernels kRnn{{lstm, gru, simple<false>, simple<true>, gru_reset}, reset_gates};

}  // namespace ingot::cpu::INGOT_ISA
