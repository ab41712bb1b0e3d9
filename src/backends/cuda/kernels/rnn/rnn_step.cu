// One step of a recurrent layer: a warp for each unit of the hidden state, of all sequences, four at a time.
// Options: TYPE; CELL (kLstm, kGru, kTanh, kRelu); PHASE of a GRU that resets first: kGates, kState, else
// kWhole; COUPLED; RESET_AFTER; HAS_BIAS, HAS_LENGTHS, HAS_H, HAS_C, HAS_PEEPHOLES.
#include "backends/cuda/kernels/device/launch.cuh"
#include "backends/cuda/kernels/device/reduce.cuh"
#include "backends/cuda/kernels/device/types.cuh"
#include "backends/cuda/kernels/rnn/rnn_params.h"

enum Cells { kLstm, kGru, kTanh, kRelu };
enum Phases { kWhole, kGates, kState };
constexpr int kGateCount = CELL == kLstm ? 4 : CELL == kGru ? 3 : 1;
// The rows of R that this launch multiplies with the state.
constexpr int kFirstGate = PHASE == kState ? 2 : 0, kLastGate = PHASE == kGates ? 2 : kGateCount;
constexpr int kTogether = 4;

__device__ inline float clipped(float v, const RnnParams& p) {
  return p.clip > 0 ? fminf(fmaxf(v, -p.clip), p.clip) : v;
}
__device__ inline float sigmoid_of(float v, const RnnParams& p) { return 1.f / (1.f + expf(-clipped(v, p))); }
__device__ inline float tanh_of(float v, const RnnParams& p) { return tanhf(clipped(v, p)); }

