#include "backends/cpu/compile/conv_geometry.h"

#include "ops/window.h"

namespace ingot::cpu {
namespace {

// Networks' first layers have few channels: they are read from the plain input, without a reorder.
constexpr int64_t kFewChannels = 4;

}  // namespace

Result<ConvDesc> conv_geometry(const Attrs& attrs, const Dims& weights, const Dims& x) {
  const int spatial = static_cast<int>(x.size()) - 2;
  INGOT_ASSIGN_OR_RETURN(ops::Window window, ops::Window::read(attrs, spatial));
  INGOT_RETURN_IF_ERROR(window.set_kernel(std::span(weights).subspan(2)));
  INGOT_RETURN_IF_ERROR(window.resolve({x.begin() + 2, x.end()}).status());
  ConvDesc d;
  d.batch = x[0];
  d.in_channels = x[1];
  d.out_channels = weights[0];
  d.groups = attrs.get_int("group", 1);
  for (int i = 0; i < spatial; ++i) {
    const ops::WindowAxis& axis = window.axes[static_cast<size_t>(i)];
    const int to = i + 2 - spatial;
    d.in[to] = x[static_cast<size_t>(i) + 2];
    d.kernel[to] = axis.kernel;
    d.stride[to] = axis.stride;
    d.dilation[to] = axis.dilation;
    d.pad_begin[to] = axis.pad_begin;
    d.pad_end[to] = axis.pad_end;
  }
  d.plain_src = d.in_channels <= kFewChannels && d.groups == 1;
  return d;
}

}  // namespace ingot::cpu
