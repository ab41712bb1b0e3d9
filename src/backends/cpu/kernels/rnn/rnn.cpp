#include "backends/cpu/kernels/rnn/rnn.h"

#include <algorithm>
#include <cstring>

#include "backends/cpu/kernels/rnn/rnn_pack.h"

namespace ingot::cpu {

namespace baseline {
extern const RnnKernels kRnn;
}
namespace avx2 {
extern const RnnKernels kRnn;
}
namespace avx512 {
extern const RnnKernels kRnn;
}
const RnnKernels& rnn_kernels(Isa isa) { return INGOT_SELECT_ISA(isa, kRnn); }

struct Rnn::Sequence {
  int64_t direction, row, rows, length;
  float *h[2], *c, *reset;  // [rows, state_row_]; h is of the even and the odd steps
  const float* gates;       // the input's part, of the first row at step 0 and this direction
};

namespace {

// Recurrent weights of one direction from which on a step is worth sharing among threads: what one core's
// second cache hardly holds. Below, the threads would mostly wait for one another.
constexpr int64_t kSharedStepBytes = 1 << 20;

constexpr int64_t kStates = 4;  // arrays of a Sequence

int64_t round_up(int64_t a, int64_t b) { return (a + b - 1) / b * b; }

}  // namespace

void Rnn::prepare(const RnnDesc& desc, Isa isa, int threads) {
  desc_ = desc;
  isa_ = isa;
  threads_ = threads;
  const RnnPacking packing(desc, isa);
  lanes_ = packing.lanes;
  gates_ = packing.gates;
  blocks_ = packing.blocks;
  gate_row_ = desc.directions * blocks_ * gates_ * lanes_;
  state_row_ = blocks_ * lanes_;
  parts_ = desc.cell == RnnCell::kGruReset ? 2 : 1;

  const int64_t most_rows = desc.lengths ? 1 : tile_kernels(isa).max_rows[gates_ - 1];
  const int64_t wanted = std::min(desc.batch, divide_up(threads, desc.directions));
  rows_ = std::max<int64_t>(1, std::min(most_rows, divide_up(desc.batch, std::max<int64_t>(1, wanted))));
  sequences_ = desc.directions * divide_up(desc.batch, rows_);

  GemmDesc inputs;
  inputs.m = std::max<int64_t>(1, desc.steps * desc.batch);  // Gemm wants rows, even where run() skips it
  inputs.n = inputs.ldc = gate_row_;
  inputs.k = inputs.lda = inputs.ldb = desc.inputs;
  inputs.trans_b = inputs.b_packed = true;
  inputs_ = std::make_unique<Gemm>(inputs, isa, GemmTuning{}, threads);
  gates_floats_ = round_up(inputs.m * gate_row_, 16);
  gemm_floats_ = round_up(inputs_->scratch_floats(), 16);
  sequence_floats_ = round_up(kStates * rows_ * state_row_, 16);
  sum_floats_ = round_up(rows_ * gates_ * lanes_, 16);
}

size_t Rnn::scratch_bytes() const {
  return static_cast<size_t>(gates_floats_ + gemm_floats_ + sequences_ * sequence_floats_ +
                             threads_ * sum_floats_) *
         sizeof(float);
}

int64_t Rnn::state_offset(int64_t direction, int64_t row) const {
  const auto& d = desc_;
  return (d.batch_first ? row * d.directions + direction : direction * d.batch + row) * d.hidden;
}

int64_t Rnn::y_offset(int64_t step, int64_t direction, int64_t row) const {
  const auto& d = desc_;
  if (d.batch_first) return ((row * d.steps + step) * d.directions + direction) * d.hidden;
  if (d.directions_last) return ((step * d.batch + row) * d.directions + direction) * d.hidden;
  return ((step * d.directions + direction) * d.batch + row) * d.hidden;
}

Rnn::Sequence Rnn::sequence(const RnnOperands& o, float* scratch, int64_t index) const {
  const int64_t groups = sequences_ / desc_.directions;
  Sequence s;
  s.direction = index / groups;
  s.row = index % groups * rows_;
  s.rows = std::min(rows_, desc_.batch - s.row);
  s.length = desc_.lengths ? o.lengths[s.row] : desc_.steps;
  float* state = scratch + gates_floats_ + gemm_floats_ + index * sequence_floats_;
  s.h[0] = state;
  s.h[1] = state + rows_ * state_row_;
  s.c = state + 2 * rows_ * state_row_;
  s.reset = state + 3 * rows_ * state_row_;
  s.gates = scratch + s.row * (desc_.batch_first ? desc_.steps : 1) * gate_row_ +
            s.direction * blocks_ * gates_ * lanes_;
  return s;
}

void Rnn::start(const Sequence& s, const RnnOperands& o) const {
  std::memset(s.h[0], 0, static_cast<size_t>(kStates * rows_ * state_row_) * sizeof(float));
  for (int64_t r = 0; r < s.rows; ++r) {
    const int64_t at = state_offset(s.direction, s.row + r);
    if (o.h0) std::copy_n(o.h0 + at, desc_.hidden, s.h[0] + r * state_row_);
    if (o.c0) std::copy_n(o.c0 + at, desc_.hidden, s.c + r * state_row_);
  }
}

void Rnn::step(const Sequence& s, const RnnOperands& o, int64_t step, int part, Share blocks,
               float* sum) const {
  const RnnPacking packing(desc_, isa_);
  const bool backwards = desc_.directions == 2 ? s.direction == 1 : desc_.reverse;
  const int64_t t = backwards ? s.length - 1 - step : step;
  const bool last = part + 1 == parts_;
  const int64_t first_gate = part == 0 ? 0 : 2, gates = (last ? gates_ : 2) - first_gate;
  static constexpr int64_t kNoOffset[] = {0};
  TileArgs args;
  args.a = part == 0 ? s.h[step % 2] : s.reset;
  args.a_row = state_row_;
  args.a_offsets = args.b_offsets = kNoOffset;
  args.blocks = 1;
  args.depth = desc_.hidden;
  args.b_vec = desc_.hidden * lanes_;
  args.c = sum;
  args.c_row = gates * lanes_;
  args.c_vec = lanes_;
  const TileKernel product = tile_kernels(isa_).at(static_cast<int>(s.rows), static_cast<int>(gates));
  const RnnKernels& kernels = rnn_kernels(isa_);
  const auto cell = last ? kernels.cell[static_cast<int>(desc_.cell)] : kernels.reset_gates;

  RnnStep in{};
  in.sum = sum;
  in.rows = s.rows;
  in.x_row = (desc_.batch_first ? desc_.steps : 1) * gate_row_;
  in.state_row = state_row_;
  const float* gate = s.gates + t * (desc_.batch_first ? 1 : desc_.batch) * gate_row_ + first_gate * lanes_;
  // There and back again: what one step read last is still in the second cache when the next one begins.
  for (int64_t i = blocks.begin; i < blocks.end; ++i) {
    const int64_t b = step % 2 == 0 ? i : blocks.begin + blocks.end - 1 - i;
    const int64_t block = s.direction * blocks_ + b;
    args.b = args.prefetch = o.packed + packing.r + (block * gates_ + first_gate) * desc_.hidden * lanes_;
    product(args);
    in.x = gate + b * gates_ * lanes_;
    in.bias = o.packed + packing.last_bias + block * lanes_;
    in.peepholes = o.packed + packing.peepholes + block * 3 * lanes_;
    in.h_old = s.h[step % 2] + b * lanes_;
    in.h = s.h[1 - step % 2] + b * lanes_;
    in.c = s.c + b * lanes_;
    in.reset = s.reset + b * lanes_;
    cell(in);
  }
  if (!o.y || !last) return;
  const int64_t from = blocks.begin * lanes_, to = std::min(blocks.end * lanes_, desc_.hidden);
  for (int64_t r = 0; r < s.rows; ++r)
    std::copy(s.h[1 - step % 2] + r * state_row_ + from, s.h[1 - step % 2] + r * state_row_ + to,
              o.y + y_offset(t, s.direction, s.row + r) + from);
}

void Rnn::finish(const Sequence& s, const RnnOperands& o) const {
  for (int64_t r = 0; r < s.rows; ++r) {
    const int64_t at = state_offset(s.direction, s.row + r);
    if (o.h) std::copy_n(s.h[s.length % 2] + r * state_row_, desc_.hidden, o.h + at);
    if (o.c) std::copy_n(s.c + r * state_row_, desc_.hidden, o.c + at);
    for (int64_t t = s.length; o.y && t < desc_.steps; ++t)
      std::fill_n(o.y + y_offset(t, s.direction, s.row + r), desc_.hidden, 0.0f);
  }
}

void Rnn::run(ThreadPool& pool, const RnnOperands& o, void* scratch) const {
  if (desc_.batch == 0 || desc_.hidden == 0) return;
  const RnnPacking packing(desc_, isa_);
  auto* floats = static_cast<float*>(scratch);
  GemmBuffers inputs;
  inputs.a = o.x;
  inputs.b = o.packed + packing.w;
  inputs.bias = o.packed + packing.bias;
  inputs.c = floats;
  inputs.scratch = floats + gates_floats_;
  if (desc_.steps > 0) inputs_->run(pool, inputs);

  float* sums = floats + gates_floats_ + gemm_floats_ + sequences_ * sequence_floats_;
  const int threads = pool.size();
  if (sequences_ >= threads || gates_ * desc_.hidden * desc_.hidden * 4 <= kSharedStepBytes) {
    pool.run([&](int thread) {
      const Share mine = share(sequences_, thread, threads);
      for (int64_t i = mine.begin; i < mine.end; ++i) {
        const Sequence s = sequence(o, floats, i);
        start(s, o);
        for (int64_t t = 0; t < s.length; ++t)
          for (int part = 0; part < parts_; ++part)
            step(s, o, t, part, {0, blocks_}, sums + thread * sum_floats_);
        finish(s, o);
      }
    });
    return;
  }
  for (int64_t i = 0; i < sequences_; ++i) start(sequence(o, floats, i), o);
  for (int64_t i = 0; i < desc_.steps * parts_; ++i)
    pool.run([&](int thread) {
      const int64_t t = i / parts_;
      const int part = static_cast<int>(i % parts_);
      const Share mine = share(sequences_ * blocks_, thread, threads);
      for (int64_t q = mine.begin / blocks_; q * blocks_ < mine.end; ++q) {
        const Sequence s = sequence(o, floats, q);
        const Share blocks{std::max(mine.begin - q * blocks_, int64_t{0}),
                           std::min(mine.end - q * blocks_, blocks_)};
        if (t < s.length) step(s, o, t, part, blocks, sums + thread * sum_floats_);
      }
    });
  for (int64_t i = 0; i < sequences_; ++i) finish(sequence(o, floats, i), o);
}

}  // namespace ingot::cpu
