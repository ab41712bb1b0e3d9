// Chains of convolutions in the blocked layout. args: the op's attributes, `weight_dims` (four numbers for
// each convolution), `channels`, `threads` and the fields of ConvChainTuning.
#include <optional>

#include "backends/cpu/kernels/conv/chain.h"
#include "backends/cpu/run/conv_operands.h"
#include "backends/cpu/run/epilogue.h"
#include "ops/conv_chain.h"
#include "ops/convolution.h"

namespace ingot::cpu {
namespace {

class ConvChainKernel final : public Kernel {
 public:
  ConvChainKernel(const KernelSpec& spec, std::vector<Epilogue> epilogues, Isa isa)
      : args_(spec.args()), epilogues_(std::move(epilogues)), isa_(isa), threads_(spec.threads) {}

  Status resize(std::span<const TensorArg* const> in, std::span<const TensorArg* const> out) override {
    const size_t length = epilogues_.size();
    std::vector<ConvDesc> convs;
    TensorArg x = *in[0];
    for (size_t i = 0; i < length; ++i) {
      INGOT_ASSIGN_OR_RETURN(const ConvDesc d, resize_conv(i, in, *out[0], x));
      convs.push_back(d);
    }
    ConvChainDesc desc{convs[0], convs[1], {}};
    if (length > 2) desc.last = convs[2];
    if (const char* reason = conv_chain_why_not(desc)) return corrupt("a chain of convolutions: ", reason);
    ConvChainTuning tuning;
    tuning.rows = args_.get_int("rows");
    tuning.first_vecs = static_cast<int>(args_.get_int("first_vecs"));
    tuning.last_vecs = static_cast<int>(args_.get_int("last_vecs"));
    if (args_.get_int("threads") == threads_)
      tuning.row_threads = static_cast<int>(args_.get_int("row_threads"));
    chain_.reset();
    if (num_elements(out[0]->dims) != 0) chain_.emplace(desc, isa_, tuning, threads_);
    return {};
  }
  size_t scratch_bytes() const override {
    const int64_t floats = chain_ ? chain_->scratch_floats() : 0;
    return std::max(static_cast<size_t>(floats) * sizeof(float), epilogues_.back().scratch_bytes());
  }

  Status run(const Invocation& call) override {
    if (!chain_) return {};
    ConvChain::Operands o;
    o.src = call.inputs[0]->as<const float>();
    ConvChain::Stage* const stages[] = {&o.first, &o.depthwise, &o.last};
    for (size_t i = 0; i < epilogues_.size(); ++i)
      *stages[i] = {call.inputs[ops::chain_weights(args_, i)]->as<const float>(),
                    optional_floats(call, ops::chain_bias(args_, i)), epilogues_[i].post(call)};
    o.residual = epilogues_.back().residual(call);
    o.dst = call.outputs[0]->as<float>();
    o.scratch = static_cast<float*>(call.scratch);
    chain_->run(pool_of(call), o);
    epilogues_.back().finish(call, call.scratch);
    return {};
  }

 private:
  // Convolution `i` of `x`, which becomes its result.
  Result<ConvDesc> resize_conv(size_t i, std::span<const TensorArg* const> in, const TensorArg& result,
                               TensorArg& x) {
    const bool last = i + 1 == epilogues_.size();
    const Ints all = args_.get_ints("weight_dims");
    const Dims weights(all.begin() + static_cast<std::ptrdiff_t>(4 * i),
                       all.begin() + static_cast<std::ptrdiff_t>(4 * i + 4));
    const Attrs attrs = ops::chain_conv(args_, i);
    TensorArg y = result;
    if (!last) {
      INGOT_ASSIGN_OR_RETURN(const TensorType type, ops::infer_conv(attrs, {x.dtype, to_shape(x.dims)},
                                                                    {DataType::kF32, to_shape(weights)}));
      INGOT_ASSIGN_OR_RETURN(y.dims, eval(type.shape, {}));
    }
    INGOT_ASSIGN_OR_RETURN(const Window2d w, Window2d::make(attrs, std::span(weights).subspan(2), x, y));
    ConvDesc d = conv_desc(w, weights, attrs.get_int("group"), x);
    const int64_t taps = weights[2] * weights[3], block = block_of(isa_);
    const int64_t floats =
        d.groups == 1 ? ConvWeights(d, isa_).floats() : (d.out_channels + block - 1) / block * block * taps;
    INGOT_RETURN_IF_ERROR(check_elements(*in[ops::chain_weights(args_, i)], floats, "the packed filter"));
    INGOT_RETURN_IF_ERROR(check_bias(in, ops::chain_bias(args_, i), d.out_channels, isa_));
    Epilogue& epilogue = epilogues_[i];
    INGOT_RETURN_IF_ERROR(
        epilogue.resize(last ? in : std::span<const TensorArg* const>{}, y, isa_, threads_, d.groups == 1));
    if (!last && epilogue.passes()) return corrupt("the program between two convolutions is too long");
    d.clamp = epilogue.clamps();
    d.lo = epilogue.lo();
    d.hi = epilogue.hi();
    x = std::move(y);
    return d;
  }

  Attrs args_;
  std::vector<Epilogue> epilogues_;
  Isa isa_;
  int threads_;
  std::optional<ConvChain> chain_;
};

}  // namespace

Result<std::unique_ptr<Kernel>> make_conv_chain_kernel(const KernelSpec& spec) {
  INGOT_ASSIGN_OR_RETURN(const Isa isa, isa_of(spec));
  const size_t length = ops::chain_length(spec.args());
  const Strings inner = spec.args().get<Strings>("inner_epilogues");
  if (length < 2 || length > 3 || inner.size() + 1 != length ||
      spec.args().get_ints("weight_dims").size() != 4 * length ||
      ops::chain_prologue_inputs(spec.args()) != 0 ||
      spec.step.inputs.size() <= ops::chain_weights(spec.args(), length - 1))
    return corrupt("a chain of ", length, " convolutions");
  for (const auto& [name, count] : {std::pair{"dilations", 2}, {"pads", 4}, {"strides", 2}})
    if (spec.args().get_ints(name).size() != length * static_cast<size_t>(count))
      return corrupt("a chain of ", length, " convolutions with other ", name);
  std::vector<Epilogue> epilogues;
  for (const std::string& program : inner) {
    INGOT_ASSIGN_OR_RETURN(Epilogue epilogue, Epilogue::alone(program));
    epilogues.push_back(std::move(epilogue));
  }
  INGOT_ASSIGN_OR_RETURN(Epilogue last, Epilogue::create(spec, ops::chain_extras(spec.args())));
  epilogues.push_back(std::move(last));
  return std::unique_ptr<Kernel>(std::make_unique<ConvChainKernel>(spec, std::move(epilogues), isa));
}

}  // namespace ingot::cpu
