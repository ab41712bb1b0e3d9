// Normalisations and softmax. args: the op's attributes; `form`: "rows", "skip", "channels", "groups".
#include "backends/cpu/kernels/norm/norm.h"
#include "backends/cpu/kernels/softmax/softmax.h"
#include "backends/cpu/run/kernel.h"

namespace ingot::cpu {
namespace {

const float* floats_or_null(const Invocation& call, size_t i) {
  return i < call.inputs.size() && call.inputs[i]->given() ? call.inputs[i]->as<const float>() : nullptr;
}

Result<size_t> axis_of(const Attrs& args, const Dims& dims) {
  const auto rank = static_cast<int64_t>(dims.size());
  const int64_t axis = args.get_int("axis", -1);
  if (axis < -rank || axis >= rank)
    return invalid_argument("axis ", axis, " is out of range for ", dims_to_string(dims));
  return static_cast<size_t>(axis < 0 ? axis + rank : axis);
}

int64_t product(const Dims& dims, size_t from, size_t to) {
  int64_t n = 1;
  for (size_t d = from; d < to; ++d) n *= dims[d];
  return n;
}

// LayerNormalization (X, Scale, B) and SkipLayerNormalization (X, Skip, Scale, B -> Y, Sum).
class RowNormKernel final : public Kernel {
 public:
  RowNormKernel(const KernelSpec& spec, bool skip, bool rms, Isa isa)
      : args_(spec.args()), skip_(skip), isa_(isa) {
    desc_.rms = rms;
  }

  Status resize(std::span<const TensorArg* const> in, std::span<const TensorArg* const>) override {
    INGOT_ASSIGN_OR_RETURN(const size_t axis, axis_of(args_, in[0]->dims));
    desc_.rows = product(in[0]->dims, 0, axis);
    desc_.cols = product(in[0]->dims, axis, in[0]->dims.size());
    desc_.epsilon = args_.get_float("epsilon", 1e-5f);
    const size_t first = skip_ ? 2 : 1;
    for (size_t i = first; i < in.size(); ++i)
      if (in[i]->given() && num_elements(in[i]->dims) != desc_.cols)
        return invalid_argument("a scale of ", dims_to_string(in[i]->dims), " for rows of ", desc_.cols);
    return {};
  }
  Status run(const Invocation& call) override {
    RowNormOperands o;
    o.x = call.inputs[0]->as<const float>();
    if (skip_) o.residual = call.inputs[1]->as<const float>();
    if (skip_ && call.outputs.size() > 1 && call.outputs[1]->given()) o.sum = call.outputs[1]->as<float>();
    o.scale = floats_or_null(call, skip_ ? 2 : 1);
    o.bias = floats_or_null(call, skip_ ? 3 : 2);
    o.y = call.outputs[0]->as<float>();
    row_norm(pool_of(call), isa_, desc_, o);
    return {};
  }

 private:
  Attrs args_;
  bool skip_;
  Isa isa_;
  RowNormDesc desc_;
};

class ChannelNormKernel final : public Kernel {
 public:
  ChannelNormKernel(const KernelSpec& spec, Isa isa) : isa_(isa) {
    desc_.epsilon = spec.args().get_float("epsilon", 1e-5f);
  }

  Status resize(std::span<const TensorArg* const> in, std::span<const TensorArg* const>) override {
    const Dims& d = in[0]->dims;
    desc_.batch = d[0];
    desc_.channels = d[1];
    desc_.pixels = product(d, 2, d.size());
    desc_.blocked = in[0]->layout == Layout::kBlocked;
    return {};
  }
  Status run(const Invocation& call) override {
    channel_norm(pool_of(call), isa_, desc_, call.inputs[0]->as<const float>(), floats_or_null(call, 1),
                 floats_or_null(call, 2), call.outputs[0]->as<float>());
    return {};
  }

 private:
  Isa isa_;
  ChannelNormDesc desc_;
};

// InstanceNormalization and GroupNormalization, with one scale and bias per channel.
class GroupNormKernel final : public Kernel {
 public:
  GroupNormKernel(const KernelSpec& spec, Isa isa) : isa_(isa), groups_(spec.args().get_int("num_groups")) {
    desc_.epsilon = spec.args().get_float("epsilon", 1e-5f);
  }
  Status resize(std::span<const TensorArg* const> in, std::span<const TensorArg* const>) override {
    const Dims& d = in[0]->dims;
    desc_.batch = d[0];
    desc_.channels = d[1];
    desc_.pixels = product(d, 2, d.size());
    desc_.groups = groups_ > 0 ? groups_ : d[1];
    for (size_t i : {size_t{1}, size_t{2}})
      if (num_elements(in[i]->dims) != d[1])
        return invalid_argument("a scale of ", dims_to_string(in[i]->dims), " for ", d[1], " channels");
    return {};
  }
  Status run(const Invocation& call) override {
    group_norm(pool_of(call), isa_, desc_, call.inputs[0]->as<const float>(), floats_or_null(call, 1),
               floats_or_null(call, 2), call.outputs[0]->as<float>());
    return {};
  }

 private:
  Isa isa_;
  int64_t groups_;
  GroupNormDesc desc_;
};

class SoftmaxKernel final : public Kernel {
 public:
  SoftmaxKernel(const KernelSpec& spec, Isa isa) : args_(spec.args()), isa_(isa) {
    desc_.log = spec.args().get_int("log") != 0;
  }

  Status resize(std::span<const TensorArg* const> in, std::span<const TensorArg* const>) override {
    INGOT_ASSIGN_OR_RETURN(const size_t axis, axis_of(args_, in[0]->dims));
    desc_.outer = product(in[0]->dims, 0, axis);
    desc_.axis = in[0]->dims[axis];
    desc_.inner = product(in[0]->dims, axis + 1, in[0]->dims.size());
    return {};
  }
  Status run(const Invocation& call) override {
    softmax(pool_of(call), isa_, desc_, call.inputs[0]->as<const float>(), nullptr,
            call.outputs[0]->as<float>());
    return {};
  }

 private:
  Attrs args_;
  Isa isa_;
  SoftmaxDesc desc_;
};

}  // namespace

Result<std::unique_ptr<Kernel>> make_norm_kernel(const KernelSpec& spec) {
  INGOT_ASSIGN_OR_RETURN(const Isa isa, isa_of(spec));
  const std::string form = spec.args().get_string("form");
  if (form == "channels") return std::unique_ptr<Kernel>(std::make_unique<ChannelNormKernel>(spec, isa));
  if (form == "groups") return std::unique_ptr<Kernel>(std::make_unique<GroupNormKernel>(spec, isa));
  return std::unique_ptr<Kernel>(std::make_unique<RowNormKernel>(spec, form == "skip", form == "rms", isa));
}

Result<std::unique_ptr<Kernel>> make_softmax_kernel(const KernelSpec& spec) {
  INGOT_ASSIGN_OR_RETURN(const Isa isa, isa_of(spec));
  return std::unique_ptr<Kernel>(std::make_unique<SoftmaxKernel>(spec, isa));
}

}  // namespace ingot::cpu
