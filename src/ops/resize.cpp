// Resize: https://onnx.ai/onnx/operators/onnx__Resize.html (version 19), all modes. Interpolation is
// separable: one axis is resampled after the other.
#include <cmath>

#include "ops/common.h"
#include "ops/resample.h"
#include "ops/wide.h"

namespace ingot::ops {
namespace {

enum Input : size_t { kX, kRoi, kScales, kSizes };
constexpr TypeSet kTypes = kFloats | type_set({DataType::kI8, DataType::kU8, DataType::kI32, DataType::kI64});
constexpr double kMaxSize = 0x1p40;

// An input that is there and not the empty tensor by which old exporters leave one out.
bool given(const InferContext& c, size_t i) {
  return c.has(i) && !(c.type(i).ranked && c.type(i).rank() == 1 && c.shape(i)[0].is(0));
}

Result<std::vector<int>> resized_axes(const Attrs& attrs, int rank) {
  std::vector<int> axes;
  if (!attrs.has("axes")) {
    for (int i = 0; i < rank; ++i) axes.push_back(i);
    return axes;
  }
  for (int64_t a : attrs.get_ints("axes")) {  // in the order of scales and sizes
    INGOT_ASSIGN_OR_RETURN(const int axis, normalize_axis(a, rank));
    axes.push_back(axis);
  }
  INGOT_RETURN_IF_ERROR(normalize_axes(attrs.get_ints("axes"), rank).status());
  return axes;
}

enum class Policy { kStretch, kNotLarger, kNotSmaller };
Result<Policy> read_policy(const Attrs& attrs) {
  const std::string text = attrs.get_string("keep_aspect_ratio_policy", "stretch");
  if (text == "stretch") return Policy::kStretch;
  if (text == "not_larger") return Policy::kNotLarger;
  if (text == "not_smaller") return Policy::kNotSmaller;
  return invalid_argument("keep_aspect_ratio_policy is '", text,
                          "', expected stretch, not_larger or not_smaller");
}

// The one scale of all axes that keeps the aspect ratio.
double common_scale(Policy policy, const Dims& in, const Ints& sizes) {
  double scale = policy == Policy::kNotLarger ? INFINITY : 0;
  for (size_t k = 0; k < sizes.size(); ++k) {
    const double one = static_cast<double>(sizes[k]) / static_cast<double>(in[k]);
    scale = policy == Policy::kNotLarger ? std::min(scale, one) : std::max(scale, one);
  }
  return scale;
}

Result<Floats> read_scales(const TensorView& t, size_t count) {
  const auto values = t.span<const float>();
  if (values.size() != count)
    return invalid_argument("scales has ", values.size(), " values, expected ", count);
  for (float s : values)
    if (!(s > 0 && s < 1e9f)) return invalid_argument("scales contains ", s, ", expected a positive number");
  return Floats(values.begin(), values.end());
}

// floor(in * scale) in float, which is what other runtimes compute; nullopt where a symbolic `in` has no such
// form.
std::optional<Dim> scaled(const Dim& in, float scale) {
  if (in.is_const()) return Dim(static_cast<int64_t>(std::floor(static_cast<float>(in.value()) * scale)));
  for (int64_t divisor = 1; divisor <= 64; ++divisor) {
    const float times = scale * static_cast<float>(divisor);
    if (times == std::floor(times) && times < 1e6f)
      return floor_div(in * Dim(static_cast<int64_t>(times)), divisor);
    if (scale == 1 / static_cast<float>(divisor)) return floor_div(in, divisor);
  }
  return std::nullopt;
}

Status infer(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, kX, kTypes));
  INGOT_RETURN_IF_ERROR(expect_type(c, kRoi, kFloats));
  INGOT_RETURN_IF_ERROR(expect_type(c, kScales, type_set({DataType::kF32})));
  INGOT_RETURN_IF_ERROR(expect_type(c, kSizes, type_set({DataType::kI64})));
  for (size_t i : {kRoi, kScales, kSizes}) INGOT_RETURN_IF_ERROR(expect_rank(c, i, 1, 1));
  INGOT_RETURN_IF_ERROR(ResampleMode::read(c.attrs).status());
  INGOT_ASSIGN_OR_RETURN(const Policy policy, read_policy(c.attrs));
  const bool by_scale = given(c, kScales), by_size = given(c, kSizes);
  if (by_scale == by_size)
    return invalid_argument("expected either scales or sizes, got ", by_scale ? "both" : "none");
  if (!c.type(kX).ranked) return infer_same(c);
  Shape y = c.shape(kX);
  INGOT_ASSIGN_OR_RETURN(const auto axes, resized_axes(c.attrs, c.type(kX).rank()));
  auto at = [&](size_t k) -> Dim& { return y[static_cast<size_t>(axes[k])]; };
  const Tensor* scales = by_scale ? c.inputs[kScales].constant : nullptr;
  const auto sizes = by_size ? contents_of(c, kSizes) : std::nullopt;
  if (scales != nullptr) {
    INGOT_ASSIGN_OR_RETURN(const Floats values, read_scales(scales->view(), axes.size()));
    for (size_t k = 0; k < axes.size(); ++k) {
      auto size = scaled(at(k), values[k]);
      if (size && size->is_const() && static_cast<double>(size->value()) > kMaxSize)
        return invalid_argument("scale ", values[k], " gives a dimension of ", size->value());
      at(k) = size ? *size : c.fresh_dim();
    }
  } else if (sizes) {
    if (sizes->size() != axes.size())
      return invalid_argument("sizes has ", sizes->size(), " values, expected ", axes.size());
    INGOT_RETURN_IF_ERROR(check_dims(*sizes));
    Dims in;
    Ints out;
    for (size_t k = 0; k < axes.size(); ++k) {
      if (at(k).is_const()) in.push_back(at(k).value());
      if ((*sizes)[k].is_const()) out.push_back((*sizes)[k].value());
    }
    const bool known = in.size() == axes.size() && out.size() == axes.size();
    const double scale = known ? common_scale(policy, in, out) : 0;
    for (size_t k = 0; k < axes.size(); ++k) {
      if (policy == Policy::kStretch) {
        at(k) = (*sizes)[k];
      } else if (known) {
        const double size = std::floor(scale * static_cast<double>(in[k]) + 0.5);
        if (!(size >= 0 && size < kMaxSize)) return invalid_argument("sizes give a dimension of ", size);
        at(k) = static_cast<int64_t>(size);
      } else {
        at(k) = c.fresh_dim();
      }
    }
  } else {
    for (size_t k = 0; k < axes.size(); ++k) at(k) = c.fresh_dim();
  }
  c.set(0, c.type(kX).dtype, std::move(y));
  return {};
}

