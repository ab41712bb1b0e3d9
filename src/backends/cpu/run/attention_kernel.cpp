// MultiHeadAttention on matrices whose columns hold the heads side by side. args: the op's attributes.
#include <algorithm>
#include <array>
#include <cmath>

#include "backends/cpu/kernels/attention/attention.h"
#include "backends/cpu/run/kernel.h"

namespace ingot::cpu {
namespace {

class AttentionKernel final : public Kernel {
 public:
  AttentionKernel(const KernelSpec& spec, Isa isa) : args_(spec.args()), isa_(isa), threads_(spec.threads) {
    for (size_t i = 0; i < 3; ++i)
      offsets_[i] = args_.get_int(std::array{"q_offset", "k_offset", "v_offset"}[i]);
  }

  Status resize(std::span<const TensorArg* const> in, std::span<const TensorArg* const> out) override {
    const Dims &q = in[0]->dims, &k = in[1]->dims, &v = in[2]->dims;
    AttentionDesc d;
    d.heads = d.kv_heads = args_.get_int("heads");
    d.dim = args_.get_int("head_dim");
    d.value_dim = args_.get_int("v_head_dim") != 0 ? args_.get_int("v_head_dim") : d.dim;
    if (q.size() != 3 || k.size() != 3 || v.size() != 3 || d.heads < 1 || d.dim < 1 || d.value_dim < 1 ||
        offsets_[0] < 0 || offsets_[1] < 0 || offsets_[2] < 0 || offsets_[0] + d.heads * d.dim > q[2] ||
        offsets_[1] + d.heads * d.dim > k[2] || offsets_[2] + d.heads * d.value_dim > v[2])
      return invalid_argument("attention of ", d.heads, " heads on ", dims_to_string(q), ", ",
                              dims_to_string(k), ", ", dims_to_string(v));
    d.batch = q[0];
    d.queries = q[1];
    d.keys = k[1];
    d.scale = args_.has("scale") ? args_.get_float("scale") : 1 / std::sqrt(static_cast<float>(d.dim));
    // The op's causal rule counts from the first key, the kernel's from the last: they agree where there are
    // as many.
    d.causal = args_.get_int("causal") != 0;
    if (d.causal && d.queries != d.keys)
      return invalid_argument("causal attention of ", d.queries, " queries on ", d.keys, " keys");
    d.q = {q[1] * q[2], d.dim, q[2]};
    d.k = {k[1] * k[2], d.dim, k[2]};
    d.v = {v[1] * v[2], d.value_dim, v[2]};
    const int64_t columns = d.heads * d.value_dim;
    d.o = {q[1] * columns, d.value_dim, columns};
    if (in.size() > 3 && in[3]->given()) d.mask = mask_strides(in[3]->dims, d.keys);
    empty_ = num_elements(out[0]->dims) == 0;
    if (!empty_) attention_.prepare(d, isa_, threads_);
    return {};
  }
  size_t scratch_bytes() const override { return attention_.scratch_bytes(); }

  Status run(const Invocation& call) override {
    if (empty_) return {};
    const float* mask =
        call.inputs.size() > 3 && call.inputs[3]->given() ? call.inputs[3]->as<const float>() : nullptr;
    attention_.run(pool_of(call), call.inputs[0]->as<const float>() + offsets_[0],
                   call.inputs[1]->as<const float>() + offsets_[1],
                   call.inputs[2]->as<const float>() + offsets_[2], mask, call.outputs[0]->as<float>(),
                   call.scratch);
    return {};
  }

 private:
  static AttentionStrides mask_strides(const Dims& dims, int64_t keys) {
    Dims d = dims;
    d.insert(d.begin(), 4 - std::min<size_t>(4, d.size()), 1);
    AttentionStrides s;
    s.row = d[2] == 1 ? 0 : keys;
    s.head = d[1] == 1 ? 0 : d[2] * keys;
    s.batch = d[0] == 1 ? 0 : d[1] * d[2] * keys;
    return s;
  }

  Attrs args_;
  Isa isa_;
  int threads_;
  int64_t offsets_[3] = {};
  bool empty_ = false;
  Attention attention_;
};

}  // namespace

Result<std::unique_ptr<Kernel>> make_attention_kernel(const KernelSpec& spec) {
  INGOT_ASSIGN_OR_RETURN(const Isa isa, isa_of(spec));
  return std::unique_ptr<Kernel>(std::make_unique<AttentionKernel>(spec, isa));
}

}  // namespace ingot::cpu
