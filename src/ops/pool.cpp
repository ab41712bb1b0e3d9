#include "ops/pool.h"

#include <algorithm>

namespace ingot::ops {

std::vector<AttrSpec> pool_attrs(std::vector<AttrSpec> more) {
  std::vector<AttrSpec> attrs = {optional<std::string>("auto_pad", "NOTSET"),
                                 optional<int64_t>("ceil_mode", 0),
                                 optional<Ints>("dilations", {}),
                                 required<Ints>("kernel_shape"),
                                 optional<Ints>("pads", {}),
                                 optional<Ints>("strides", {})};
  attrs.insert(attrs.end(), more.begin(), more.end());
  return attrs;
}

Status infer_pool(InferContext& c) {
  const TensorType& x = c.type(0);
  if (!x.ranked) {
    c.set_unranked(0, x.dtype);
    c.set_unranked(1, DataType::kI64);
    return {};
  }
  INGOT_RETURN_IF_ERROR(expect_rank(c, 0, 3, 5));
  const Ints kernel = c.attrs.get_ints("kernel_shape");
  INGOT_ASSIGN_OR_RETURN(Window window, Window::read(c.attrs, x.rank() - 2));
  INGOT_RETURN_IF_ERROR(window.set_kernel(kernel));
  INGOT_ASSIGN_OR_RETURN(const Shape spatial,
                         window.output({x.shape.begin() + 2, x.shape.end()}, to_shape(kernel)));
  Shape y = {x.shape[0], x.shape[1]};
  y.insert(y.end(), spatial.begin(), spatial.end());
  c.set(0, x.dtype, y);
  c.set(1, DataType::kI64, std::move(y));
  return {};
}

Result<PoolProblem> PoolProblem::make(const Attrs& attrs, const Dims& x) {
  PoolProblem p;
  INGOT_ASSIGN_OR_RETURN(p.window, Window::read(attrs, static_cast<int>(x.size()) - 2));
  INGOT_RETURN_IF_ERROR(p.window.set_kernel(attrs.get_ints("kernel_shape")));
  INGOT_ASSIGN_OR_RETURN(const Dims out, p.window.resolve({x.begin() + 2, x.end()}));
  p.in = spatial_3d(x);
  p.out = spatial_3d(out, 0);
  p.window = p.window.as_3d();
  return p;
}

namespace {

// The taps [first, last) of one axis that lie inside [0, size) when the window starts at `start`.
struct Taps {
  int64_t first, last;
};
Taps taps_inside(const WindowAxis& a, int64_t start, int64_t size) {
  const int64_t first = start >= 0 ? 0 : (-start + a.dilation - 1) / a.dilation;
  const int64_t last = size <= start ? 0 : (size - start + a.dilation - 1) / a.dilation;
  return {std::min(first, a.kernel), std::min(last, a.kernel)};
}

}  // namespace

void PoolProblem::fill(const std::array<int64_t, 3>& position, PoolWindow& w) const {
  std::array<int64_t, 3> start;
  std::array<Taps, 3> inside;
  w.offsets.clear();
  w.padded_taps = 1;
  for (size_t d = 0; d < 3; ++d) {
    const WindowAxis& a = window.axes[d];
    start[d] = position[d] * a.stride - a.pad_begin;
    inside[d] = taps_inside(a, start[d], in[d]);
    w.padded_taps *= taps_inside(a, start[d], in[d] + a.pad_end).last;
  }
  const auto& axes = window.axes;
  for (int64_t kz = inside[0].first; kz < inside[0].last; ++kz)
    for (int64_t ky = inside[1].first; ky < inside[1].last; ++ky)
      for (int64_t kx = inside[2].first; kx < inside[2].last; ++kx)
        w.offsets.push_back(((start[0] + kz * axes[0].dilation) * in[1] + start[1] + ky * axes[1].dilation) *
                                in[2] +
                            start[2] + kx * axes[2].dilation);
}

Cost pool_cost(const CostContext& c) {
  double taps = 1;
  for (int64_t k : c.attrs.get_ints("kernel_shape")) taps *= static_cast<double>(k);
  Cost cost;
  cost.bytes = static_cast<double>(c.inputs[0].bytes());
  for (const TensorView& y : c.outputs) cost.bytes += static_cast<double>(y.bytes());
  cost.flops = taps * static_cast<double>(c.outputs[0].size());
  return cost;
}

std::vector<OpCase> pool_cases(const Attrs& attrs) {
  std::vector<OpCase> cases = {
      {"2x2", {{"kernel_shape", Ints{2, 2}}, {"strides", Ints{2, 2}}}, {random_input({1, 3, 8, 9})}},
      {"3x3_pads",
       {{"kernel_shape", Ints{3, 3}}, {"strides", Ints{2, 2}}, {"pads", Ints{1, 1, 1, 1}}},
       {random_input({2, 16, 9, 11})}},
      {"ceil",
       {{"kernel_shape", Ints{3, 3}}, {"strides", Ints{2, 2}}, {"ceil_mode", int64_t{1}}},
       {random_input({1, 4, 8, 10})}},
      {"dilated", {{"kernel_shape", Ints{2, 2}}, {"dilations", Ints{2, 3}}}, {random_input({1, 2, 7, 8})}},
      {"same",
       {{"kernel_shape", Ints{3, 2}}, {"auto_pad", std::string("SAME_UPPER")}},
       {random_input({1, 2, 5, 6})}},
      {"one_dim",
       {{"kernel_shape", Ints{4}}, {"strides", Ints{3}}, {"pads", Ints{1, 2}}},
       {random_input({2, 3, 17})}},
      {"three_dims", {{"kernel_shape", Ints{2, 3, 2}}}, {random_input({1, 2, 4, 5, 6})}}};
  for (OpCase& one : cases)
    for (const auto& [name, value] : attrs) one.attrs.set(name, value);
  return cases;
}

}  // namespace ingot::ops
