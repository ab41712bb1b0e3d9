// Recurrent layers: LSTM, GRU and the simple cell, with ONNX's gate orders and default activations.
//
// The input's part of all gates is one matrix product over the whole sequence. A step then multiplies the
// hidden state by one block of units at a time, all gates of these units together, so that the cell's
// formulas follow while the sums are in registers and the first cache. Two directions run side by side on two
// threads without meeting; where there are more threads than independent sequences, each step is shared
// instead.
#pragma once

#include <memory>
#include <vector>

#include "backends/cpu/kernels/gemm/gemm.h"

namespace ingot::cpu {

/// Gate orders: LSTM i o f c; GRU z r h; the simple cell has one. kGru has linear_before_reset; in kGruReset
/// the reset gate acts on the state before its product with the last gate's weights.
enum class RnnCell : uint8_t { kLstm, kGru, kTanh, kRelu, kGruReset };
inline constexpr int kRnnCells = 5;

struct RnnDesc {
  RnnCell cell = RnnCell::kLstm;
  int64_t steps = 1, batch = 1, inputs = 1, hidden = 1;
  int64_t directions = 1;
  bool reverse = false;      // of the only direction; with two directions the second is reversed
  bool batch_first = false;  // x [batch, steps, inputs], y [batch, steps, directions, hidden], states [batch,
                             // directions, hidden]
  bool directions_last =
      false;             // y [steps, batch, directions, hidden] instead of [steps, directions, batch, hidden]
  bool lengths = false;  // sequences end before `steps`
};

/// Weights in the form that run() wants, made once: `weights` as ONNX has them, W [D, G H, I], R [D, G H, H]
/// and B [D, 2 G H] or null, P [D, 3 H] (LSTM peepholes, in the order i o f) or null.
struct RnnWeights {
  const float *w, *r, *b, *p;
};
int64_t rnn_packed_floats(const RnnDesc& desc, Isa isa);
void pack_rnn(const RnnDesc& desc, Isa isa, const RnnWeights& weights, float* packed);

struct RnnOperands {
  const float* x;       // [steps, batch, inputs]
  const float* packed;  // aligned to 64 bytes
  const int32_t* lengths =
      nullptr;  // [batch], each in [0, steps], where the description says so. y is 0 behind the end
  const float* h0 = nullptr;  // [directions, batch, hidden]; null: 0
  const float* c0 = nullptr;  // LSTM only
  float* y = nullptr;         // null: not wanted
  float* h = nullptr;         // last states, [directions, batch, hidden]; null: not wanted
  float* c = nullptr;
};

class Rnn {
 public:
  void prepare(const RnnDesc& desc, Isa isa, int threads);
  size_t scratch_bytes() const;
  /// scratch is aligned to 64 bytes. The pool has the thread count given to prepare().
  void run(ThreadPool& pool, const RnnOperands& operands, void* scratch) const;

 private:
  struct Sequence;  // some neighbouring rows of the batch in one direction
  Sequence sequence(const RnnOperands& operands, float* scratch, int64_t index) const;
  void start(const Sequence& s, const RnnOperands& operands) const;
  /// Part `part` of a step, after all of the parts before it.
  void step(const Sequence& s, const RnnOperands& operands, int64_t step, int part, Share blocks,
            float* sum) const;
  void finish(const Sequence& s, const RnnOperands& operands) const;
  int64_t state_offset(int64_t direction, int64_t row) const;
  int64_t y_offset(int64_t step, int64_t direction, int64_t row) const;

  RnnDesc desc_;
  Isa isa_ = Isa::baseline;
  int threads_ = 1;
  std::unique_ptr<Gemm> inputs_;
  int64_t lanes_ = 8, gates_ = 4;  // gates per unit
  int parts_ = 1;                  // products of the state that a step takes, one after the other
  int64_t blocks_ = 1;             // of lanes_ units
  int64_t rows_ = 1, sequences_ = 1;
  int64_t gate_row_ = 0;   // the gates of one step and batch row, all directions
  int64_t state_row_ = 0;  // the units of one batch row, padded to whole blocks
  int64_t gates_floats_ = 0, gemm_floats_ = 0, sequence_floats_ = 0, sum_floats_ = 0;
};

/// One block of units for `rows` rows, after the products.
struct RnnStep {
  const float* x;          // the input's part of the gates, [row][gate][lane], rows x_row apart
  const float* sum;        // R h, [row][gate][lane]
  const float* bias;       // GRU: the recurrent bias of the last gate, [lane]
  const float* peepholes;  // LSTM: [3][lane], or null
  const float* h_old;      // rows state_row apart
  float *h, *c;            // new h; c is updated in place. kGruReset keeps its update gate in c
  float* reset;            // kGruReset: the old state times the reset gate
  int64_t rows, x_row, state_row;
};
struct RnnKernels {
  void (*cell[kRnnCells])(const RnnStep& step);  // by RnnCell; all of the step, or its last part
  void (*reset_gates)(const RnnStep& step);      // kGruReset's first part
};
const RnnKernels& rnn_kernels(Isa isa);

}  // namespace ingot::cpu
