// Kernels on images: Resize (args: the op's attributes; `scales` of height and width, 0 where sizes decide),
// Pad (args: mode; margins are read as it runs), ConvTranspose (args: the op's attributes, weight_dims,
// epilogue, channels).
#include <algorithm>
#include <optional>

#include "backends/cpu/kernels/conv/transposed.h"
#include "backends/cpu/kernels/resize/resize.h"
#include "backends/cpu/kernels/transpose/pad.h"
#include "backends/cpu/run/epilogue.h"
#include "ops/common.h"
#include "ops/convolution.h"
#include "ops/resample.h"

namespace ingot::cpu {
namespace {

class ResizeKernel final : public Kernel {
 public:
  ResizeKernel(const KernelSpec& spec, const ops::ResampleMode& mode, Isa isa)
      : scales_(spec.args().get<Floats>("scales")), isa_(isa), threads_(spec.threads) {
    desc_.mode = static_cast<ResizeMode>(mode.filter);
    desc_.coordinates = static_cast<ResizeCoordinates>(mode.coordinates);
    desc_.rounding = static_cast<ResizeRounding>(mode.rounding);
    desc_.cubic_a = mode.cubic_a;
    desc_.exclude_outside = mode.exclude_outside;
  }

  Status resize(std::span<const TensorArg* const> in, std::span<const TensorArg* const> out) override {
    const Dims &x = in[0]->dims, &y = out[0]->dims;
    if (x.size() < 3 || x.size() > 4 || x.size() != y.size() || x[0] != y[0] || x[1] != y[1] ||
        in[0]->dtype != DataType::kF32 || in[0]->layout != out[0]->layout)
      return invalid_argument("an image of ", dims_to_string(x), " is not resized to ", dims_to_string(y));
    empty_ = num_elements(y) == 0;
    if (empty_) return {};
    if (num_elements(x) == 0) return invalid_argument("an empty image has no pixels to make others from");
    const auto axis = [&](size_t from_end, float scale) {
      if (from_end > x.size() - 2) return ResizeAxis{};
      const int64_t n = x[x.size() - from_end], to = y[y.size() - from_end];
      return ResizeAxis{n, to, scale > 0 ? scale : static_cast<double>(to) / static_cast<double>(n)};
    };
    desc_.blocked = in[0]->layout == Layout::kBlocked;
    desc_.planes = x[0] * (desc_.blocked ? (x[1] + in[0]->block - 1) / in[0]->block : x[1]);
    desc_.h = axis(2, scales_[0]);
    desc_.w = axis(1, scales_[1]);
    resize_.prepare(desc_, isa_, threads_);
    return {};
  }
  size_t scratch_bytes() const override { return empty_ ? 0 : resize_.scratch_bytes(); }

  Status run(const Invocation& call) override {
    if (!empty_)
      resize_.run(pool_of(call), call.inputs[0]->as<const float>(), call.outputs[0]->as<float>(),
                  call.scratch);
    return {};
  }

 private:
  Floats scales_;
  Isa isa_;
  int threads_;
  bool empty_ = true;
  ResizeDesc desc_;
  Resize resize_;
};

class PadKernel final : public Kernel {
 public:
  PadKernel(PadMode mode) { desc_.mode = mode; }

  Status resize(std::span<const TensorArg* const> in, std::span<const TensorArg* const>) override {
    known_ = false;
    desc_.element_size = bit_width(in[0]->dtype) / 8;
    desc_.dims = walked_dims(in[0]->dims, in[0]->layout, in[0]->block);
    if (in[1]->dtype != DataType::kI64) return invalid_argument("the margins are no integers");
    return {};
  }

  Status run(const Invocation& call) override {
    const TensorArg& x = *call.inputs[0];
    if (!known_ || !std::equal(margins_.begin(), margins_.end(), call.inputs[1]->as<const int64_t>()))
      INGOT_RETURN_IF_ERROR(prepare(call.inputs));
    INGOT_ASSIGN_OR_RETURN(void* const y, output(call));
    const bool valued = call.inputs.size() > 2 && call.inputs[2]->given();
    if (num_elements(dims_) > 0) pad_.run(pool_of(call), x.data, valued ? call.inputs[2]->data : nullptr, y);
    return {};
  }

