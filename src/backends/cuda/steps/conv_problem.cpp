#include "backends/cuda/steps/conv_problem.h"

#include <algorithm>

#include "backends/cuda/kernels/copy/copy.h"
#include "backends/cuda/steps/epilogue.h"
#include "ops/window.h"

namespace ingot::cuda {
namespace {

std::optional<dnn::PointwiseMode> mode_of(Activation activation) {
  switch (activation) {
    case Activation::kNone:
      return std::nullopt;
    case Activation::kRelu:
      return dnn::kRelu;
    case Activation::kSigmoid:
      return dnn::kSigmoid;
    case Activation::kTanh:
      return dnn::kTanh;
    case Activation::kGelu:
      return dnn::kGelu;
    case Activation::kGeluTanh:
      return dnn::kGeluTanh;
    case Activation::kSilu:
      return dnn::kSwish;
  }
  return std::nullopt;
}

}  // namespace

Result<ConvStep> conv_step(const StepView& step, bool tf32) {
  ConvStep out;
  CudnnProblem& p = out.problem;
  p.type = step.out(0).dtype;
  p.x = step.in(0).dims;
  p.y = step.out(0).dims;
  p.w = step.args.get_ints("weight_dims");
  p.bias = step.has(2);
  p.tf32 = tf32;
  if (p.x.size() < 3 || p.x.size() > 5 || p.w.size() != p.x.size())
    return unsupported("convolutions of ", p.x.size(), " dims");
  if (num_elements(p.x) == 0 || num_elements(p.y) == 0) return unsupported("empty convolutions");
  const auto spatial = static_cast<int>(p.x.size()) - 2;
  INGOT_ASSIGN_OR_RETURN(ops::Window window, ops::Window::read(step.args, spatial));
  INGOT_RETURN_IF_ERROR(window.set_kernel(std::span(p.w).subspan(2)));
  INGOT_RETURN_IF_ERROR(window.resolve({p.x.begin() + 2, p.x.end()}).status());
  for (const ops::WindowAxis& axis : window.axes) {
    p.strides.push_back(axis.stride);
    p.dilations.push_back(axis.dilation);
    p.pads_begin.push_back(axis.pad_begin);
    p.pads_end.push_back(axis.pad_end);
  }
  if (const auto match = match_epilogue(step, kConvExtras)) {
    p.residual = match->residual;
    p.activation = mode_of(match->activation);
    p.upper = match->upper;
  } else {
    out.epilogue = step.args.get_string("epilogue");
  }
  if (const int64_t channels = step.args.get_int("padded_channels"); channels > 0) {
    out.pads_channels = true;
    p.x[1] = channels;
    p.w[1] = channels;
  }
  return out;
}

Result<Launches> pad_channels_launches(const StepView& step, const ConvStep& conv) {
  const TensorArg& x = step.in(0);
  TensorArg padded = x;
  padded.layout = Layout::kBlocked;
  padded.block = 0;
  padded.dims = conv.problem.x;
  // The channels innermost, so that those beyond the image's are the row's end.
  const auto channels_last = [](Dims values) {
    std::rotate(values.begin() + 1, values.begin() + 2, values.end());
    return values;
  };
  CopyProblem copy{x.dtype,
                   x.dtype,
                   channels_last(padded.dims),
                   channels_last(strides_of(x)),
                   channels_last(strides_of(padded)),
                   x.dims[1]};
  INGOT_ASSIGN_OR_RETURN(KernelSpec spec, copy_kernel(copy));
  Launches out;
  out.push_back({std::move(spec), {input(0), {Pointer::kScratch, 0, 0}}});
  return out;
}

}  // namespace ingot::cuda
