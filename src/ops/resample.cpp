#include "ops/resample.h"

#include <algorithm>
#include <cmath>

namespace ingot::ops {
namespace {

// The index of `text` among `names`.
template <size_t N>
Result<int> choose(const Attrs& attrs, std::string_view name, const char* const (&names)[N]) {
  const std::string text = attrs.get_string(name, names[0]);
  const auto it = std::find(std::begin(names), std::end(names), text);
  if (it == std::end(names)) return invalid_argument(name, " is '", text, "', which Resize does not have");
  return static_cast<int>(it - std::begin(names));
}

}  // namespace

Result<ResampleMode> ResampleMode::read(const Attrs& attrs) {
  ResampleMode m;
  INGOT_ASSIGN_OR_RETURN(const int filter, choose(attrs, "mode", {"nearest", "linear", "cubic"}));
  INGOT_ASSIGN_OR_RETURN(const int coordinates,
                         choose(attrs, "coordinate_transformation_mode",
                                {"half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners",
                                 "asymmetric", "tf_crop_and_resize"}));
  INGOT_ASSIGN_OR_RETURN(
      const int rounding,
      choose(attrs, "nearest_mode", {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"}));
  m.filter = static_cast<Filter>(filter);
  m.coordinates = static_cast<Coordinates>(coordinates);
  m.rounding = static_cast<Rounding>(rounding);
  m.antialias = attrs.get_int("antialias") != 0 && m.filter != kNearest;
  m.exclude_outside = attrs.get_int("exclude_outside") != 0;
  m.cubic_a = attrs.get_float("cubic_coeff_a", -0.75f);
  return m;
}

namespace {

// The place in the input of output element x.
double source_coordinate(const ResampleMode& m, const ResampleAxis& a, double x) {
  const double in = static_cast<double>(a.in), length = a.scale * in;
  const double half_pixel = (x + 0.5) / a.scale - 0.5;
  switch (m.coordinates) {
    case ResampleMode::kHalfPixel:
      return half_pixel;
    case ResampleMode::kHalfPixelSymmetric:
      return half_pixel + in / 2 * (1 - static_cast<double>(a.out) / length);
    case ResampleMode::kPytorchHalfPixel:
      return length == 1 ? -0.5 : half_pixel;
    case ResampleMode::kAlignCorners:
      return length == 1 ? 0 : x * (in - 1) / (length - 1);
    case ResampleMode::kAsymmetric:
      return x / a.scale;
    case ResampleMode::kCropAndResize:
      if (length == 1) return (a.roi_begin + a.roi_end) * (in - 1) / 2;
      return (a.roi_begin + x * (a.roi_end - a.roi_begin) / (length - 1)) * (in - 1);
  }
  return x;
}

int64_t nearest(ResampleMode::Rounding rounding, double x) {
  const double below = std::floor(x);
  switch (rounding) {
    case ResampleMode::kPreferFloor:
      return static_cast<int64_t>(std::ceil(x - 0.5));
    case ResampleMode::kPreferCeil:
      return static_cast<int64_t>(std::floor(x + 0.5));
    case ResampleMode::kFloor:
      return static_cast<int64_t>(below);
    case ResampleMode::kCeil:
      return static_cast<int64_t>(std::ceil(x));
  }
  return static_cast<int64_t>(below);
}

// The filter's value at distance d from its centre.
double filter_value(const ResampleMode& m, double d) {
  d = std::fabs(d);
  if (m.filter == ResampleMode::kLinear) return std::max(1 - d, 0.0);
  const double a = m.cubic_a;
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  if (d < 2) return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
  return 0;
}

}  // namespace

Result<ResampleTable> resample_table(const ResampleMode& m, const ResampleAxis& a) {
  // A window is as wide as the filter: 1 (linear) or 2 (cubic) on each side, stretched where it also smooths.
  const double radius = m.filter == ResampleMode::kCubic ? 2 : 1;
  const double squeeze = m.antialias ? std::min(a.scale, 1.0) : 1;
  const double reach = std::ceil(radius / squeeze);
  if (a.in < 1) return invalid_argument("cannot resize an axis without elements to ", a.out);
  if (!(reach < 1e6) || (m.filter != ResampleMode::kNearest && reach * static_cast<double>(a.out) > 1e9))
    return unsupported("resizing ", a.in, " elements to ", a.out, " with a filter of ", reach, " elements");
  ResampleTable table;
  table.taps = m.filter == ResampleMode::kNearest ? 1 : 2 * static_cast<size_t>(reach);
  for (int64_t x = 0; x < a.out; ++x) {
    double place = source_coordinate(m, a, static_cast<double>(x));
    if (!(std::fabs(place) < 1e15)) return invalid_argument("resizing asks for input element ", place);
    if (m.coordinates == ResampleMode::kCropAndResize)
      table.outside.push_back(place < 0 || place > static_cast<double>(a.in - 1));
    auto add = [&](int64_t index, double weight) {
      const bool outside = index < 0 || index >= a.in;
      table.index.push_back(std::clamp<int64_t>(index, 0, a.in - 1));
      table.weight.push_back(outside && m.exclude_outside ? 0 : weight);
      return table.weight.back();
    };
    if (m.filter == ResampleMode::kNearest) {
      table.index.push_back(std::clamp<int64_t>(nearest(m.rounding, place), 0, a.in - 1));
      table.weight.push_back(1);
      continue;
    }
    const int64_t first = static_cast<int64_t>(std::floor(place)) - static_cast<int64_t>(reach) + 1;
    double sum = 0;
    for (int64_t k = 0; k < static_cast<int64_t>(table.taps); ++k)
      sum += add(first + k, filter_value(m, (static_cast<double>(first + k) - place) * squeeze));
    if (sum != 0 && (m.antialias || m.exclude_outside))
      for (size_t k = table.weight.size() - table.taps; k < table.weight.size(); ++k) table.weight[k] /= sum;
  }
  return table;
}

}  // namespace ingot::ops
