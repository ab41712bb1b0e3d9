// GridSample: https://onnx.ai/onnx/operators/onnx__GridSample.html (version 22), 1 to 3 spatial dimensions,
// and AffineGrid, which makes such grids: https://onnx.ai/onnx/operators/onnx__AffineGrid.html (version 20)
#include <array>
#include <cmath>

#include "ops/common.h"
#include "ops/wide.h"

namespace ingot::ops {
namespace {

enum class Filter { kLinear, kNearest, kCubic };
enum class Padding { kZeros, kBorder, kReflection };

struct SampleMode {
  Filter filter = Filter::kLinear;
  Padding padding = Padding::kZeros;
  bool align_corners = false;

  static Result<SampleMode> read(const Attrs& attrs) {
    SampleMode m;
    const std::string mode = attrs.get_string("mode", "linear"),
                      padding = attrs.get_string("padding_mode", "zeros");
    if (mode == "nearest")
      m.filter = Filter::kNearest;
    else if (mode == "cubic")
      m.filter = Filter::kCubic;
    else if (mode != "linear")
      return invalid_argument("mode is '", mode, "', expected linear, nearest or cubic");
    if (padding == "border")
      m.padding = Padding::kBorder;
    else if (padding == "reflection")
      m.padding = Padding::kReflection;
    else if (padding != "zeros")
      return invalid_argument("padding_mode is '", padding, "', expected zeros, border or reflection");
    m.align_corners = attrs.get_int("align_corners") != 0;
    return m;
  }
};

Status infer_sample(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kFloats));
  INGOT_RETURN_IF_ERROR(expect_type(c, 1, kFloats));
  INGOT_RETURN_IF_ERROR(SampleMode::read(c.attrs).status());
  INGOT_RETURN_IF_ERROR(expect_rank(c, 0, 3, 5));
  if (!c.type(0).ranked || !c.type(1).ranked) {
    c.set_unranked(0, c.type(0).dtype);
    return {};
  }
  const Shape &x = c.shape(0), &grid = c.shape(1);
  const int64_t spatial = static_cast<int64_t>(x.size()) - 2;
  if (grid.size() != x.size() || (grid.back().is_const() && !grid.back().is(spatial)) ||
      (x[0].is_const() && grid[0].is_const() && x[0] != grid[0]))
    return invalid_argument("the grid has shape ", to_string(grid), ", expected [", x[0].to_string(),
                            ", ..., ", spatial, "] of rank ", x.size());
  Shape y = {x[0], x[1]};
  y.insert(y.end(), grid.begin() + 1, grid.end() - 1);
  c.set(0, c.type(0).dtype, std::move(y));
  return {};
}

// `x` folded back into [low, high] as by mirrors at both ends.
double reflect(double x, double low, double high) {
  const double range = high - low;
  if (range <= 0) return low;
  const double distance = std::fabs(x < low ? low - x : x - low);
  const double rest = std::fmod(distance, 2 * range);
  return low + (rest <= range ? rest : 2 * range - rest);
}

// The taps of one axis; a negative index is a zero.
struct Taps {
  int count = 0;
  std::array<int64_t, 4> index;
  std::array<double, 4> weight;
};