// The axes that change, with what their resampling needs to know.
Result<std::vector<std::pair<size_t, ResampleAxis>>> changed_axes(const EvalContext& c,
                                                                  const ResampleMode& mode, const Dims& in,
                                                                  const Dims& out) {
  INGOT_ASSIGN_OR_RETURN(const auto axes, resized_axes(c.attrs, static_cast<int>(in.size())));
  INGOT_ASSIGN_OR_RETURN(const Policy policy, read_policy(c.attrs));
  const bool by_scale = c.has(kScales) && c.input(kScales).size() > 0;
  Floats scales;
  if (by_scale) {
    INGOT_ASSIGN_OR_RETURN(scales, read_scales(c.input(kScales), axes.size()));
  }
  double common = 0;
  if (!by_scale && policy != Policy::kStretch) {
    Dims from;
    for (int a : axes) from.push_back(in[static_cast<size_t>(a)]);
    common = common_scale(policy, from, to_int64s(c.input(kSizes)));
  }
  const bool crop = mode.coordinates == ResampleMode::kCropAndResize;
  const std::vector<double> roi =
      crop && c.has(kRoi) ? load_all<double>(c.input(kRoi)) : std::vector<double>();
  if (crop && roi.size() != 2 * axes.size())
    return invalid_argument("roi has ", roi.size(), " values, expected ", 2 * axes.size());
  std::vector<std::pair<size_t, ResampleAxis>> changed;
  for (size_t k = 0; k < axes.size(); ++k) {
    const size_t d = static_cast<size_t>(axes[k]);
    ResampleAxis axis{in[d], out[d], static_cast<double>(out[d]) / static_cast<double>(in[d])};
    if (by_scale) axis.scale = scales[k];
    if (common != 0) axis.scale = common;
    if (crop) {
      axis.roi_begin = roi[k];
      axis.roi_end = roi[k + axes.size()];
    }
    const bool whole = axis.roi_begin == 0 && axis.roi_end == 1;
    if (axis.in != axis.out || axis.scale != 1 || !whole) changed.emplace_back(d, axis);
  }
  return changed;
}

// `x` of shape `dims` resampled along dimension d.
std::vector<double> resample(const std::vector<double>& x, const Dims& dims, size_t d,
                             const ResampleTable& table, int64_t out) {
  int64_t outer = 1, inner = 1;
  for (size_t k = 0; k < d; ++k) outer *= dims[k];
  for (size_t k = d + 1; k < dims.size(); ++k) inner *= dims[k];
  std::vector<double> y(static_cast<size_t>(outer * out * inner));
  for (int64_t o = 0; o < outer; ++o) {
    for (int64_t i = 0; i < out; ++i) {
      double* to = y.data() + (o * out + i) * inner;
      for (size_t t = 0; t < table.taps; ++t) {
        const size_t tap = static_cast<size_t>(i) * table.taps + t;
        const double weight = table.weight[tap];
        const double* from = x.data() + (o * dims[d] + table.index[tap]) * inner;
        for (int64_t k = 0; k < inner; ++k) to[k] += weight == 1 ? from[k] : weight * from[k];
      }
    }
  }
  return y;
}

