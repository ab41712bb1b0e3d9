#include "backends/cuda/kernels/rnn/rnn.h"

#include <algorithm>

#include "backends/cuda/kernels/rnn/rnn_params.h"

namespace ingot::cuda {

Result<KernelSpec> rnn_step_kernel(const RnnProblem& p, int64_t step, int phase) {
  if (p.type != DataType::kF32 && p.type != DataType::kF16 && p.type != DataType::kBF16)
    return unsupported("recurrent layers of type ", data_type_name(p.type));
  constexpr int64_t kMax = int64_t{1} << 31;
  const int64_t rows = p.directions * gates_of(p.cell) * p.hidden;
  if (p.steps * p.batch * rows >= kMax || p.directions > 2)
    return unsupported("a recurrent layer this large");
  KernelSpec spec{
      .name = str("rnn_step_", data_type_name(p.type)), .source = "rnn/rnn_step.cu", .entry = "rnn_step"};
  INGOT_ASSIGN_OR_RETURN(const std::string type, checked_device_type(p.type));
  static constexpr const char* kCells[] = {"kLstm", "kGru", "kTanh", "kRelu"};
  spec.define("TYPE", type);
  spec.define("CELL", kCells[static_cast<int>(p.cell)]);
  spec.define("PHASE", p.phases() == 1 ? "kWhole" : phase == 0 ? "kGates" : "kState");
  spec.define("COUPLED", p.coupled);
  spec.define("HAS_BIAS", p.has_bias);
  spec.define("HAS_LENGTHS", p.has_lengths);
  spec.define("HAS_H", p.has_h);
  spec.define("HAS_C", p.has_c);
  spec.define("HAS_PEEPHOLES", p.has_peepholes);
  const auto narrow = [](int64_t v) { return static_cast<int>(v); };
  RnnParams params{narrow(step), narrow(p.steps), narrow(p.batch), narrow(p.hidden), narrow(p.directions)};
  params.reverse = p.reverse;
  params.gate_time = rows * (p.batch_first ? 1 : p.batch);
  params.gate_sequence = rows * (p.batch_first ? p.steps : 1);
  // y [time, direction, sequence, unit], or [sequence, time, direction, unit]; states likewise.
  params.y_time = p.directions * p.hidden * (p.batch_first ? 1 : p.batch);
  params.y_sequence = p.hidden * (p.batch_first ? p.steps * p.directions : 1);
  params.y_direction = p.hidden * (p.batch_first ? 1 : p.batch);
  params.state_sequence = p.hidden * (p.batch_first ? p.directions : 1);
  params.state_direction = p.hidden * (p.batch_first ? 1 : p.batch);
  params.clip = p.clip;
  spec.block.x = 256;
  spec.grid = {static_cast<unsigned>(std::max<int64_t>(1, ceil_div(p.hidden, 8))),
               static_cast<unsigned>(p.directions)};
  spec.set_params(params);
  return spec;
}

}  // namespace ingot::cuda
