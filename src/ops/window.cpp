#include "ops/window.h"

#include <algorithm>

namespace ingot::ops {
namespace {

Status read_ints(const Attrs& attrs, std::string_view name, size_t count, int64_t lowest, Ints& out) {
  out = attrs.get_ints(name);
  if (out.empty()) out.assign(count, lowest);
  if (out.size() != count) return invalid_argument(name, " has ", out.size(), " values, expected ", count);
  for (int64_t v : out)
    if (v < lowest || v > Window::kMaxValue)
      return invalid_argument(name, " contains ", v, ", expected ", lowest, " to ", Window::kMaxValue);
  return {};
}

Result<Window::AutoPad> read_auto_pad(const Attrs& attrs) {
  const std::string text = attrs.get_string("auto_pad", "NOTSET");
  if (text == "NOTSET" || text.empty()) return Window::AutoPad::kNone;
  if (text == "SAME_UPPER") return Window::AutoPad::kSameUpper;
  if (text == "SAME_LOWER") return Window::AutoPad::kSameLower;
  if (text == "VALID") return Window::AutoPad::kValid;
  return invalid_argument("auto_pad is '", text, "', expected NOTSET, SAME_UPPER, SAME_LOWER or VALID");
}

bool is_same(Window::AutoPad pad) {
  return pad == Window::AutoPad::kSameUpper || pad == Window::AutoPad::kSameLower;
}

}  // namespace

Result<Window> Window::read(const Attrs& attrs, int rank) {
  Window w;
  const size_t n = static_cast<size_t>(rank);
  Ints strides, dilations, pads;
  INGOT_RETURN_IF_ERROR(read_ints(attrs, "strides", n, 1, strides));
  INGOT_RETURN_IF_ERROR(read_ints(attrs, "dilations", n, 1, dilations));
  INGOT_RETURN_IF_ERROR(read_ints(attrs, "pads", 2 * n, 0, pads));
  INGOT_ASSIGN_OR_RETURN(w.auto_pad, read_auto_pad(attrs));
  w.ceil_mode = attrs.get_int("ceil_mode", 0) != 0;
  const bool padded = w.auto_pad == AutoPad::kNone;
  for (size_t i = 0; i < n; ++i)
    w.axes.push_back({1, strides[i], dilations[i], padded ? pads[i] : 0, padded ? pads[n + i] : 0});
  return w;
}

Status Window::set_kernel(std::span<const int64_t> kernel) {
  if (kernel.size() != axes.size())
    return invalid_argument("the kernel has ", kernel.size(), " dimensions, expected ", axes.size());
  for (size_t i = 0; i < axes.size(); ++i) {
    if (kernel[i] < 1 || kernel[i] > kMaxValue)
      return invalid_argument("kernel size ", kernel[i], ", expected 1 to ", kMaxValue);
    axes[i].kernel = kernel[i];
  }
  return {};
}

Result<Shape> Window::output(const Shape& in, const Shape& kernel) const {
  if (in.size() != axes.size() || kernel.size() != axes.size())
    return invalid_argument("got ", in.size(), " spatial dimensions and a kernel of ", kernel.size(),
                            ", expected ", axes.size(), " of both");
  Shape out;
  for (size_t i = 0; i < axes.size(); ++i) {
    const WindowAxis& a = axes[i];
    if (is_same(auto_pad)) {
      out.push_back(ceil_div(in[i], a.stride));
      continue;
    }
    const Dim slack = in[i] + Dim(a.pad_begin + a.pad_end - 1) - (kernel[i] - 1) * Dim(a.dilation);
    if (slack.is_const() && slack.value() < 0)
      return invalid_argument("a window of ", ((kernel[i] - 1) * Dim(a.dilation) + 1).to_string(),
                              " elements does not fit into ", in[i].to_string(), " elements and pads of ",
                              a.pad_begin, " and ", a.pad_end);
    if (!ceil_mode) {
      out.push_back(floor_div(slack, a.stride) + 1);
      continue;
    }
    // A last window that would start in the end pads is left out.
    out.push_back(min(ceil_div(slack, a.stride) + 1, ceil_div(in[i] + Dim(a.pad_begin), a.stride)));
  }
  return out;
}

Result<Dims> Window::resolve(const Dims& in) {
  Shape kernel;
  for (const WindowAxis& a : axes) kernel.push_back(a.kernel);
  INGOT_ASSIGN_OR_RETURN(const Shape shape, output(to_shape(in), kernel));
  Dims out;
  for (size_t i = 0; i < axes.size(); ++i) {
    WindowAxis& a = axes[i];
    out.push_back(shape[i].value());
    if (!is_same(auto_pad)) continue;
    const int64_t total = std::max<int64_t>((out[i] - 1) * a.stride + a.extent() - in[i], 0);
    const int64_t half = total / 2;
    a.pad_begin = auto_pad == AutoPad::kSameUpper ? half : total - half;
    a.pad_end = total - a.pad_begin;
  }
  return out;
}

Window Window::as_3d() const {
  Window w = *this;
  w.axes.insert(w.axes.begin(), 3 - axes.size(), WindowAxis{});
  return w;
}

Dims spatial_3d(const Dims& dims, size_t first) {
  Dims out(3 - (dims.size() - first), 1);
  out.insert(out.end(), dims.begin() + static_cast<int64_t>(first), dims.end());
  return out;
}

}  // namespace ingot::ops
