// Pools of channels-last images.
#include "backends/cuda/kernels/pool/pool.h"

#include "backends/cuda/steps/step.h"
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
  if (x.dims.size() < 3 || x.dims.size() > 4) return unsupported("pools of ", x.dims.size(), " dims");
  if (step.outputs.size() > 1 && step.out(1).given())
    return unsupported("positions of the maxima are wanted");
  return {};
}

}  // namespace

Result<Launches> pool_launches(const StepView& step) {
  INGOT_RETURN_IF_ERROR(expect_images(step));
  const Dims &x = step.in(0).dims, &y = step.out(0).dims;
  const auto spatial = static_cast<int>(x.size()) - 2;
  INGOT_ASSIGN_OR_RETURN(ops::Window window, ops::Window::read(step.args, spatial));
  INGOT_RETURN_IF_ERROR(window.set_kernel(step.args.get_ints("kernel_shape")));
  INGOT_RETURN_IF_ERROR(window.resolve({x.begin() + 2, x.end()}).status());
  const ops::WindowAxis none, &h = spatial == 2 ? window.axes.front() : none, &w = window.axes.back();
  PoolProblem p{};
  p.type = step.in(0).dtype;
  p.average = step.kernel == "AveragePool";
  p.count_pads = step.args.get_int("count_include_pad") != 0;
  p.images = x[0];
  p.channels = x[1];
  p.height = spatial == 2 ? x[2] : 1;
  p.width = x.back();
  p.out_h = spatial == 2 ? y[2] : 1;
  p.out_w = y.back();
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

}  // namespace ingot::cuda
