// Pools of channels-last images and volumes, resizes of images.
#include "backends/cuda/kernels/pool/pool.h"

#include "backends/cuda/steps/step.h"
#include "ops/resample.h"
#include "ops/window.h"

namespace ingot::cuda {
namespace {

Result<Launches> one(Result<KernelSpec> spec) {
  if (!spec.ok()) return spec.status();
  Launches out;
  out.push_back({std::move(*spec), {input(0), output(0)}});
  return out;
}

Status expect_images(const StepView& step) {
  const TensorArg& x = step.in(0);
  if (x.layout != Layout::kBlocked) return unsupported("channels that do not lie last");
  if (x.dims.size() < 3 || x.dims.size() > 5) return unsupported("pools of ", x.dims.size(), " dims");
  if (step.outputs.size() > 1 && step.out(1).given())
    return unsupported("positions of the maxima are wanted");
  return {};
}

// Which pixels, with which weights, make each pixel along one axis.
struct Taps {
  Tensor index, weight;
  int count = 1;
};

Result<Taps> taps_of(const ops::ResampleMode& mode, int64_t in, int64_t out, float scale) {
  constexpr size_t kMost = 16;
  const double exact = static_cast<double>(out) / static_cast<double>(in);
  INGOT_ASSIGN_OR_RETURN(const ops::ResampleTable table,
                         ops::resample_table(mode, {in, out, scale > 0 ? scale : exact}));
  if (table.taps > kMost) return unsupported("a resize that reads ", table.taps, " pixels for each");
  Taps taps;
  taps.count = static_cast<int>(table.taps);
  const auto size = static_cast<int64_t>(table.index.size());
  INGOT_ASSIGN_OR_RETURN(taps.index, Tensor::allocate(DataType::kI32, {size}));
  INGOT_ASSIGN_OR_RETURN(taps.weight, Tensor::allocate(DataType::kF32, {size}));
  for (size_t i = 0; i < table.index.size(); ++i) {
    taps.index.mutable_span<int32_t>()[i] = static_cast<int32_t>(table.index[i]);
    taps.weight.mutable_span<float>()[i] = static_cast<float>(table.weight[i]);
  }
  return taps;
}

}  // namespace

// args: those of Resize, and scales (of height and width; 0 where sizes decide).
Result<Launches> resize_launches(const StepView& step) {
  const TensorArg &x = step.in(0), &y = step.out(0);
  const Floats scales = step.args.get<Floats>("scales");
  if (x.layout != Layout::kBlocked || !is_float(x.dtype))
    return unsupported("other than channels-last floats");
  if (num_elements(y.dims) == 0) return Launches{};
  if (x.dims.size() < 3 || x.dims.size() > 4 || scales.size() != 2 || num_elements(x.dims) == 0)
    return unsupported("a resize of ", dims_to_string(x.dims));
  INGOT_ASSIGN_OR_RETURN(const ops::ResampleMode mode, ops::ResampleMode::read(step.args));
  const bool rows = x.dims.size() == 4;
  const int64_t height = rows ? x.dims[2] : 1, out_h = rows ? y.dims[2] : 1;
  INGOT_ASSIGN_OR_RETURN(const Taps h, taps_of(mode, height, out_h, rows ? scales[0] : 1));
  INGOT_ASSIGN_OR_RETURN(const Taps w, taps_of(mode, x.dims.back(), y.dims.back(), scales[1]));
  const ResizeProblem p{x.dtype, x.dims[0],     height,  x.dims.back(), x.dims[1],
                        out_h,   y.dims.back(), h.count, w.count,       y.layout == Layout::kPlain};
  INGOT_ASSIGN_OR_RETURN(KernelSpec spec, resize_kernel(p));
  Launches out;
  out.push_back({std::move(spec),
                 {input(0), table(h.index), table(h.weight), table(w.index), table(w.weight), output(0)}});
  return out;
}

Result<Launches> pool_launches(const StepView& step) {
  INGOT_RETURN_IF_ERROR(expect_images(step));
  const Dims &x = step.in(0).dims, &y = step.out(0).dims;
  const auto spatial = static_cast<int>(x.size()) - 2;
  INGOT_ASSIGN_OR_RETURN(ops::Window window, ops::Window::read(step.args, spatial));
  INGOT_RETURN_IF_ERROR(window.set_kernel(step.args.get_ints("kernel_shape")));
  INGOT_RETURN_IF_ERROR(window.resolve({x.begin() + 2, x.end()}).status());
  const ops::Window all = window.as_3d();
  const ops::WindowAxis &d = all.axes[0], &h = all.axes[1], &w = all.axes[2];
  const Dims in = ops::spatial_3d(x), out = ops::spatial_3d(y);
  PoolProblem p{};
  p.type = step.in(0).dtype;
  p.average = step.kernel == "AveragePool";
  p.count_pads = step.args.get_int("count_include_pad") != 0;
  p.images = x[0];
  p.channels = x[1];
  p.depth = in[0], p.height = in[1], p.width = in[2];
  p.out_d = out[0], p.out_h = out[1], p.out_w = out[2];
  p.kernel_d = d.kernel, p.stride_d = d.stride, p.dilation_d = d.dilation;
  p.pad_front = d.pad_begin, p.pad_back = d.pad_end;
  p.kernel_h = h.kernel, p.stride_h = h.stride, p.dilation_h = h.dilation;
  p.pad_top = h.pad_begin, p.pad_bottom = h.pad_end;
  p.kernel_w = w.kernel, p.stride_w = w.stride, p.dilation_w = w.dilation;
  p.pad_left = w.pad_begin, p.pad_right = w.pad_end;
  return one(pool_kernel(p));
}

Result<Launches> global_pool_launches(const StepView& step) {
  const TensorArg& x = step.in(0);
  if (x.layout != Layout::kBlocked) return unsupported("channels that do not lie last");
  GlobalPoolProblem p{x.dtype, step.kernel == "GlobalAveragePool", x.dims[0], 1, x.dims[1]};
  for (size_t d = 2; d < x.dims.size(); ++d) p.pixels *= x.dims[d];
  return one(global_pool_kernel(p));
}

// args: those of SqueezeExcitation, and blocks of an image.
Result<Launches> squeeze_excitation_launches(const StepView& step) {
  const TensorArg& x = step.in(0);
  if (x.layout != Layout::kBlocked) return unsupported("channels that do not lie last");
  GatesProblem p{x.dtype, x.dims[0], 1, x.dims[1], step.in(1).dims[0]};
  for (size_t d = 2; d < x.dims.size(); ++d) p.pixels *= x.dims[d];
  if (num_elements(x.dims) == 0) return unsupported("an empty image");
  const auto program = [&](std::string_view name) { return step.args.get_string(name); };
  p.program1 = program("inner_epilogue"), p.program2 = program("epilogue");
  p.blocks = step.args.get_int("blocks", 1);
  if (p.blocks < 1 || p.blocks > 8) return corrupt("a cluster of ", p.blocks, " blocks");
  INGOT_ASSIGN_OR_RETURN(KernelSpec spec, squeeze_excitation_kernel(p));
  Launches out;
  out.push_back({std::move(spec), {input(0), input(1), input(2), input(3), input(4), output(0)}});
  return out;
}

}  // namespace ingot::cuda
