// A pointwise convolution behind a prologue, in the blocked layout. args: the attributes of ConvChain,
// `weight_dims`, `channels`, `threads` and the fields of PrologueConvTuning.
#include "backends/cpu/kernels/conv/post_program.h"
#include "backends/cpu/kernels/conv/prologue.h"
#include "backends/cpu/run/conv_operands.h"
#include "backends/cpu/run/epilogue.h"
#include "backends/cpu/run/program.h"
#include "ops/conv_chain.h"

namespace ingot::cpu {
namespace {

class ConvPrologueKernel final : public Kernel {
 public:
  ConvPrologueKernel(const KernelSpec& spec, std::vector<VectorInstruction> prologue, Epilogue epilogue,
                     Isa isa)
      : args_(spec.args()),
        prologue_(std::move(prologue)),
        epilogue_(std::move(epilogue)),
        isa_(isa),
        threads_(spec.threads),
        extras_(ops::chain_prologue_inputs(spec.args())) {}

  Status resize(std::span<const TensorArg* const> in, std::span<const TensorArg* const> out) override {
    const Ints weights = args_.get_ints("weight_dims");
    const Attrs attrs = ops::chain_conv(args_, 0);
    INGOT_ASSIGN_OR_RETURN(const Window2d w,
                           Window2d::make(attrs, std::span(weights).subspan(2), *in[0], *out[0]));
    ConvDesc d = conv_desc(w, weights, attrs.get_int("group"), *in[0]);
    if (const char* reason = prologue_conv_why_not(d)) return corrupt("behind a prologue: ", reason);
    const size_t filter = ops::chain_weights(args_, 0);
    INGOT_RETURN_IF_ERROR(check_elements(*in[filter], ConvWeights(d, isa_).floats(), "the packed filter"));
    INGOT_RETURN_IF_ERROR(check_bias(in, filter + 1, d.out_channels, isa_));
    INGOT_RETURN_IF_ERROR(resize_prologue(in, d));
    INGOT_RETURN_IF_ERROR(epilogue_.resize(in, *out[0], isa_, threads_));
    d.clamp = epilogue_.clamps();
    d.lo = epilogue_.lo();
    d.hi = epilogue_.hi();
    PrologueConvTuning tuning;
    tuning.vecs = static_cast<int>(args_.get_int("vecs"));
    tuning.strip_bytes = args_.get_int("strip_bytes");
    if (args_.get_int("threads") == threads_)
      tuning.row_threads = static_cast<int>(args_.get_int("row_threads"));
    conv_.reset();
    if (num_elements(out[0]->dims) != 0) conv_.emplace(d, isa_, tuning, threads_);
    return {};
  }
  size_t scratch_bytes() const override {
    const int64_t floats = conv_ ? conv_->scratch_floats() : 0;
    return std::max(static_cast<size_t>(floats) * sizeof(float), epilogue_.scratch_bytes());
  }

  Status run(const Invocation& call) override {
    if (!conv_) return {};
    const size_t filter = ops::chain_weights(args_, 0);
    for (size_t i = 0; i < extras_; ++i) operands_[i] = call.inputs[1 + i]->as<const float>();
    const ProgramPost post{epilogue_.post(call), call.outputs[0]->as<float>(), block_of(isa_)};
    ConvBuffers buffers;
    buffers.src = call.inputs[0]->as<const float>();
    buffers.weights = call.inputs[filter]->as<const float>();
    buffers.bias = optional_floats(call, filter + 1);
    buffers.residual = epilogue_.residual(call);
    buffers.dst = call.outputs[0]->as<float>();
    buffers.scratch = static_cast<float*>(call.scratch);
    buffers.post = post.call();
    conv_->run(pool_of(call), {*program_, operands_, operand_images_}, buffers);
    epilogue_.finish(call, call.scratch);
    return {};
  }

 private:
  Status resize_prologue(std::span<const TensorArg* const> in, const ConvDesc& d) {
    TilePostDesc desc{prologue_, {}};
    operands_.assign(extras_, nullptr);
    operand_images_.assign(extras_, 0);
    const int64_t block = block_of(isa_), padded = (d.in_channels + block - 1) / block * block;
    for (size_t i = 0; i < extras_; ++i) {
      const TensorArg& a = *in[1 + i];
      const bool pooled = a.layout == Layout::kBlocked, number = !pooled && num_elements(a.dims) == 1;
      if (pooled && a.dims != Dims{d.batch, d.in_channels, 1, 1})
        return corrupt("an operand of the prologue has shape ", dims_to_string(a.dims));
      if (!pooled && !number) INGOT_RETURN_IF_ERROR(check_elements(a, padded, "an operand of the prologue"));
      desc.operands.push_back(number ? PostAccess::kNumber : PostAccess::kChannel);
      operand_images_[i] = pooled ? padded : 0;
    }
    if (!TilePost::fits(desc)) return corrupt("the prologue is too long");
    program_.emplace(desc, isa_);
    return {};
  }

  Attrs args_;
  std::vector<VectorInstruction> prologue_;
  Epilogue epilogue_;
  Isa isa_;
  int threads_;
  size_t extras_;
  std::optional<TilePost> program_;
  std::vector<const float*> operands_;
  std::vector<int64_t> operand_images_;
  std::optional<PrologueConv> conv_;
};

}  // namespace

Result<std::unique_ptr<Kernel>> make_conv_prologue_kernel(const KernelSpec& spec) {
  INGOT_ASSIGN_OR_RETURN(const Isa isa, isa_of(spec));
  const Attrs& args = spec.args();
  if (ops::chain_length(args) != 1 || args.get_ints("weight_dims").size() != 4 ||
      args.get_ints("pads").size() != 4 || args.get_ints("strides").size() != 2 ||
      args.get_ints("dilations").size() != 2 || args.get_int("prologue_inputs") < 0 ||
      args.get_int("prologue_inputs") >= VectorProgram::kMaxInputs ||
      spec.step.inputs.size() <= ops::chain_weights(args, 0))
    return corrupt("a convolution behind a prologue has ", spec.step.inputs.size(), " inputs");
  INGOT_ASSIGN_OR_RETURN(
      auto prologue,
      vector_program(args.get_string("prologue"), 1 + static_cast<int>(ops::chain_prologue_inputs(args))));
  INGOT_ASSIGN_OR_RETURN(Epilogue epilogue, Epilogue::create(spec, ops::chain_extras(args)));
  return std::unique_ptr<Kernel>(
      std::make_unique<ConvPrologueKernel>(spec, std::move(prologue), std::move(epilogue), isa));
}

}  // namespace ingot::cpu
