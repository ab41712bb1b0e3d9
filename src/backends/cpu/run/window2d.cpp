#include "backends/cpu/run/window2d.h"

namespace ingot::cpu {

Result<Window2d> Window2d::make(const Attrs& args, std::span<const int64_t> kernel, const TensorArg& x,
                                const TensorArg& y) {
  const size_t spatial = kernel.size();
  if (x.dims.size() != spatial + 2 || y.dims.size() != spatial + 2 || spatial < 1 || spatial > 2)
    return invalid_argument("a window of rank ", spatial, " does not slide over ", dims_to_string(x.dims));
  INGOT_ASSIGN_OR_RETURN(ops::Window window, ops::Window::read(args, static_cast<int>(spatial)));
  INGOT_RETURN_IF_ERROR(window.set_kernel(kernel));
  INGOT_ASSIGN_OR_RETURN(const Dims out, window.resolve({x.dims.begin() + 2, x.dims.end()}));
  if (!std::equal(out.begin(), out.end(), y.dims.begin() + 2))
    return invalid_argument("the window's result is ", dims_to_string(out), ", planned was ",
                            dims_to_string(y.dims));
  Window2d w;
  w.batch = x.dims[0];
  w.channels = x.dims[1];
  const ops::WindowAxis& last = window.axes.back();
  w.in_w = x.dims.back();
  w.out_w = out.back();
  w.kernel_w = last.kernel;
  w.stride_w = last.stride;
  w.dilation_w = last.dilation;
  w.pad_left = last.pad_begin;
  w.pad_right = last.pad_end;
  if (spatial == 1) return w;
  const ops::WindowAxis& first = window.axes.front();
  w.in_h = x.dims[2];
  w.out_h = out.front();
  w.kernel_h = first.kernel;
  w.stride_h = first.stride;
  w.dilation_h = first.dilation;
  w.pad_top = first.pad_begin;
  w.pad_bottom = first.pad_end;
  return w;
}

}  // namespace ingot::cpu
