// Attention by one kernel.
#include "backends/cuda/steps/attention.h"
#include "backends/cuda/steps/step.h"

namespace ingot::cuda {
namespace {
enum Operand : size_t { kQ, kK, kV, kMask };
}

Result<AttentionProblem> fused_attention_problem(const StepView& step) {
  const Dims &q = step.in(kQ).dims, &k = step.in(kK).dims, &v = step.in(kV).dims;
  AttentionProblem p{};
  p.type = step.out(0).dtype;
  p.batch = q[0], p.queries = q[1], p.keys = k[1];
  p.heads = step.args.get_int("heads");
  p.dim = step.args.get_int("head_dim");
  p.v_dim = step.args.get_int("v_head_dim") > 0 ? step.args.get_int("v_head_dim") : p.dim;
  p.q_row = q[2], p.k_row = k[2], p.v_row = v[2];
  p.q_batch = q[1] * q[2], p.k_batch = k[1] * k[2], p.v_batch = v[1] * v[2];
  p.q_offset = step.args.get_int("q_offset");
  p.k_offset = step.args.get_int("k_offset");
  p.v_offset = step.args.get_int("v_offset");
  p.causal = step.args.get_int("causal") != 0;
  p.scale = step.args.get_float("scale", 0);
  const bool masked = step.has(kMask);
  if (masked) {
    Dims dims = step.in(kMask).dims;
    dims.insert(dims.begin(), 4 - dims.size(), 1);
    const Dims strides = dense_strides(dims);
    const auto stride = [&](size_t d) { return dims[d] == 1 ? 0 : strides[d]; };
    p.mask_type = step.in(kMask).dtype;
    p.mask_batch = stride(0), p.mask_head = stride(1), p.mask_query = stride(2), p.mask_key = stride(3);
  }
  return p;
}

// args: those of MultiHeadAttention, and config: an AttentionConfig's numbers.
Result<Launches> fused_attention_launches(const StepView& step) {
  INGOT_ASSIGN_OR_RETURN(const AttentionProblem p, fused_attention_problem(step));
  const Ints c = step.args.get_ints("config");
  const auto within = [&](size_t i, int64_t most) { return c[i] >= 1 && c[i] <= most; };
  if (c.size() != 4 ||
      !(c[2] == 0 ? within(0, 32) && within(1, 32 / c[0]) : within(2, 4) && within(3, 128) && c[3] % 16 == 0))
    return corrupt("a configuration of attention");
  const auto number = [&](size_t i) { return static_cast<int>(c[i]); };
  INGOT_ASSIGN_OR_RETURN(KernelSpec spec, attention_kernel(p, {number(0), number(1), number(2), number(3)}));
  const bool masked = p.mask_type != DataType::kInvalid;
  Launches out;
  out.push_back(
      {std::move(spec),
       {input(kQ), input(kK), input(kV), masked ? input(kMask) : Pointer{Pointer::kNone, 0, 0}, output(0)}});
  return out;
}

}  // namespace ingot::cuda
