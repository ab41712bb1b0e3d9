// Convolutions and transposed ones in up to three dims, by the kernel without tiles.
#include "backends/cuda/kernels/direct/direct.h"

#include "backends/cuda/steps/implicit_gemm.h"
#include "ops/convolution.h"

namespace ingot::cuda {
namespace {

// The step's sizes. Filters are packed (filters last) where their own dims are an argument.
Result<DirectProblem> problem_of(const StepView& step, bool transposed, size_t first_extra) {
  const TensorArg &x = step.in(0), &y = step.out(0);
  const bool packed = step.args.has("weight_dims");
  const Dims weights = packed ? step.args.get_ints("weight_dims") : step.in(1).dims;
  const size_t rank = x.dims.size();
  if (rank < 3 || rank > 5 || weights.size() != rank) return unsupported("convolutions of ", rank, " dims");
  if (y.layout != Layout::kBlocked) return unsupported("results whose channels do not lie last");
  INGOT_ASSIGN_OR_RETURN(ops::Window window, ops::Window::read(step.args, static_cast<int>(rank) - 2));
  if (transposed) {
    INGOT_RETURN_IF_ERROR(ops::transposed_conv_sizes(step.args, x.dims, weights, window).status());
  } else {
    INGOT_RETURN_IF_ERROR(window.set_kernel(std::span(weights).subspan(2)));
    INGOT_RETURN_IF_ERROR(window.resolve({x.dims.begin() + 2, x.dims.end()}).status());
  }
  DirectProblem p{x.dtype,   step.in(1).dtype, DataType::kF32, y.dtype,
                  x.dims[0], x.dims[1],        y.dims[1],      step.args.get_int("group", 1)};
  const Dims in = ops::spatial_3d(x.dims), out = ops::spatial_3d(y.dims);
  const ops::Window all = window.as_3d();
  for (size_t d = 0; d < 3; ++d) {
    const ops::WindowAxis& a = all.axes[d];
    p.axes[d] = {in[d], out[d], a.kernel, a.stride, a.pad_begin, a.dilation};
  }
  p.transposed = transposed;
  p.channels_last = x.layout == Layout::kBlocked;
  p.filters_last = packed;
  p.epilogue = step.args.get_string("epilogue");
  for (size_t i = first_extra; i < step.inputs.size(); ++i) {
    INGOT_ASSIGN_OR_RETURN(const ConvExtra e, extra_of_image(step.in(i), y.dims));
    p.extras.push_back(e);
  }
  return p;
}

Result<Launches> launch(const StepView& step, const DirectProblem& p, std::vector<Pointer> pointers,
                        size_t first_extra) {
  Launches out;
  if (num_elements(step.out(0).dims) == 0) return out;
  INGOT_ASSIGN_OR_RETURN(KernelSpec spec, direct_kernel(p));
  for (size_t i = first_extra; i < step.inputs.size(); ++i) pointers.push_back(input(i));
  pointers.push_back(output(0));
  out.push_back({std::move(spec), std::move(pointers)});
  return out;
}

Pointer where_given(const StepView& step, size_t i) { return step.has(i) ? input(i) : nothing(); }

// Operands x, weights, bias, extras.
Result<Launches> float_launches(const StepView& step, bool transposed) {
  INGOT_ASSIGN_OR_RETURN(DirectProblem p, problem_of(step, transposed, 3));
  p.has_bias = step.has(2);
  if (p.has_bias) p.bias_type = step.in(2).dtype;
  return launch(step, p, {input(0), input(1), where_given(step, 2), nothing(), nothing(), nothing()}, 3);
}

// Operands x, weights, bias, scale, extras.
Result<Launches> quantized_launches(const StepView& step) {
  INGOT_ASSIGN_OR_RETURN(DirectProblem p, problem_of(step, false, 4));
  p.has_bias = step.has(2);
  p.has_scale = true;
  p.scale_per_filter = num_elements(step.in(3).dims) != 1;
  if (p.has_bias && num_elements(step.in(2).dims) != p.filters)
    return unsupported("a bias that is not one number for each filter");
  return launch(step, p, {input(0), input(1), where_given(step, 2), input(3), nothing(), nothing()}, 4);
}

// Operands x, weights, their zero points; results are the sums.
Result<Launches> integer_launches(const StepView& step) {
  INGOT_ASSIGN_OR_RETURN(DirectProblem p, problem_of(step, false, step.inputs.size()));
  p.x_zero = step.has(2);
  p.w_zero = step.has(3);
  p.w_zero_per_filter = p.w_zero && num_elements(step.in(3).dims) != 1;
  return launch(step, p,
                {input(0), input(1), nothing(), nothing(), where_given(step, 2), where_given(step, 3)},
                step.inputs.size());
}

}  // namespace

// args: those of the op; weight_dims, where the filters are packed: [channels / groups, taps, filters], of
// transposed convolutions [taps, channels, filters / groups].
Result<Launches> conv_direct_launches(const StepView& step) {
  if (step.kernel == "ConvInteger") return integer_launches(step);
  return step.kernel == "QuantizedConv" ? quantized_launches(step) : float_launches(step, false);
}

Result<Launches> conv_transposed_launches(const StepView& step) { return float_launches(step, true); }

}  // namespace ingot::cuda
