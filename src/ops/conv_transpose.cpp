// ConvTranspose: https://onnx.ai/onnx/operators/onnx__ConvTranspose.html (version 22), 1 to 3 spatial
// dimensions. Beyond ONNX: the attribute `epilogue` with extra inputs from index 3 on (epilogue.h).
#include <algorithm>

#include "ops/common.h"
#include "ops/convolution.h"
#include "ops/epilogue.h"
#include "ops/wide.h"
#include "ops/window.h"

namespace ingot::ops {
namespace {

// The output sizes for spatial sizes `in`; with concrete ones the window's pads are those to cut off.
Result<Shape> output_sizes(const Attrs& attrs, const Shape& in, const Shape& kernel, Window& window) {
  const size_t rank = in.size();
  Ints extra = attrs.get_ints("output_padding"), declared = attrs.get_ints("output_shape");
  if (extra.empty()) extra.assign(rank, 0);
  if (declared.size() == rank + 2) declared.erase(declared.begin(), declared.begin() + 2);
  if (extra.size() != rank || (!declared.empty() && declared.size() != rank))
    return invalid_argument("output_padding has ", extra.size(), " values and output_shape ", declared.size(),
                            ", expected ", rank);
  const bool same =
      window.auto_pad == Window::AutoPad::kSameUpper || window.auto_pad == Window::AutoPad::kSameLower;
  Shape out;
  for (size_t i = 0; i < rank; ++i) {
    WindowAxis& a = window.axes[i];
    if (extra[i] < 0 || extra[i] > Window::kMaxValue)
      return invalid_argument("output_padding contains ", extra[i]);
    const Dim full = (in[i] - 1) * Dim(a.stride) + Dim(extra[i] + 1) + (kernel[i] - 1) * Dim(a.dilation);
    if (declared.empty() && !same) {
      out.push_back(full - Dim(a.pad_begin + a.pad_end));
    } else {
      out.push_back(declared.empty() ? in[i] * Dim(a.stride) : Dim(declared[i]));
      const Dim cut = full - out[i];
      if (cut.is_const()) {
        const int64_t total = std::max<int64_t>(cut.value(), 0), half = total / 2;
        a.pad_begin = window.auto_pad == Window::AutoPad::kSameUpper ? half : total - half;
        a.pad_end = total - a.pad_begin;
      }
    }
    if (out[i].is_const() && (out[i].value() < 1 || out[i].value() > (int64_t{1} << 40)))
      return invalid_argument("spatial dimension ", i, " of the output would have size ", out[i].to_string());
  }
  return out;
}

Result<Shape> output_shape(const Attrs& attrs, const Shape& x, const Shape& w, Window& window) {
  if (x.size() < 3 || x.size() > 5)
    return unsupported("X has shape ", to_string(x), ", expected 1 to 3 spatial dimensions");
  if (w.size() != x.size())
    return invalid_argument("W has shape ", to_string(w), ", expected the rank of X, ", x.size());
  const int64_t group = attrs.get_int("group", 1);
  if (group < 1 || group > Window::kMaxValue || (w[0].is_const() && w[0].value() % group != 0))
    return invalid_argument("group is ", group, ", expected a divisor of the ", w[0].to_string(),
                            " input channels");
  if (x[1].is_const() && w[0].is_const() && x[1] != w[0])
    return invalid_argument("W has shape ", to_string(w), ", expected ", x[1].to_string(), " input channels");
  INGOT_ASSIGN_OR_RETURN(window, Window::read(attrs, static_cast<int>(x.size()) - 2));
  const Shape kernel(w.begin() + 2, w.end());
  if (is_static(kernel)) {
    INGOT_ASSIGN_OR_RETURN(const Dims sizes, eval(kernel, {}));
    INGOT_RETURN_IF_ERROR(window.set_kernel(sizes));
  }
  INGOT_ASSIGN_OR_RETURN(const Shape spatial, output_sizes(attrs, {x.begin() + 2, x.end()}, kernel, window));
  Shape y = {x[0], w[1] * Dim(group)};
  y.insert(y.end(), spatial.begin(), spatial.end());
  return y;
}

Status infer(InferContext& c) {
  const DataType type = c.type(0).dtype;
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kFloats));
  INGOT_RETURN_IF_ERROR(expect_same_type(c, 0, 1));
  INGOT_RETURN_IF_ERROR(expect_same_type(c, 0, 2));
  if (!c.type(0).ranked || !c.type(1).ranked) {
    c.set_unranked(0, type);
    return infer_epilogue(c, 3);
  }
  Window window;
  INGOT_ASSIGN_OR_RETURN(Shape y, output_shape(c.attrs, c.shape(0), c.shape(1), window));
  if (c.has(2) && c.type(2).ranked &&
      (c.type(2).rank() != 1 || (c.type(2).is_static() && y[1].is_const() && c.shape(2)[0] != y[1])))
    return invalid_argument("B has shape ", to_string(c.shape(2)), ", expected [", y[1].to_string(), "]");
  c.set(0, type, std::move(y));
  return infer_epilogue(c, 3);
}