Taps taps_at(const SampleMode& m, double place, int64_t size) {
  const double n = static_cast<double>(size);
  double x = m.align_corners ? (place + 1) / 2 * (n - 1) : ((place + 1) * n - 1) / 2;
  if (!(std::fabs(x) < 1e9)) x = -1e9;  // far outside (or not a number)
  const double low = m.align_corners ? 0 : -0.5, high = m.align_corners ? n - 1 : n - 0.5;
  if (m.filter == Filter::kNearest) x = std::nearbyint(x);
  if ((x < low || x > high) && m.padding == Padding::kBorder) x = std::min(std::max(x, 0.0), n - 1);
  if ((x < low || x > high) && m.padding == Padding::kReflection) x = reflect(x, low, high);
  auto inside = [&](int64_t i) -> int64_t {
    if (i >= 0 && i < size) return i;
    if (m.padding == Padding::kZeros) return -1;
    if (m.padding == Padding::kBorder) return i < 0 ? 0 : size - 1;
    return std::min(std::max<int64_t>(static_cast<int64_t>(reflect(static_cast<double>(i), low, high)), 0),
                    size - 1);
  };
  const int64_t floor = static_cast<int64_t>(std::floor(x));
  const double t = x - static_cast<double>(floor);
  Taps taps;
  auto add = [&](int64_t i, double weight) {
    taps.index[static_cast<size_t>(taps.count)] = inside(i);
    taps.weight[static_cast<size_t>(taps.count++)] = weight;
  };
  if (m.filter == Filter::kNearest) {
    add(static_cast<int64_t>(std::nearbyint(x)), 1);
  } else if (m.filter == Filter::kLinear) {
    add(floor, 1 - t);
    add(floor + 1, t);
  } else {
    constexpr double kA = -0.75;
    auto near = [](double d) { return ((kA + 2) * d - (kA + 3)) * d * d + 1; };
    auto far = [](double d) { return ((kA * d - 5 * kA) * d + 8 * kA) * d - 4 * kA; };
    add(floor - 1, far(1 + t));
    add(floor, near(t));
    add(floor + 1, near(1 - t));
    add(floor + 2, far(2 - t));
  }
  return taps;
}

Status eval_sample(EvalContext& c) {
  const TensorView& x = c.input(0);
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer_sample));
  if (y.size() == 0) return {};
  INGOT_ASSIGN_OR_RETURN(const SampleMode mode, SampleMode::read(c.attrs));
  const size_t spatial = x.dims.size() - 2;
  Dims in(3 - spatial, 1);
  in.insert(in.end(), x.dims.begin() + 2, x.dims.end());
  const int64_t in_plane = num_elements(in), channels = x.dims[1], points = y.size() / x.dims[0] / channels;
  if (in_plane == 0) return invalid_argument("cannot sample X of shape ", dims_to_string(x.dims));
  const std::vector<double> source = load_all<double>(x), grid = load_all<double>(c.input(1));
  std::vector<double> result(static_cast<size_t>(y.size()));
  Taps one;
  one.count = 1;
  one.index[0] = 0;
  one.weight[0] = 1;
  for (int64_t n = 0; n < x.dims[0]; ++n) {
    for (int64_t p = 0; p < points; ++p) {
      std::array<Taps, 3> taps = {one, one, one};  // of z, y, x: the grid has them in reverse order
      for (size_t k = 0; k < spatial; ++k)
        taps[2 - k] = taps_at(mode, grid[static_cast<size_t>(n * points + p) * spatial + k], in[2 - k]);
      for (int64_t ch = 0; ch < channels; ++ch) {
        const double* from = source.data() + (n * channels + ch) * in_plane;
        double sum = 0;
        for (size_t a = 0; a < static_cast<size_t>(taps[0].count); ++a)
          for (size_t b = 0; b < static_cast<size_t>(taps[1].count); ++b)
            for (size_t d = 0; d < static_cast<size_t>(taps[2].count); ++d) {
              const int64_t i = taps[0].index[a], j = taps[1].index[b], k = taps[2].index[d];
              if (i >= 0 && j >= 0 && k >= 0)
                sum += taps[0].weight[a] * taps[1].weight[b] * taps[2].weight[d] *
                       from[(i * in[1] + j) * in[2] + k];
            }
        result[static_cast<size_t>((n * channels + ch) * points + p)] = sum;
      }
    }
  }
  store(result.data(), y.size(), y, 0);
  return {};
}

Status infer_affine(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kFloats));
  INGOT_RETURN_IF_ERROR(expect_type(c, 1, type_set({DataType::kI64})));
  INGOT_RETURN_IF_ERROR(expect_rank(c, 0, 3, 3));
  INGOT_RETURN_IF_ERROR(expect_rank(c, 1, 1, 1));
  const auto size = contents_of(c, 1);
  if (!size) {
    c.set_unranked(0, c.type(0).dtype);
    return {};
  }
  const int64_t spatial = static_cast<int64_t>(size->size()) - 2;
  if (spatial != 2 && spatial != 3)
    return invalid_argument("size has ", size->size(), " values, expected 4 or 5");
  INGOT_RETURN_IF_ERROR(check_dims(*size));
  const Shape expected = {(*size)[0], spatial, spatial + 1};
  if (c.type(0).is_static() && is_static(expected) && c.shape(0) != expected)
    return invalid_argument("theta has shape ", to_string(c.shape(0)), ", expected ", to_string(expected));
  Shape y = {(*size)[0]};
  y.insert(y.end(), size->begin() + 2, size->end());
  y.push_back(spatial);
  c.set(0, c.type(0).dtype, std::move(y));
  return {};
}

