// Convolutions in the blocked layout. args: the op's attributes, `weight_dims`, `epilogue`, `channels`;
// `algorithm` and the fields of its tuning.
#include <algorithm>
#include <optional>

#include "backends/cpu/kernels/conv/direct.h"
#include "backends/cpu/kernels/conv/post_program.h"
#include "backends/cpu/kernels/conv/winograd.h"
#include "backends/cpu/kernels/depthwise/depthwise.h"
#include "backends/cpu/run/conv_operands.h"
#include "backends/cpu/run/epilogue.h"

namespace ingot::cpu {
namespace {

// What the algorithms share: geometry, epilogue, the call of a program on finished tiles.
class ConvKernel : public Kernel {
 public:
  ConvKernel(const KernelSpec& spec, Epilogue epilogue, Isa isa)
      : args_(spec.args()), epilogue_(std::move(epilogue)), isa_(isa), threads_(spec.threads) {}

 protected:
  Result<Window2d> window(const TensorArg& x, const TensorArg& y) const {
    const Ints weight_dims = args_.get_ints("weight_dims");
    if (weight_dims.size() < 3) return corrupt("the weights have shape ", dims_to_string(weight_dims));
    return Window2d::make(args_, std::span(weight_dims).subspan(2), x, y);
  }

  Attrs args_;
  Epilogue epilogue_;
  Isa isa_;
  int threads_;
};

// The two algorithms on tile kernels: what differs is the tuning, the packed filter and the scratch.
struct Direct {
  using Conv = DirectConv;
  static DirectConvTuning tuning(const Attrs& args, bool same_threads) {
    DirectConvTuning t;
    t.rows = static_cast<int>(args.get_int("rows"));
    t.vecs = static_cast<int>(args.get_int("vecs"));
    t.k_block = args.get_int("k_block");
    t.strip_bytes = args.get_int("strip_bytes");
    t.row_threads = same_threads ? static_cast<int>(args.get_int("row_threads")) : 0;
    return t;
  }
  static Result<int64_t> filter_floats(const ConvDesc& d, const DirectConvTuning&, Isa isa) {
    return ConvWeights(d, isa).floats();
  }
  static int64_t scratch_floats(const Conv&) { return 0; }
};

struct Winograd {
  using Conv = WinogradConv;
  static WinogradTuning tuning(const Attrs& args, bool same_threads) {
    WinogradTuning t;
    t.m = args.get_int("m") == 2 ? 2 : 4;
    t.vecs = static_cast<int>(args.get_int("vecs"));
    t.group_tiles = args.get_int("group_tiles");
    t.by_element = args.get_int("by_element") != 0;
    t.channel_threads = same_threads ? static_cast<int>(args.get_int("channel_threads")) : 0;
    return t;
  }
  static Result<int64_t> filter_floats(const ConvDesc& d, const WinogradTuning& t, Isa isa) {
    if (const char* reason = winograd_why_not(d))
      return corrupt("Winograd cannot compute this convolution: ", reason);
    return winograd_weight_floats(d, t.m, isa);
  }
  static int64_t scratch_floats(const Conv& conv) { return conv.scratch_floats(); }
};

template <class Algorithm>
class TiledKernel final : public ConvKernel {
 public:
  using ConvKernel::ConvKernel;

  Status resize(std::span<const TensorArg* const> in, std::span<const TensorArg* const> out) override {
    INGOT_ASSIGN_OR_RETURN(const Window2d w, window(*in[0], *out[0]));
    ConvDesc d = conv_desc(w, args_.get_ints("weight_dims"), args_.get_int("group", 1), *in[0]);
    if (d.groups < 1 || d.in_channels % d.groups != 0 || d.out_channels % d.groups != 0)
      return corrupt("a convolution of ", d.in_channels, " channels in ", d.groups, " groups");
    const auto tuning = Algorithm::tuning(args_, args_.get_int("threads") == threads_);
    INGOT_ASSIGN_OR_RETURN(const int64_t filter_floats, Algorithm::filter_floats(d, tuning, isa_));
    INGOT_RETURN_IF_ERROR(check_elements(*in[1], filter_floats, "the packed filter"));
    INGOT_RETURN_IF_ERROR(check_bias(in, 2, d.out_channels, isa_));
    INGOT_RETURN_IF_ERROR(epilogue_.resize(in, *out[0], isa_, threads_));
    d.clamp = epilogue_.clamps();
    d.lo = epilogue_.lo();
    d.hi = epilogue_.hi();
    conv_.reset();
    if (num_elements(out[0]->dims) != 0) conv_.emplace(d, isa_, tuning, threads_);
    return {};
  }
  size_t scratch_bytes() const override {
    const int64_t floats = conv_ ? Algorithm::scratch_floats(*conv_) : 0;
    return std::max(static_cast<size_t>(floats) * sizeof(float), epilogue_.scratch_bytes());
  }