 private:
  Result<void*> output(const Invocation& call) const {
    if (call.inputs[0]->layout == Layout::kPlain)
      return call.host.allocate_output(0, call.inputs[0]->dtype, dims_);
    if (dims_ != call.outputs[0]->dims)
      return invalid_argument("the padded image has shape ", dims_to_string(dims_));
    return call.outputs[0]->data;
  }

  Status prepare(std::span<const TensorArg* const> in) {
    const int64_t* given = in[1]->as<const int64_t>();
    margins_.assign(given, given + num_elements(in[1]->dims));
    Ints axes;
    if (in.size() > 3 && in[3]->given()) {
      for (int64_t i = 0; i < num_elements(in[3]->dims); ++i)
        axes.push_back(in[3]->dtype == DataType::kI32 ? in[3]->as<const int32_t>()[i]
                                                      : in[3]->as<const int64_t>()[i]);
    } else {
      for (size_t d = 0; d < in[0]->dims.size(); ++d) axes.push_back(static_cast<int64_t>(d));
    }
    if (margins_.size() != 2 * axes.size())
      return invalid_argument("there are ", margins_.size(), " margins, expected ", 2 * axes.size());
    desc_.before.assign(desc_.dims.size(), 0);
    desc_.after = desc_.before;
    dims_ = in[0]->dims;
    for (size_t i = 0; i < axes.size(); ++i) {
      INGOT_ASSIGN_OR_RETURN(const int axis, ops::normalize_axis(axes[i], static_cast<int>(dims_.size())));
      const auto d = static_cast<size_t>(axis);
      desc_.before[d] = margins_[i];
      desc_.after[d] = margins_[i + axes.size()];
      if (std::abs(margins_[i]) > kMaxMargin || std::abs(desc_.after[d]) > kMaxMargin ||
          in[0]->dims[d] + desc_.before[d] + desc_.after[d] < 0 ||
          (desc_.mode != PadMode::kConstant && in[0]->dims[d] == 0))
        return invalid_argument("dim ", axis, " of ", dims_to_string(in[0]->dims),
                                " does not take margins of ", margins_[i], " and ", desc_.after[d]);
      dims_[d] = in[0]->dims[d] + desc_.before[d] + desc_.after[d];
    }
    pad_.prepare(desc_);
    known_ = true;
    return {};
  }

  static constexpr int64_t kMaxMargin = int64_t{1} << 40;
  PadDesc desc_;
  Pad pad_;
  Ints margins_;
  Dims dims_;
  bool known_ = false;
};

class ConvTransposeKernel final : public Kernel {
 public:
  ConvTransposeKernel(const KernelSpec& spec, Epilogue epilogue, Isa isa)
      : args_(spec.args()), epilogue_(std::move(epilogue)), isa_(isa), threads_(spec.threads) {}

