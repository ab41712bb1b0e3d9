// Matrix products: MatMul and FusedMatMul. args: trans_a, trans_b, alpha, epilogue; b_packed: B was packed at
// build time; rows, vecs, k_block, m_threads, pack_a: GemmTuning.
#include <algorithm>
#include <optional>

#include "backends/cpu/kernels/gemm/gemm.h"
#include "backends/cpu/run/epilogue.h"

namespace ingot::cpu {
namespace {

// Strides of the batch dims of an operand, in elements: 0 where it is broadcast.
std::vector<int64_t> batch_strides(const Dims& dims, size_t batch_rank) {
  std::vector<int64_t> out(batch_rank, 0);
  const size_t own = dims.size() - 2;
  int64_t step = dims[own] * dims[own + 1];
  for (size_t i = 0; i < own; ++i) {
    const size_t d = own - 1 - i;
    if (dims[d] != 1) out[batch_rank - 1 - i] = step;
    step *= dims[d];
  }
  return out;
}

Dims at_least_matrix(Dims dims, bool column) {
  if (dims.size() == 1) dims.insert(column ? dims.end() : dims.begin(), 1);
  return dims;
}

class GemmKernel final : public Kernel {
 public:
  GemmKernel(const KernelSpec& spec, Epilogue epilogue, Isa isa)
      : epilogue_(std::move(epilogue)),
        isa_(isa),
        threads_(spec.threads),
        alpha_(spec.args().get_float("alpha", 1)) {
    trans_a_ = spec.args().get_int("trans_a") != 0;
    trans_b_ = spec.args().get_int("trans_b") != 0;
    packed_ = spec.args().get_int("b_packed") != 0;
    packed_k_ = spec.args().get_int("k");
    packed_n_ = spec.args().get_int("n");
    tuning_.rows = static_cast<int>(spec.args().get_int("rows"));
    tuning_.vecs = static_cast<int>(spec.args().get_int("vecs"));
    tuning_.k_block = spec.args().get_int("k_block");
    tuning_.m_threads =
        spec.plan.threads == spec.threads ? static_cast<int>(spec.args().get_int("m_threads")) : 0;
    tuning_.pack_a = static_cast<int>(spec.args().get_int("pack_a", -1));
  }

  Status resize(std::span<const TensorArg* const> in, std::span<const TensorArg* const> out) override {
    const Dims a = at_least_matrix(in[0]->dims, false);
    const Dims b = packed_ ? Dims{trans_b_ ? packed_n_ : packed_k_, trans_b_ ? packed_k_ : packed_n_}
                           : at_least_matrix(in[1]->dims, true);
    GemmDesc d;
    d.trans_a = trans_a_;
    d.trans_b = trans_b_;
    d.b_packed = packed_;
    d.m = a[a.size() - (trans_a_ ? 1 : 2)];
    d.k = a[a.size() - (trans_a_ ? 2 : 1)];
    d.n = b[b.size() - (trans_b_ ? 2 : 1)];
    if (b[b.size() - (trans_b_ ? 1 : 2)] != d.k)
      return invalid_argument("A of shape ", dims_to_string(a), " and B of shape ", dims_to_string(b),
                              " do not multiply");
    d.lda = a.back();
    d.ldb = b.back();
    d.ldc = d.ld_residual = d.n;
    const size_t batch_rank = std::max(a.size(), b.size()) - 2;
    if (b.size() == 2 && !trans_a_) {  // rows of all batches are one matrix
      for (size_t i = 0; i + 2 < a.size(); ++i) d.m *= a[i];
    } else {
      const Dims& y = out[0]->dims;
      d.batch.assign(y.begin(), y.begin() + static_cast<std::ptrdiff_t>(batch_rank));
      d.a_batch = batch_strides(a, batch_rank);
      d.b_batch = batch_strides(b, batch_rank);
      Dims whole = d.batch;
      whole.push_back(d.m);
      whole.push_back(d.n);
      d.c_batch = d.residual_batch = batch_strides(whole, batch_rank);
    }
    has_bias_ = in.size() > 2 && in[2]->given();
    scaled_ = alpha_ != 1;
    empty_ = num_elements(out[0]->dims) == 0;
    INGOT_RETURN_IF_ERROR(epilogue_.resize(in, *out[0], isa_, threads_, !scaled_, true));
    d.clamp = epilogue_.clamps() && !scaled_;
    d.lo = epilogue_.lo();
    d.hi = epilogue_.hi();
    n_ = d.n;
    if (!empty_) gemm_.emplace(d, isa_, tuning_, threads_);
    return {};
  }

  size_t scratch_bytes() const override {
    return std::max(gemm_ ? static_cast<size_t>(gemm_->scratch_floats()) * sizeof(float) : 0,
                    epilogue_.scratch_bytes());
  }

  Status run(const Invocation& call) override {
    if (empty_) return {};
    Post post{this, call.outputs[0]->as<float>(), has_bias_ ? call.inputs[2]->as<const float>() : nullptr,
              epilogue_.post(call)};
    GemmBuffers buffers;
    buffers.a = call.inputs[0]->as<const float>();
    buffers.b = call.inputs[1]->as<const float>();
    buffers.bias = scaled_ ? nullptr : post.bias;
    buffers.residual = epilogue_.residual(call);
    buffers.c = post.c;
    buffers.scratch = static_cast<float*>(call.scratch);
    if (scaled_ || post.program.program != nullptr) buffers.post = {run_post, &post};
    gemm_->run(pool_of(call), buffers);
    epilogue_.finish(call, call.scratch);
    return {};
  }

 private:
  struct Post {
    const GemmKernel* kernel;
    float* c;
    const float* bias;
    PostCall program;
  };

  // alpha * AB + bias where alpha is not 1, then the epilogue's program.
  static void run_post(const void* context, const GemmTile& tile) {
    const Post& post = *static_cast<const Post*>(context);
    const GemmKernel& k = *post.kernel;
    if (k.scaled_) {
      for (int64_t r = 0; r < tile.rows; ++r) {
        float* row = tile.c + r * tile.ldc;
        for (int64_t i = 0; i < tile.columns; ++i) {
          const float v = k.alpha_ * row[i] + (post.bias ? post.bias[tile.column + i] : 0.0f);
          row[i] = v < k.epilogue_.lo() ? k.epilogue_.lo() : v > k.epilogue_.hi() ? k.epilogue_.hi() : v;
        }
      }
    }
    post.program(tile.c, tile.c - post.c, tile.column, tile.rows, tile.ldc, tile.columns);
  }

  Epilogue epilogue_;
  Isa isa_;
  int threads_;
  float alpha_;
  bool trans_a_ = false, trans_b_ = false, packed_ = false, has_bias_ = false, scaled_ = false,
       empty_ = false;
  int64_t packed_k_ = 0, packed_n_ = 0, n_ = 0;
  GemmTuning tuning_;
  std::optional<Gemm> gemm_;
};

}  // namespace

Result<std::unique_ptr<Kernel>> make_gemm_kernel(const KernelSpec& spec) {
  INGOT_ASSIGN_OR_RETURN(const Isa isa, isa_of(spec));
  INGOT_ASSIGN_OR_RETURN(Epilogue epilogue, Epilogue::create(spec, 3));
  if (spec.step.inputs.size() < 2)
    return corrupt("a matrix product has ", spec.step.inputs.size(), " inputs");
  return std::unique_ptr<Kernel>(std::make_unique<GemmKernel>(spec, std::move(epilogue), isa));
}

}  // namespace ingot::cpu