extern "C" __global__ void __launch_bounds__(256)
    rnn_step(const float* __restrict__ products, const TYPE* __restrict__ r, const TYPE* __restrict__ bias,
             const int* __restrict__ lengths, const TYPE* __restrict__ first_h,
             const TYPE* __restrict__ first_c, const TYPE* __restrict__ peepholes, TYPE* __restrict__ y,
             TYPE* __restrict__ last_h, TYPE* __restrict__ last_c, float* __restrict__ memory,
             const RnnParams p) {
  wait_for_previous_kernel();
  const int direction = blockIdx.y, lane = threadIdx.x % 32, unit = blockIdx.x * 8 + threadIdx.x / 32;
  if (unit >= p.hidden) return;
  const int rows = kGateCount * p.hidden;
  const i64 states = i64(p.directions) * p.batch * p.hidden;
  const float* before = memory + (p.step % 2 == 0 ? states : 0);  // h of the last step
  float* after = memory + (p.step % 2 == 0 ? 0 : states);
  float* cells = memory + 2 * states;
  float* gated = memory + 3 * states;  // reset * h, then the update gate
  r += i64(direction) * rows * p.hidden;
  bias += HAS_BIAS ? i64(direction) * 2 * rows : 0;
  const bool backwards = p.reverse || direction == 1;

  for (int n0 = 0; n0 < p.batch; n0 += kTogether) {
    float sums[kGateCount][kTogether] = {};
    for (int k = lane; k < p.hidden; k += 32) {
      float h[kTogether];
#pragma unroll
      for (int j = 0; j < kTogether; ++j) {
        const int n = min(n0 + j, p.batch - 1);
        const i64 at = (i64(direction) * p.batch + n) * p.hidden + k;
        if (PHASE == kState)
          h[j] = gated[at];
        else if (p.step > 0)
          h[j] = before[at];
        else
          h[j] = HAS_H ? to_float(first_h[n * p.state_sequence + direction * p.state_direction + k]) : 0.f;
      }
#pragma unroll
      for (int g = kFirstGate; g < kLastGate; ++g) {
        const float weight = to_float(r[(i64(g) * p.hidden + unit) * p.hidden + k]);
#pragma unroll
        for (int j = 0; j < kTogether; ++j) sums[g][j] += weight * h[j];
      }
    }
#pragma unroll
    for (int g = kFirstGate; g < kLastGate; ++g)
#pragma unroll
      for (int j = 0; j < kTogether; ++j) sums[g][j] = reduce_warp<32>(sums[g][j], SumOf());

    if (lane >= kTogether || n0 + lane >= p.batch) continue;  // a lane for each sequence from here on
    const int n = n0 + lane;
    float recurrent[kGateCount], input[kGateCount];
    const int length = HAS_LENGTHS ? lengths[n] : p.steps;
    const bool ended = p.step >= length;
    const int time = ended ? p.step : backwards ? length - 1 - p.step : p.step;
    const float* from = products + time * p.gate_time + n * p.gate_sequence + i64(direction) * rows;
#pragma unroll
    for (int g = 0; g < kGateCount; ++g) {
      recurrent[g] = 0;
#pragma unroll
      for (int j = 0; j < kTogether; ++j)
        if (j == lane) recurrent[g] = sums[g][j];
      const int row = g * p.hidden + unit;
      input[g] = from[row];
      if (HAS_BIAS) {
        input[g] += to_float(bias[row]);
        recurrent[g] += to_float(bias[rows + row]);
      }
    }
    const i64 at = (i64(direction) * p.batch + n) * p.hidden + unit;
    const i64 given = n * p.state_sequence + direction * p.state_direction + unit;
    const float old = p.step > 0 ? before[at] : HAS_H ? to_float(first_h[given]) : 0.f;
    float h = 0, c = 0;
    if (CELL == kLstm) {
      const float before_c = p.step > 0 ? cells[at] : HAS_C ? to_float(first_c[given]) : 0.f;
      const TYPE* peep = peepholes + (HAS_PEEPHOLES ? i64(direction) * 3 * p.hidden + unit : 0);
      const float pi = HAS_PEEPHOLES ? to_float(peep[0]) : 0.f;
      const float po = HAS_PEEPHOLES ? to_float(peep[p.hidden]) : 0.f;
      const float pf = HAS_PEEPHOLES ? to_float(peep[2 * p.hidden]) : 0.f;
      constexpr int kO = kGateCount > 1 ? 1 : 0, kF = kGateCount > 2 ? 2 : 0, kC = kGateCount > 3 ? 3 : 0;
      const float in = sigmoid_of(input[0] + recurrent[0] + pi * before_c, p);
      const float forget = COUPLED ? 1 - in : sigmoid_of(input[kF] + recurrent[kF] + pf * before_c, p);
      c = forget * before_c + in * tanh_of(input[kC] + recurrent[kC], p);
      h = sigmoid_of(input[kO] + recurrent[kO] + po * c, p) * tanh_of(c, p);
      if (ended) c = before_c;
      cells[at] = c;
    } else if (CELL == kGru) {
      constexpr int kR = kGateCount > 1 ? 1 : 0, kH = kGateCount > 2 ? 2 : 0;
      if (PHASE == kGates) {
        gated[at] = sigmoid_of(input[kR] + recurrent[kR], p) * old;
        gated[states + at] = sigmoid_of(input[0] + recurrent[0], p);
        continue;
      }
      const float update = PHASE == kState ? gated[states + at] : sigmoid_of(input[0] + recurrent[0], p);
      const float reset = PHASE == kState ? 1.f : sigmoid_of(input[kR] + recurrent[kR], p);
      h = (1 - update) * tanh_of(input[kH] + reset * recurrent[kH], p) + update * old;
    } else {
      const float sum = clipped(input[0] + recurrent[0], p);
      h = CELL == kTanh ? tanhf(sum) : fmaxf(sum, 0.f);
    }
    if (ended) h = old;
    after[at] = h;
    if (y != nullptr)
      y[time * p.y_time + n * p.y_sequence + direction * p.y_direction + unit] =
          convert<TYPE>(ended ? 0.f : h);
    if (p.step == p.steps - 1) {
      if (last_h != nullptr) last_h[given] = convert<TYPE>(h);
      if (CELL == kLstm && last_c != nullptr) last_c[given] = convert<TYPE>(c);
    }
  }
}