Status eval_affine(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer_affine));
  const bool align_corners = c.attrs.get_int("align_corners") != 0;
  const int64_t spatial = y.dims.back();
  const std::vector<double> theta = load_all<double>(c.input(0));
  std::vector<double> result;
  Dims index(static_cast<size_t>(spatial), 0);  // of the last spatial dimension first
  auto coordinate = [&](int64_t k) {
    const double size = static_cast<double>(y.dims[static_cast<size_t>(spatial - k)]);
    const double i = static_cast<double>(index[static_cast<size_t>(k)]);
    if (align_corners) return size == 1 ? -1 : -1 + 2 * i / (size - 1);
    return -1 + (2 * i + 1) / size;
  };
  const int64_t points = spatial == 0 || y.dims[0] == 0 ? 0 : y.size() / spatial / y.dims[0];
  for (int64_t n = 0; n < y.dims[0]; ++n) {
    for (int64_t p = 0; p < points; ++p) {
      int64_t left = p;
      for (int64_t k = 0; k < spatial; ++k) {
        const int64_t size = y.dims[static_cast<size_t>(spatial - k)];
        index[static_cast<size_t>(k)] = left % size;
        left /= size;
      }
      for (int64_t row = 0; row < spatial; ++row) {
        const double* t = theta.data() + (n * spatial + row) * (spatial + 1);
        double sum = t[spatial];
        for (int64_t k = 0; k < spatial; ++k) sum += t[k] * coordinate(k);
        result.push_back(sum);
      }
    }
  }
  store(result.data(), y.size(), y, 0);
  return {};
}

Cost sample_cost(const CostContext& c) {
  return {10 * static_cast<double>(c.outputs[0].size()), static_cast<double>(c.inputs[0].bytes()) +
                                                             static_cast<double>(c.inputs[1].bytes()) +
                                                             static_cast<double>(c.outputs[0].bytes())};
}

std::vector<OpCase> sample_cases() {
  std::vector<OpCase> all;
  for (const char* mode : {"linear", "nearest", "cubic"})
    for (const char* padding : {"zeros", "border", "reflection"})
      for (int64_t align : {0, 1})
        all.push_back(
            {str(mode, "_", padding, align ? "_aligned" : ""),
             {{"mode", std::string(mode)}, {"padding_mode", std::string(padding)}, {"align_corners", align}},
             {random_input({2, 3, 5, 6}), random_input({2, 4, 7, 2}, -1.4, 1.4)}});
  all.push_back({"volume", {}, {random_input({1, 2, 3, 4, 5}), random_input({1, 2, 3, 6, 3}, -1.2, 1.2)}});
  return all;
}

std::vector<OpCase> affine_cases() {
  return {{"image", {}, {random_input({2, 2, 3}), ints_input({2, 3, 4, 5})}},
          {"aligned", {{"align_corners", int64_t{1}}}, {random_input({1, 2, 3}), ints_input({1, 1, 3, 4})}},
          {"volume", {}, {random_input({2, 3, 4}), ints_input({2, 1, 2, 3, 4})}}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_GridSample() {
  static const OpDef op{"GridSample",
                        2,
                        2,
                        1,
                        1,
                        {optional<int64_t>("align_corners", 0), optional<std::string>("mode", "linear"),
                         optional<std::string>("padding_mode", "zeros")},
                        ops::infer_sample,
                        ops::eval_sample,
                        ops::sample_cost};
  return op;
}

std::vector<OpCase> cases_GridSample() { return ops::sample_cases(); }

const OpDef& op_AffineGrid() {
  static const OpDef op{
      "AffineGrid",     2,      2, 1, 1, {optional<int64_t>("align_corners", 0)}, ops::infer_affine,
      ops::eval_affine, nullptr};
  return op;
}

std::vector<OpCase> cases_AffineGrid() { return ops::affine_cases(); }

}  // namespace ingot
