#include "backends/cuda/steps/implicit_gemm.h"

#include <algorithm>

#include "backends/cuda/kernels/copy/copy.h"
#include "backends/cuda/kernels/depthwise/depthwise.h"
#include "backends/cuda/steps/matmul_problem.h"
#include "ops/window.h"

namespace ingot::cuda {
namespace {

// Layers of 8-bit operands have the sums' scale as input 3.
bool is_quantized(const StepView& step) { return bit_width(step.in(1).dtype) == 8; }
// Inputs of the epilogue begin here, for Conv as for FusedMatMul.
size_t first_extra(const StepView& step) { return is_quantized(step) ? 4 : 3; }

// A convolution with one row where there is one spatial axis.
struct Geometry {
  Dims x, y, w;  // [N, C, H, W], [N, K, H, W], [K, C / groups, H, W]
  Dims x_strides;
  ops::WindowAxis h, v;  // down and across
  int64_t groups = 1;
};

Dims with_rows(const Dims& dims) { return dims.size() == 3 ? Dims{dims[0], dims[1], 1, dims[2]} : dims; }

Result<Geometry> geometry_of(const StepView& step) {
  Geometry g;
  const TensorArg& x = step.in(0);
  const Dims weights = step.args.get_ints("weight_dims");
  const size_t rank = x.dims.size();
  if (rank < 3 || rank > 4 || weights.size() != rank) return unsupported("convolutions of ", rank, " dims");
  if (step.out(0).layout != Layout::kBlocked) return unsupported("results whose channels do not lie last");
  INGOT_ASSIGN_OR_RETURN(ops::Window window, ops::Window::read(step.args, static_cast<int>(rank) - 2));
  INGOT_RETURN_IF_ERROR(window.set_kernel(std::span(weights).subspan(2)));
  INGOT_RETURN_IF_ERROR(window.resolve({x.dims.begin() + 2, x.dims.end()}).status());
  if (rank == 4) g.h = window.axes.front();
  g.v = window.axes.back();
  g.x = with_rows(x.dims);
  g.y = with_rows(step.out(0).dims);
  g.w = with_rows(weights);
  g.x_strides = with_rows(strides_of(x));
  if (rank == 3) g.x_strides[2] = g.x_strides[3] * g.x[3];
  g.groups = step.args.get_int("group", 1);
  if (num_elements(g.x) == 0 || num_elements(g.y) == 0) return unsupported("empty convolutions");
  return g;
}

Result<ConvProblem> conv_problem(const StepView& step) {
  INGOT_ASSIGN_OR_RETURN(const Geometry g, geometry_of(step));
  ConvProblem p{};
  p.images = g.x[0], p.height = g.x[2], p.width = g.x[3];
  p.channels = g.w[1];
  p.filters = g.w[0] / g.groups;
  p.kernel_h = g.h.kernel, p.stride_h = g.h.stride, p.pad_top = g.h.pad_begin, p.dilation_h = g.h.dilation;
  p.kernel_w = g.v.kernel, p.stride_w = g.v.stride, p.pad_left = g.v.pad_begin, p.dilation_w = g.v.dilation;
  p.out_h = g.y[2], p.out_w = g.y[3];
  p.x_strides = {g.x_strides[0], g.x_strides[2], g.x_strides[3], g.x_strides[1]};
  if (const int64_t wide = step.args.get_int("padded_channels"); wide > 0) {  // in scratch memory
    p.channels = wide;
    p.x_strides = dense_strides({p.images, p.height, p.width, wide});
  }
  p.y_row = g.w[0];
  p.batch = g.groups;
  p.x_batch = g.w[1] * g.x_strides[1];
  p.weight_batch = p.filters * p.depth();
  p.bias_batch = p.y_batch = p.filters;
  for (size_t i = first_extra(step); i < step.inputs.size(); ++i) {
    INGOT_ASSIGN_OR_RETURN(ConvExtra e, extra_of_image(step.in(i), step.out(0).dims));
    e.batch = e.filter * p.filters;
    p.extras.push_back(e);
  }
  return p;
}

Result<ConvProblem> product_problem(const StepView& step) {
  const Dims &a = step.in(0).dims, &b = step.in(1).dims, &y = step.out(0).dims;
  if (step.args.get_int("trans_a") != 0 || b.size() != 2 || a.size() < 2)
    return unsupported("weights of a batch");
  const int64_t n = y.back(), k = a.back(), m = num_elements(y) / std::max<int64_t>(n, 1);
  if (m == 0 || n == 0 || k == 0) return unsupported("an empty product");
  ConvProblem p = matmul_problem(step.out(0).dtype, m, n, k);
  p.alpha = step.args.get_float("alpha", 1);
  for (size_t i = first_extra(step); i < step.inputs.size(); ++i) {
    const TensorArg& e = step.in(i);
    const int64_t size = num_elements(e.dims);
    if (e.dims == y)
      p.extras.push_back({e.dtype, 0, n, 1, 0});
    else if (size == 1 || (size == n && e.dims.back() == n))
      p.extras.push_back({e.dtype, 0, 0, size == 1 ? 0 : 1, 0});
    else
      return unsupported("an epilogue's operand repeated along some rows");
  }
  if (step.has(2) &&
      (num_elements(step.in(2).dims) != n || step.in(2).dims.empty() || step.in(2).dims.back() != n))
    return unsupported("a sum that is not one number for each column");
  return p;
}

Status set_scale(const StepView& step, int64_t filters, ConvProblem& p) {
  const int64_t scales = num_elements(step.in(3).dims);
  if (scales != 1 && scales != filters) return unsupported(scales, " scales for ", filters, " filters");
  if (step.has(2) && num_elements(step.in(2).dims) != filters)
    return unsupported("a bias that is not one number for each filter");
  p.scale = scales == 1 ? ConvProblem::kPerTensor : ConvProblem::kPerFilter;
  return {};
}

}  // namespace

Result<ConvExtra> extra_of_image(const TensorArg& a, const Dims& y) {
  ConvExtra e{a.dtype};
  if (a.dims.empty() || num_elements(a.dims) == 1) return e;
  TensorArg wide = a;
  wide.dims.insert(wide.dims.begin(), y.size() - a.dims.size(), 1);
  const Dims strides = strides_of(wide);
  int64_t pixels = 1, all_pixels = 1;
  for (size_t d = 2; d < y.size(); ++d) {
    pixels *= wide.dims[d];
    all_pixels *= y[d];
  }
  if (pixels != 1 && pixels != all_pixels)
    return unsupported("an epilogue's operand repeated along one spatial dim");
  if (wide.dims[0] != 1) e.image = strides[0];
  if (wide.dims[1] != 1) e.filter = strides[1];
  if (pixels != 1) e.pixel = strides.back();
  if (e.filter > 1) return unsupported("an epilogue's operand whose channels do not lie last");
  return e;
}

Result<ConvProblem> implicit_gemm_problem(const StepView& step) {
  INGOT_ASSIGN_OR_RETURN(ConvProblem p,
                         step.args.has("weight_dims") ? conv_problem(step) : product_problem(step));
  p.type = step.in(1).dtype;
  p.y_type = step.out(0).dtype;
  if (is_quantized(step)) INGOT_RETURN_IF_ERROR(set_scale(step, p.filters * p.batch, p));
  p.x_type = step.in(0).dtype;
  p.has_bias = step.has(2);
  p.bias_type = p.has_bias ? step.in(2).dtype : p.type;
  p.exact = step.args.get_int("exact") != 0;
  p.epilogue = step.args.get_string("epilogue");
  return p;
}

Ints to_ints(const ConvConfig& c) {
  return {c.bm, c.bn, c.warps_m, c.warps_n, c.stages, c.splits, c.wgmma, c.cluster, c.groups};
}

Result<ConvConfig> config_of(const StepView& step) {
  const Ints c = step.args.get_ints("config");
  if (c.size() != 9) return corrupt("a configuration of ", c.size(), " numbers");
  const auto number = [&](size_t i) { return static_cast<int>(c[i]); };
  return ConvConfig{number(0), number(1), number(2), number(3), number(4),
                    number(5), c[6] != 0, number(7), number(8)};
}

std::string name_of(const ConvConfig& c) {
  if (c.groups == ConvConfig::kPatch) return str("conv_patches_", c.bn, "x", c.warps_m);
  const std::string_view way = c.groups == 2                      ? "_pingpong"
                               : c.groups == 1                    ? "_cooperative"
                               : c.groups == ConvConfig::kOneTile ? "_one_tile"
                               : c.wgmma                          ? "_wgmma"
                                                                  : "";
  return str("implicit_gemm_", c.bm, "x", c.bn, "x", c.stages, c.splits > 1 ? str("_k", c.splits) : "", way);
}

namespace {

std::vector<Pointer> pointers_of(const StepView& step) {
  std::vector<Pointer> pointers = {input(0), input(1),
                                   step.has(2) ? input(2) : Pointer{Pointer::kNone, 0, 0}};
  for (size_t i = 3; i < step.inputs.size(); ++i) pointers.push_back(input(i));
  pointers.push_back(output(0));
  return pointers;
}

}  // namespace

namespace {

// Images whose channels are filled up with zeros, channels last, in scratch memory.
Result<Launch> pad_channels(const StepView& step, const ConvProblem& p) {
  const TensorArg& x = step.in(0);
  const Dims plain = with_rows(strides_of(x)), dims = {p.images, p.height, p.width, p.channels};
  const Dims from = {plain[0], x.dims.size() == 3 ? 0 : plain[2], plain[3], plain[1]};
  CopyProblem copy{x.dtype, x.dtype, dims, from, dense_strides(dims), x.dims[1]};
  INGOT_ASSIGN_OR_RETURN(KernelSpec spec, copy_kernel(copy));
  return Launch{std::move(spec), {input(0), scratch(0, byte_size(x.dtype, num_elements(dims)))}};
}

}  // namespace

// args: those of the problem, and config.
Result<Launches> implicit_gemm_launches(const StepView& step) {
  if (num_elements(step.out(0).dims) == 0) return Launches{};
  if (!step.args.has("weight_dims") && !is_quantized(step) && is_empty_product(step))
    return empty_product_launches(step);
  INGOT_ASSIGN_OR_RETURN(const ConvProblem problem, implicit_gemm_problem(step));
  INGOT_ASSIGN_OR_RETURN(const ConvConfig config, config_of(step));
  INGOT_ASSIGN_OR_RETURN(KernelSpec spec, conv_kernel(problem, config));
  Launches out;
  std::vector<Pointer> pointers = pointers_of(step);
  if (step.args.get_int("padded_channels") > 0) {
    INGOT_ASSIGN_OR_RETURN(Launch pad, pad_channels(step, problem));
    pointers[0] = pad.pointers[1];
    out.push_back(std::move(pad));
  }
  out.push_back({std::move(spec), std::move(pointers)});
  return out;
}

// args: those of Conv, and weight_dims; the filter lies as image_conv_kernel says.
Result<Launches> image_conv_launches(const StepView& step) {
  INGOT_ASSIGN_OR_RETURN(const ConvProblem problem, implicit_gemm_problem(step));
  INGOT_ASSIGN_OR_RETURN(KernelSpec spec, image_conv_kernel(problem));
  Launches out;
  out.push_back({std::move(spec), pointers_of(step)});
  return out;
}

Result<DepthwiseProblem> depthwise_problem(const StepView& step) {
  INGOT_ASSIGN_OR_RETURN(const Geometry g, geometry_of(step));
  if (g.groups != g.x[1] || g.w[0] != g.groups) return unsupported("filters that read several channels");
  if (step.in(0).layout != Layout::kBlocked) return unsupported("channels that do not lie last");
  DepthwiseProblem p{};
  p.type = step.out(0).dtype;
  p.images = g.x[0], p.height = g.x[2], p.width = g.x[3], p.channels = g.x[1];
  p.out_h = g.y[2], p.out_w = g.y[3];
  p.kernel_h = g.h.kernel, p.stride_h = g.h.stride, p.pad_top = g.h.pad_begin, p.dilation_h = g.h.dilation;
  p.kernel_w = g.v.kernel, p.stride_w = g.v.stride, p.pad_left = g.v.pad_begin, p.dilation_w = g.v.dilation;
  p.has_bias = step.has(2);
  p.epilogue = step.args.get_string("epilogue");
  p.piece_h = step.args.get_int("piece_h", p.piece_h), p.piece_w = step.args.get_int("piece_w", p.piece_w);
  p.piece_channels = step.args.get_int("piece_channels", p.piece_channels);
  p.blocks = step.args.get_int("blocks_each", p.blocks);
  if (p.blocks < 1 || p.blocks > 64) return corrupt(p.blocks, " blocks of a depthwise convolution");
  if (std::min(p.piece_h, p.piece_w) < 1 || std::max(p.piece_h, p.piece_w) > 8 ||
      (p.piece_channels != 8 && p.piece_channels != 4 && p.piece_channels != 2))
    return corrupt("a depthwise convolution in pieces of ", p.piece_h, "x", p.piece_w, "x", p.piece_channels);
  for (size_t i = first_extra(step); i < step.inputs.size(); ++i) {
    INGOT_ASSIGN_OR_RETURN(const ConvExtra e, extra_of_image(step.in(i), step.out(0).dims));
    p.extras.push_back(e);
  }
  return p;
}

// args: those of Conv, weight_dims, piece_h, piece_w, piece_channels and blocks_each; the filter lies [kernel
// height, kernel width, channels].
Result<Launches> depthwise_launches(const StepView& step) {
  INGOT_ASSIGN_OR_RETURN(const DepthwiseProblem problem, depthwise_problem(step));
  INGOT_ASSIGN_OR_RETURN(KernelSpec spec, depthwise_kernel(problem));
  Launches out;
  out.push_back({std::move(spec), pointers_of(step)});
  return out;
}

}  // namespace ingot::cuda