  Status resize(std::span<const TensorArg* const> in, std::span<const TensorArg* const> out) override {
    const Dims w = args_.get_ints("weight_dims"), &x = in[0]->dims;
    if (w.size() != x.size() || x.size() < 3 || x.size() > 4 || out[0]->dims.size() != x.size())
      return corrupt("a filter of ", dims_to_string(w), " on an image of ", dims_to_string(x));
    ops::Window window;
    INGOT_ASSIGN_OR_RETURN(const Dims sizes, ops::transposed_conv_sizes(args_, x, w, window));
    INGOT_RETURN_IF_ERROR(epilogue_.resize(in, *out[0], isa_, threads_, false, false));
    TransposedConvDesc t;
    ConvDesc& d = t.conv;
    d.batch = x[0], d.in_channels = x[1];
    d.groups = args_.get_int("group", 1);
    d.out_channels = w[1] * d.groups;
    d.clamp = epilogue_.clamps(), d.lo = epilogue_.lo(), d.hi = epilogue_.hi();
    for (size_t i = 0; i < sizes.size(); ++i) {
      const size_t to = i + 2 - sizes.size();
      const ops::WindowAxis& axis = window.axes[i];
      d.in[to] = x[i + 2], d.kernel[to] = axis.kernel, d.stride[to] = axis.stride;
      d.dilation[to] = axis.dilation, d.pad_begin[to] = axis.pad_begin;
      t.out[to] = sizes[i];
    }
    if (x[1] != w[0] || d.groups < 1 || w[0] % d.groups != 0 || out[0]->dims[1] != d.out_channels ||
        !std::equal(sizes.begin(), sizes.end(), out[0]->dims.begin() + 2))
      return corrupt("a filter of ", dims_to_string(w), " does not make ", dims_to_string(out[0]->dims));
    conv_.reset();
    if (num_elements(out[0]->dims) == 0) return {};
    conv_.emplace(t, isa_, threads_);
    const int64_t block = block_of(isa_), bias = (d.out_channels + block - 1) / block * block;
    if (num_elements(in[1]->dims) != conv_->weight_floats() ||
        (in.size() > 2 && in[2]->given() && num_elements(in[2]->dims) < bias))
      return corrupt("the packed filter has ", num_elements(in[1]->dims), " numbers, expected ",
                     conv_->weight_floats());
    return {};
  }
  size_t scratch_bytes() const override { return epilogue_.scratch_bytes(); }

  Status run(const Invocation& call) override {
    if (!conv_) return {};
    ConvBuffers buffers;
    buffers.src = call.inputs[0]->as<const float>();
    buffers.weights = call.inputs[1]->as<const float>();
    if (call.inputs.size() > 2 && call.inputs[2]->given()) buffers.bias = call.inputs[2]->as<const float>();
    buffers.dst = call.outputs[0]->as<float>();
    conv_->run(pool_of(call), buffers);
    epilogue_.finish(call, call.scratch);
    return {};
  }

 private:
  Attrs args_;
  Epilogue epilogue_;
  Isa isa_;
  int threads_;
  std::optional<TransposedConv> conv_;
};

}  // namespace

Result<std::unique_ptr<Kernel>> make_resize_kernel(const KernelSpec& spec) {
  INGOT_ASSIGN_OR_RETURN(const Isa isa, isa_of(spec));
  INGOT_ASSIGN_OR_RETURN(const ops::ResampleMode mode, ops::ResampleMode::read(spec.args()));
  if (mode.coordinates == ops::ResampleMode::kCropAndResize || mode.antialias || spec.step.inputs.empty() ||
      spec.args().get<Floats>("scales").size() != 2)
    return corrupt("a resize of a form that has no kernel");
  return std::unique_ptr<Kernel>(std::make_unique<ResizeKernel>(spec, mode, isa));
}

Result<std::unique_ptr<Kernel>> make_pad_kernel(const KernelSpec& spec) {
  const std::string mode = spec.args().get_string("mode", "constant");
  const PadMode pad = mode == "edge"      ? PadMode::kEdge
                      : mode == "reflect" ? PadMode::kReflect
                      : mode == "wrap"    ? PadMode::kWrap
                                          : PadMode::kConstant;
  if (spec.step.inputs.size() < 2 || spec.step.outputs.size() != 1) return corrupt("a pad without margins");
  return std::unique_ptr<Kernel>(std::make_unique<PadKernel>(pad));
}

Result<std::unique_ptr<Kernel>> make_conv_transpose_kernel(const KernelSpec& spec) {
  INGOT_ASSIGN_OR_RETURN(const Isa isa, isa_of(spec));
  INGOT_ASSIGN_OR_RETURN(Epilogue epilogue, Epilogue::create(spec, 3));
  if (spec.step.inputs.size() < 2) return corrupt("a transposed convolution without filter");
  return std::unique_ptr<Kernel>(std::make_unique<ConvTransposeKernel>(spec, std::move(epilogue), isa));
}

}  // namespace ingot::cpu