  Status run(const Invocation& call) override {
    if (!conv_) return {};
    const ProgramPost post{epilogue_.post(call), call.outputs[0]->as<float>(), block_of(isa_)};
    ConvBuffers buffers;
    buffers.src = call.inputs[0]->as<const float>();
    buffers.weights = call.inputs[1]->as<const float>();
    buffers.bias = optional_floats(call, 2);
    buffers.residual = epilogue_.residual(call);
    buffers.dst = call.outputs[0]->as<float>();
    buffers.scratch = static_cast<float*>(call.scratch);
    buffers.post = post.call();
    conv_->run(pool_of(call), buffers);
    epilogue_.finish(call, call.scratch);
    return {};
  }

 private:
  std::optional<typename Algorithm::Conv> conv_;
};

class DepthwiseKernel final : public ConvKernel {
 public:
  using ConvKernel::ConvKernel;

  Status resize(std::span<const TensorArg* const> in, std::span<const TensorArg* const> out) override {
    INGOT_ASSIGN_OR_RETURN(const Window2d w, window(*in[0], *out[0]));
    INGOT_RETURN_IF_ERROR(epilogue_.resize(in, *out[0], isa_, threads_, false));
    DepthwiseDesc d;
    d.batch = w.batch, d.channels = w.channels;
    d.in_h = w.in_h, d.in_w = w.in_w, d.out_h = w.out_h, d.out_w = w.out_w;
    d.kernel_h = w.kernel_h, d.kernel_w = w.kernel_w, d.stride_h = w.stride_h, d.stride_w = w.stride_w;
    d.dilation_h = w.dilation_h, d.dilation_w = w.dilation_w;
    d.pad_top = w.pad_top, d.pad_left = w.pad_left;
    d.low = epilogue_.lo(), d.high = epilogue_.hi();
    INGOT_RETURN_IF_ERROR(check_elements(*in[1], depthwise_filter_size(d, isa_), "the packed filter"));
    INGOT_RETURN_IF_ERROR(check_bias(in, 2, d.channels, isa_));
    conv_.prepare(d, isa_, threads_, args_.get_int("by_rows") != 0);
    return {};
  }
  size_t scratch_bytes() const override { return std::max(conv_.scratch_bytes(), epilogue_.scratch_bytes()); }

  Status run(const Invocation& call) override {
    Depthwise::Operands o;
    o.x = call.inputs[0]->as<const float>();
    o.filter = call.inputs[1]->as<const float>();
    o.bias = optional_floats(call, 2);
    o.y = call.outputs[0]->as<float>();
    o.post = epilogue_.post(call);
    conv_.run(pool_of(call), o, call.scratch);
    epilogue_.finish(call, call.scratch);
    return {};
  }

 private:
  Depthwise conv_;
};

}  // namespace

Result<std::unique_ptr<Kernel>> make_conv_kernel(const KernelSpec& spec) {
  INGOT_ASSIGN_OR_RETURN(const Isa isa, isa_of(spec));
  INGOT_ASSIGN_OR_RETURN(Epilogue epilogue, Epilogue::create(spec, 3));
  if (spec.step.inputs.size() < 2) return corrupt("a convolution has ", spec.step.inputs.size(), " inputs");
  const std::string algorithm = spec.args().get_string("algorithm");
  if (algorithm == "direct")
    return std::unique_ptr<Kernel>(std::make_unique<TiledKernel<Direct>>(spec, std::move(epilogue), isa));
  if (algorithm == "winograd")
    return std::unique_ptr<Kernel>(std::make_unique<TiledKernel<Winograd>>(spec, std::move(epilogue), isa));
  if (algorithm == "depthwise")
    return std::unique_ptr<Kernel>(std::make_unique<DepthwiseKernel>(spec, std::move(epilogue), isa));
  return not_found("no convolution algorithm '", algorithm, "'");
}

}  // namespace ingot::cpu