// Adds one input plane, spread by one filter plane, to one output plane.
void spread_plane(const Window& window, const Dims& in, const Dims& out, const double* x, const double* w,
                  double* y) {
  const WindowAxis &dz = window.axes[0], &dy = window.axes[1], &dx = window.axes[2];
  for (int64_t kz = 0; kz < dz.kernel; ++kz) {
    for (int64_t ky = 0; ky < dy.kernel; ++ky) {
      for (int64_t kx = 0; kx < dx.kernel; ++kx) {
        const double weight = *w++;
        for (int64_t iz = 0; iz < in[0]; ++iz) {
          const int64_t oz = iz * dz.stride + kz * dz.dilation - dz.pad_begin;
          if (oz < 0 || oz >= out[0]) continue;
          for (int64_t iy = 0; iy < in[1]; ++iy) {
            const int64_t oy = iy * dy.stride + ky * dy.dilation - dy.pad_begin;
            if (oy < 0 || oy >= out[1]) continue;
            const double* row = x + (iz * in[1] + iy) * in[2];
            double* to = y + (oz * out[1] + oy) * out[2];
            for (int64_t ix = 0; ix < in[2]; ++ix) {
              const int64_t ox = ix * dx.stride + kx * dx.dilation - dx.pad_begin;
              if (ox >= 0 && ox < out[2]) to[ox] += weight * row[ix];
            }
          }
        }
      }
    }
  }
}

Status eval(EvalContext& c) {
  const TensorView &x = c.input(0), &w = c.input(1);
  Window window;
  INGOT_ASSIGN_OR_RETURN(const Shape shape,
                         output_shape(c.attrs, to_shape(x.dims), to_shape(w.dims), window));
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer));
  const Dims& dims = y.dims;
  window = window.as_3d();
  const Dims in = spatial_3d(x.dims), out = spatial_3d(dims);
  const int64_t in_plane = num_elements(in), out_plane = num_elements(out);
  const int64_t taps = window.axes[0].kernel * window.axes[1].kernel * window.axes[2].kernel;
  const int64_t group_channels = x.dims[1] / c.attrs.get_int("group", 1), group_filters = w.dims[1];
  const std::vector<double> source = load_all<double>(x), weights = load_all<double>(w);
  std::vector<double> sums(static_cast<size_t>(y.size()));
  for (int64_t n = 0; n < x.dims[0]; ++n) {
    for (int64_t ch = 0; ch < x.dims[1]; ++ch) {
      for (int64_t m = 0; m < group_filters; ++m) {
        const int64_t to = n * dims[1] + ch / group_channels * group_filters + m;
        spread_plane(window, in, out, source.data() + (n * x.dims[1] + ch) * in_plane,
                     weights.data() + (ch * group_filters + m) * taps, sums.data() + to * out_plane);
      }
    }
  }
  if (c.has(2)) {
    const std::vector<double> bias = load_all<double>(c.input(2));
    for (size_t i = 0; i < sums.size(); ++i)
      sums[i] += bias[i / static_cast<size_t>(out_plane) % bias.size()];
  }
  store(sums.data(), y.size(), y, 0);
  return eval_epilogue(c, 3, y);
}

