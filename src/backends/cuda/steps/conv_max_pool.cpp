// A first layer and the pool behind it, in one kernel or in two.
#include "backends/cuda/kernels/pool/pool.h"
#include "backends/cuda/steps/implicit_gemm.h"
#include "ops/window.h"

namespace ingot::cuda {
namespace {

// The sizes of a convolution's result, [N, K, H, W].
Result<Dims> conv_dims(const StepView& step) {
  const Dims &x = step.in(0).dims, &w = step.args.get_ints("weight_dims");
  if (x.size() != 4 || w.size() != 4 || step.out(0).dims.size() != 4) return unsupported("other than images");
  INGOT_ASSIGN_OR_RETURN(ops::Window window, ops::Window::read(step.args, 2));
  INGOT_RETURN_IF_ERROR(window.set_kernel(std::span(w).subspan(2)));
  INGOT_ASSIGN_OR_RETURN(const Dims out, window.resolve({x.begin() + 2, x.end()}));
  return Dims{x[0], w[0], out[0], out[1]};
}

}  // namespace

// args: those of ConvMaxPool, weight_dims, and apart: whether the image between is made; the filter lies as
// image_conv_kernel says.
Result<Launches> conv_max_pool_launches(const StepView& step) {
  TensorArg between = step.out(0);
  INGOT_ASSIGN_OR_RETURN(between.dims, conv_dims(step));
  const TensorArg* const outputs[] = {&between};
  INGOT_ASSIGN_OR_RETURN(const ConvProblem conv,
                         implicit_gemm_problem({step.kernel, step.args, step.inputs, outputs}));
  const Ints kernel = step.args.get_ints("pool_kernel"), strides = step.args.get_ints("pool_strides"),
             pads = step.args.get_ints("pool_pads");
  if (kernel.size() != 2 || strides.size() != 2 || pads.size() != 4 || kernel[0] != kernel[1] ||
      strides[0] != strides[1] || kernel[0] < 1 || strides[0] < 1)
    return unsupported("other than pools of squares");
  const ImagePool pool{kernel[0], strides[0], pads[0], pads[1], step.out(0).dims[2], step.out(0).dims[3]};
  const Pointer bias = step.has(2) ? input(2) : nothing();
  Launches out;
  if (step.args.get_int("apart") == 0) {
    INGOT_ASSIGN_OR_RETURN(KernelSpec both, image_conv_kernel(conv, pool));
    out.push_back({std::move(both), {input(0), input(1), bias, output(0)}});
    return out;
  }
  INGOT_ASSIGN_OR_RETURN(KernelSpec first, image_conv_kernel(conv));
  PoolProblem p{between.dtype, false,      false,      conv.images, conv.out_h, conv.out_w,
                conv.filters,  pool.out_h, pool.out_w, kernel[0],   kernel[1],  strides[0],
                strides[1],    pads[0],    pads[1],    pads[2],     pads[3]};
  INGOT_ASSIGN_OR_RETURN(KernelSpec second, pool_kernel(p));
  const Pointer image = scratch(0, byte_size(between.dtype, num_elements(between.dims)));
  out.push_back({std::move(first), {input(0), input(1), bias, image}});
  out.push_back({std::move(second), {image, output(0)}});
  return out;
}

}  // namespace ingot::cuda
