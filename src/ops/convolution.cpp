#include "ops/convolution.h"

#include <algorithm>

#include "ops/common.h"

namespace ingot::ops {

std::vector<AttrSpec> conv_attrs() {
  return {optional<std::string>("auto_pad", "NOTSET"),
          optional<Ints>("dilations", {}),
          optional<int64_t>("group", 1),
          absent_or<Ints>("kernel_shape"),
          optional<Ints>("pads", {}),
          optional<Ints>("strides", {})};
}

Result<TensorType> infer_conv(const Attrs& attrs, const TensorType& x, const TensorType& w) {
  if (!x.ranked || !w.ranked) return TensorType::unranked(x.dtype);
  if (x.rank() < 3 || x.rank() > 5)
    return unsupported("X has shape ", to_string(x.shape), ", expected 1 to 3 spatial dimensions");
  if (w.rank() != x.rank())
    return invalid_argument("W has shape ", to_string(w.shape), ", expected the rank of X, ", x.rank());
  const int64_t group = attrs.get_int("group", 1);
  const Dim &channels = x.shape[1], &filters = w.shape[0];
  if (group < 1 || (filters.is_const() && filters.value() % group != 0))
    return invalid_argument("group is ", group, ", expected a divisor of the ", filters.to_string(),
                            " filters");
  if (channels.is_const() && w.shape[1].is_const() &&
      (channels.value() % group != 0 || w.shape[1].value() != channels.value() / group))
    return invalid_argument("W has shape ", to_string(w.shape), " and X ", to_string(x.shape),
                            ", which do not fit for ", group, " groups");
  const Shape kernel(w.shape.begin() + 2, w.shape.end());
  const Ints declared = attrs.get_ints("kernel_shape");
  if (!declared.empty() && is_static(kernel) && to_shape(declared) != kernel)
    return invalid_argument("kernel_shape is ", dims_to_string(declared), ", but W has shape ",
                            to_string(w.shape));
  INGOT_ASSIGN_OR_RETURN(Window window, Window::read(attrs, x.rank() - 2));
  if (is_static(kernel)) {
    INGOT_ASSIGN_OR_RETURN(const Dims sizes, eval(kernel, {}));
    INGOT_RETURN_IF_ERROR(window.set_kernel(sizes));
  }
  INGOT_ASSIGN_OR_RETURN(const Shape spatial, window.output({x.shape.begin() + 2, x.shape.end()}, kernel));
  TensorType y{x.dtype, {x.shape[0], filters}};
  y.shape.insert(y.shape.end(), spatial.begin(), spatial.end());
  return y;
}

Result<ConvProblem> ConvProblem::make(const Attrs& attrs, const Dims& x, const Dims& w) {
  ConvProblem p{x[0], x[1], w[0], attrs.get_int("group", 1), {}, {}, {}};
  INGOT_ASSIGN_OR_RETURN(p.window, Window::read(attrs, static_cast<int>(x.size()) - 2));
  INGOT_RETURN_IF_ERROR(p.window.set_kernel(std::span(w).subspan(2)));
  INGOT_ASSIGN_OR_RETURN(const Dims spatial, p.window.resolve({x.begin() + 2, x.end()}));
  p.in = spatial_3d(x);
  p.out = spatial_3d(spatial, 0);
  p.window = p.window.as_3d();
  return p;
}

namespace {

// Adds one input plane times one filter plane to one output plane: for each tap, a strided row at a time.
void convolve_plane(const ConvProblem& p, const double* x, const double* w, double* y) {
  const WindowAxis &dz = p.window.axes[0], &dy = p.window.axes[1], &dx = p.window.axes[2];
  for (int64_t kz = 0; kz < dz.kernel; ++kz) {
    for (int64_t ky = 0; ky < dy.kernel; ++ky) {
      for (int64_t kx = 0; kx < dx.kernel; ++kx) {
        const double weight = *w++;
        // Output columns whose input column kx lies inside.
        const int64_t shift = kx * dx.dilation - dx.pad_begin;
        const int64_t first = shift >= 0 ? 0 : (-shift + dx.stride - 1) / dx.stride;
        const int64_t room = p.in[2] - shift;
        const int64_t last = std::min(p.out[2], room <= 0 ? 0 : (room + dx.stride - 1) / dx.stride);
        for (int64_t oz = 0; oz < p.out[0]; ++oz) {
          const int64_t iz = oz * dz.stride + kz * dz.dilation - dz.pad_begin;
          if (iz < 0 || iz >= p.in[0]) continue;
          for (int64_t oy = 0; oy < p.out[1]; ++oy) {
            const int64_t iy = oy * dy.stride + ky * dy.dilation - dy.pad_begin;
            if (iy < 0 || iy >= p.in[1]) continue;
            const double* row = x + (iz * p.in[1] + iy) * p.in[2];
            double* out = y + (oz * p.out[1] + oy) * p.out[2];
            for (int64_t ox = first; ox < last; ++ox) out[ox] += weight * row[ox * dx.stride + shift];
          }
        }
      }
    }
  }
}

}  // namespace

std::vector<double> ConvProblem::run(std::span<const double> x, std::span<const double> w) const {
  const int64_t in_plane = num_elements(in), out_plane = num_elements(out);
  const int64_t group_channels = channels / group, group_filters = filters / group;
  const int64_t taps = window.axes[0].kernel * window.axes[1].kernel * window.axes[2].kernel;
  std::vector<double> y(static_cast<size_t>(batch * filters * out_plane));
  for (int64_t n = 0; n < batch; ++n) {
    for (int64_t m = 0; m < filters; ++m) {
      double* to = y.data() + (n * filters + m) * out_plane;
      const int64_t first = n * channels + m / group_filters * group_channels;
      for (int64_t c = 0; c < group_channels; ++c)
        convolve_plane(*this, x.data() + (first + c) * in_plane, w.data() + (m * group_channels + c) * taps,
                       to);
    }
  }
  return y;
}

double conv_flops(const TensorView& w, const TensorView& y) {
  const double per_output = w.rank() < 2 || w.dims[0] == 0 ? 0 : static_cast<double>(w.size() / w.dims[0]);
  return 2 * per_output * static_cast<double>(y.size());
}

}  // namespace ingot::ops