Cost cost(const CostContext& c) {
  Cost total = epilogue_cost(c, 3);
  const TensorView &x = c.inputs[0], &w = c.inputs[1];
  if (w.rank() > 0 && w.dims[0] > 0)
    total.flops += 2 * static_cast<double>(x.size()) * static_cast<double>(w.size() / w.dims[0]);
  for (size_t i = 0; i < std::min<size_t>(c.inputs.size(), 3); ++i)
    total.bytes += static_cast<double>(c.inputs[i].bytes());
  total.bytes += static_cast<double>(c.outputs[0].bytes());
  return total;
}

std::vector<OpCase> cases() {
  const Ints two = {2, 2};
  return {{"plain", {}, {random_input({1, 2, 3, 4}), random_input({2, 3, 3, 3})}},
          {"stride_bias",
           {{"strides", two}},
           {random_input({2, 4, 5, 6}), random_input({4, 6, 2, 2}), random_input({6})}},
          {"pads",
           {{"strides", two}, {"pads", Ints{1, 1, 1, 1}}, {"output_padding", Ints{1, 1}}},
           {random_input({1, 3, 4, 4}), random_input({3, 2, 3, 3})}},
          {"grouped",
           {{"group", int64_t{2}}, {"strides", two}},
           {random_input({1, 4, 3, 3}), random_input({4, 3, 3, 3})}},
          {"dilated", {{"dilations", two}}, {random_input({1, 2, 4, 4}), random_input({2, 1, 2, 2})}},
          {"same_upper",
           {{"auto_pad", std::string("SAME_UPPER")}, {"strides", two}},
           {random_input({1, 1, 3, 3}), random_input({1, 2, 3, 3})}},
          {"output_shape",
           {{"output_shape", Ints{10, 8}}, {"strides", Ints{3, 2}}},
           {random_input({1, 1, 3, 3}), random_input({1, 2, 3, 3})}},
          {"one_dim", {{"strides", Ints{2}}}, {random_input({1, 2, 5}), random_input({2, 2, 4})}},
          {"epilogue",
           {{"strides", two}, {"epilogue", std::string("relu x0")}},
           {random_input({1, 4, 3, 3}), random_input({4, 4, 2, 2}), random_input({4})}}};
}

}  // namespace

Result<Dims> transposed_conv_sizes(const Attrs& attrs, const Dims& x, const Dims& w, Window& window) {
  INGOT_ASSIGN_OR_RETURN(const Shape y, output_shape(attrs, to_shape(x), to_shape(w), window));
  return eval(Shape(y.begin() + 2, y.end()), {});
}

}  // namespace ingot::ops

namespace ingot {

const OpDef& op_ConvTranspose() {
  static const OpDef op{"ConvTranspose",
                        2,
                        3 + ops::PointwiseProgram::kMaxInputs,
                        1,
                        1,
                        {optional<std::string>("auto_pad", "NOTSET"), optional<Ints>("dilations", {}),
                         optional<int64_t>("group", 1), absent_or<Ints>("kernel_shape"),
                         optional<Ints>("output_padding", {}), absent_or<Ints>("output_shape"),
                         optional<Ints>("pads", {}), optional<Ints>("strides", {}), ops::epilogue_attr()},
                        ops::infer,
                        ops::eval,
                        ops::cost};
  return op;
}

std::vector<OpCase> cases_ConvTranspose() { return ops::cases(); }

}  // namespace ingot
