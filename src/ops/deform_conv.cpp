// DeformConv: a convolution of images whose taps are moved by offsets and weighted by a mask, both inputs of
// their own (Zhu et al., arXiv:1811.11168). https://onnx.ai/onnx/operators/onnx__DeformConv.html (version 22)
#include <cmath>

#include "ops/common.h"
#include "ops/convolution.h"
#include "ops/wide.h"

namespace ingot::ops {
namespace {

Status check_input(const InferContext& c, size_t i, const Shape& expected) {
  if (!c.has(i) || !c.type(i).is_static() || !is_static(expected) || c.shape(i) == expected) return {};
  return invalid_argument("input ", i, " has shape ", to_string(c.shape(i)), ", expected ",
                          to_string(expected));
}

Status infer(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kFloats));
  for (size_t i = 1; i < 5; ++i) INGOT_RETURN_IF_ERROR(expect_same_type(c, 0, i));
  INGOT_RETURN_IF_ERROR(expect_rank(c, 0, 4, 4));
  INGOT_RETURN_IF_ERROR(expect_rank(c, 1, 4, 4));
  INGOT_ASSIGN_OR_RETURN(c.outputs[0].type, infer_conv(c.attrs, c.type(0), c.type(1)));
  const int64_t groups = c.attrs.get_int("offset_group", 1);
  if (groups < 1) return invalid_argument("offset_group is ", groups, ", expected a positive number");
  if (!c.outputs[0].type.ranked) return {};
  const Shape &w = c.shape(1), &y = c.outputs[0].type.shape;
  const Dim taps = w[2] * w[3] * groups;
  INGOT_RETURN_IF_ERROR(check_input(c, 2, {y[0], taps * 2, y[2], y[3]}));
  INGOT_RETURN_IF_ERROR(check_input(c, 3, {w[0]}));
  return check_input(c, 4, {y[0], taps, y[2], y[3]});
}

// The plane between its four nearest elements; zero outside.
double sample(const double* plane, int64_t height, int64_t width, double y, double x) {
  if (!(y > -1 && y < static_cast<double>(height) && x > -1 && x < static_cast<double>(width))) return 0;
  const auto top = static_cast<int64_t>(std::floor(y)), left = static_cast<int64_t>(std::floor(x));
  const double down = y - static_cast<double>(top), right = x - static_cast<double>(left);
  auto at = [&](int64_t i, int64_t j) {
    return i >= 0 && i < height && j >= 0 && j < width ? plane[i * width + j] : 0.0;
  };
  return (1 - down) * ((1 - right) * at(top, left) + right * at(top, left + 1)) +
         down * ((1 - right) * at(top + 1, left) + right * at(top + 1, left + 1));
}

Status eval(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer));
  INGOT_ASSIGN_OR_RETURN(const ConvProblem p, ConvProblem::make(c.attrs, c.input(0).dims, c.input(1).dims));
  const auto load_or = [&](size_t i) {
    return c.has(i) ? load_all<double>(c.input(i)) : std::vector<double>();
  };
  const std::vector<double> x = load_all<double>(c.input(0)), w = load_all<double>(c.input(1)),
                            offset = load_all<double>(c.input(2)), bias = load_or(3), mask = load_or(4);
  const int64_t height = p.in[1], width = p.in[2], out_plane = y.dims[2] * y.dims[3];
  const WindowAxis &rows = p.window.axes[1], &columns = p.window.axes[2];
  const int64_t taps = rows.kernel * columns.kernel, per_group = p.channels / p.group;
  const int64_t offset_groups = c.attrs.get_int("offset_group", 1);
  if (p.channels % offset_groups != 0)
    return invalid_argument("offset_group is ", offset_groups, ", which does not divide ", p.channels,
                            " channels");
  const int64_t per_offset = p.channels / offset_groups, filters = p.filters / p.group;

  std::vector<double> result(static_cast<size_t>(y.size())), moved(static_cast<size_t>(p.channels * taps));
  for (int64_t n = 0; n < p.batch; ++n) {
    for (int64_t at = 0; at < out_plane; ++at) {
      const int64_t row = at / y.dims[3] * rows.stride - rows.pad_begin;
      const int64_t column = at % y.dims[3] * columns.stride - columns.pad_begin;
      for (int64_t ch = 0; ch < p.channels; ++ch) {
        const double* plane = x.data() + (n * p.channels + ch) * height * width;
        for (int64_t t = 0; t < taps; ++t) {
          const int64_t tap = (n * offset_groups + ch / per_offset) * taps + t;
          const double* move = offset.data() + 2 * tap * out_plane + at;
          const double place_y = static_cast<double>(row + t / columns.kernel * rows.dilation) + move[0];
          const double place_x =
              static_cast<double>(column + t % columns.kernel * columns.dilation) + move[out_plane];
          const double weight = mask.empty() ? 1 : mask[static_cast<size_t>(tap * out_plane + at)];
          moved[static_cast<size_t>(ch * taps + t)] = weight * sample(plane, height, width, place_y, place_x);
        }
      }
      for (int64_t f = 0; f < p.filters; ++f) {
        double sum = bias.empty() ? 0 : bias[static_cast<size_t>(f)];
        const double* from = moved.data() + f / filters * per_group * taps;
        for (int64_t k = 0; k < per_group * taps; ++k)
          sum += from[k] * w[static_cast<size_t>(f * per_group * taps + k)];
        result[static_cast<size_t>((n * p.filters + f) * out_plane + at)] = sum;
      }
    }
  }
  store(result.data(), y.size(), y, 0);
  return {};
}

Cost cost(const CostContext& c) {
  Cost total{conv_flops(c.inputs[1], c.outputs[0]), static_cast<double>(c.outputs[0].bytes())};
  for (const TensorView& input : c.inputs) total.bytes += static_cast<double>(input.bytes());
  return total;
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_DeformConv() {
  static const OpDef op = [] {
    std::vector<AttrSpec> attrs = ops::conv_attrs();
    std::erase_if(attrs, [](const AttrSpec& a) { return a.name == "auto_pad"; });
    attrs.push_back(optional<int64_t>("offset_group", 1));
    return OpDef{"DeformConv", 3, 5, 1, 1, std::move(attrs), ops::infer, ops::eval, ops::cost};
  }();
  return op;
}

std::vector<OpCase> cases_DeformConv() {
  using namespace ops;
  return {
      {"plain", {}, {random_input({1, 2, 5, 6}), random_input({3, 2, 2, 3}), random_input({1, 12, 4, 4})}},
      {"everything",
       {{"pads", Ints{1, 0, 1, 2}},
        {"strides", Ints{2, 1}},
        {"group", int64_t{2}},
        {"offset_group", int64_t{2}}},
       {random_input({2, 4, 7, 5}), random_input({6, 2, 3, 3}), random_input({2, 36, 4, 5}, -2, 2),
        random_input({6}), random_input({2, 18, 4, 5}, 0, 1)}}};
}

}  // namespace ingot