Status eval(EvalContext& c) {
  const TensorView& x = c.input(kX);
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer));
  if (y.size() == 0) return {};
  INGOT_ASSIGN_OR_RETURN(const ResampleMode mode, ResampleMode::read(c.attrs));
  INGOT_ASSIGN_OR_RETURN(const auto changed, changed_axes(c, mode, x.dims, y.dims));
  std::vector<double> values = load_all<double>(x);
  Dims dims = x.dims;
  std::vector<std::pair<size_t, std::vector<bool>>> outside;
  for (const auto& [d, axis] : changed) {
    INGOT_ASSIGN_OR_RETURN(const ResampleTable table, resample_table(mode, axis));
    values = resample(values, dims, d, table, axis.out);
    dims[d] = axis.out;
    if (!table.outside.empty()) outside.emplace_back(d, table.outside);
  }
  const double filler = c.attrs.get_float("extrapolation_value");
  for (const auto& [d, marks] : outside) {
    size_t inner = 1;
    for (size_t k = d + 1; k < dims.size(); ++k) inner *= static_cast<size_t>(dims[k]);
    for (size_t i = 0; i < values.size(); ++i)
      if (marks[i / inner % marks.size()]) values[i] = filler;
  }
  store(values.data(), y.size(), y, 0);
  return {};
}

Cost cost(const CostContext& c) {
  const double taps = c.attrs.get_string("mode", "nearest") == "nearest" ? 1
                      : c.attrs.get_string("mode") == "linear"           ? 8
                                                                         : 32;
  return {taps * static_cast<double>(c.outputs[0].size()),
          static_cast<double>(c.inputs[0].bytes()) + static_cast<double>(c.outputs[0].bytes())};
}

std::vector<OpCase> cases() {
  auto mode = [](const char* filter, const char* coordinates) {
    return Attrs{{"mode", std::string(filter)}, {"coordinate_transformation_mode", std::string(coordinates)}};
  };
  auto scales = [](Dims dims, Floats values) {
    return std::vector<CaseInput>{random_input(std::move(dims)), absent_input(),
                                  floats_input(std::move(values))};
  };
  auto sizes = [](Dims dims, Ints values) {
    return std::vector<CaseInput>{random_input(std::move(dims)), absent_input(), absent_input(),
                                  ints_input(std::move(values))};
  };
  Attrs antialias = mode("linear", "half_pixel"), axes = mode("linear", "pytorch_half_pixel"),
        policy = mode("linear", "half_pixel"), crop = mode("linear", "tf_crop_and_resize"),
        excluding = mode("cubic", "half_pixel"), upsample = mode("nearest", "asymmetric");
  antialias.set("antialias", int64_t{1});
  axes.set("axes", Ints{3, 2});
  policy.set("keep_aspect_ratio_policy", std::string("not_larger"));
  policy.set("axes", Ints{2, 3});
  crop.set("extrapolation_value", 10.0f);
  excluding.set("exclude_outside", int64_t{1});
  upsample.set("nearest_mode", std::string("floor"));
  return {{"nearest_2x", upsample, scales({1, 3, 5, 7}, {1, 1, 2, 2})},
          {"nearest_half_pixel", {}, sizes({1, 2, 5, 7}, {1, 2, 8, 3})},
          {"bilinear_2x", mode("linear", "half_pixel"), scales({2, 3, 4, 5}, {1, 1, 2, 2})},
          {"bilinear_align_corners", mode("linear", "align_corners"), sizes({1, 2, 5, 4}, {1, 2, 9, 11})},
          {"bilinear_asymmetric", mode("linear", "asymmetric"), scales({1, 2, 6, 6}, {1, 1, 0.5f, 1.5f})},
          {"symmetric", mode("linear", "half_pixel_symmetric"), scales({1, 1, 4, 5}, {1, 1, 2.3f, 2.7f})},
          {"bicubic", mode("cubic", "half_pixel"), scales({1, 2, 6, 5}, {1, 1, 1.5f, 2})},
          {"bicubic_excluding", excluding, scales({1, 1, 6, 5}, {1, 1, 0.8f, 2})},
          {"antialias", antialias, sizes({1, 2, 12, 15}, {1, 2, 5, 4})},
          {"axes", axes, sizes({1, 2, 4, 5}, {10, 6})},
          {"not_larger", policy, sizes({1, 2, 4, 6}, {7, 9})},
          {"crop",
           crop,
           {random_input({1, 1, 4, 4}), floats_input({0, 0, 0.4f, 0.6f, 1, 1, 1.2f, 0.9f}), absent_input(),
            ints_input({1, 1, 3, 3})}},
          {"trilinear", mode("linear", "half_pixel"), scales({1, 1, 3, 4, 5}, {1, 1, 2, 1, 2})}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_Resize() {
  static const OpDef op{
      "Resize",
      1,
      4,
      1,
      1,
      {optional<int64_t>("antialias", 0), absent_or<Ints>("axes"),
       optional<std::string>("coordinate_transformation_mode", "half_pixel"),
       optional<float>("cubic_coeff_a", -0.75f), optional<int64_t>("exclude_outside", 0),
       optional<float>("extrapolation_value", 0),
       optional<std::string>("keep_aspect_ratio_policy", "stretch"), optional<std::string>("mode", "nearest"),
       optional<std::string>("nearest_mode", "round_prefer_floor")},
      ops::infer,
      ops::eval,
      ops::cost};
  return op;
}

std::vector<OpCase> cases_Resize() { return ops::cases(); }

}  // namespace ingot
