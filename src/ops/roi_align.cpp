// RoiAlign: https://onnx.ai/onnx/operators/onnx__RoiAlign.html (version 22). As in other runtimes, `max`
// takes the largest of the four weighted neighbours of each sample, and of the samples.
#include <array>
#include <cmath>

#include "ops/common.h"
#include "ops/wide.h"

namespace ingot::ops {
namespace {

constexpr int64_t kMaxSize = int64_t{1} << 20;
constexpr double kMaxSamples = 4096;  // per bin and axis: more cannot come from a sensible box

Status infer(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kFloats));
  INGOT_RETURN_IF_ERROR(expect_type(c, 1, kFloats));
  INGOT_RETURN_IF_ERROR(expect_type(c, 2, type_set({DataType::kI64})));
  INGOT_RETURN_IF_ERROR(expect_rank(c, 0, 4, 4));
  INGOT_RETURN_IF_ERROR(expect_rank(c, 1, 2, 2));
  INGOT_RETURN_IF_ERROR(expect_rank(c, 2, 1, 1));
  const std::string mode = c.attrs.get_string("mode", "avg"),
                    coordinates = c.attrs.get_string("coordinate_transformation_mode", "half_pixel");
  if (mode != "avg" && mode != "max") return invalid_argument("mode is '", mode, "', expected avg or max");
  if (coordinates != "half_pixel" && coordinates != "output_half_pixel")
    return invalid_argument("coordinate_transformation_mode is '", coordinates,
                            "', expected half_pixel or output_half_pixel");
  const int64_t height = c.attrs.get_int("output_height", 1), width = c.attrs.get_int("output_width", 1),
                ratio = c.attrs.get_int("sampling_ratio", 0);
  if (height < 1 || width < 1 || height > kMaxSize || width > kMaxSize)
    return invalid_argument("the output size is ", height, " x ", width, ", expected 1 to ", kMaxSize);
  if (ratio < 0 || static_cast<double>(ratio) > kMaxSamples)
    return invalid_argument("sampling_ratio is ", ratio, ", expected 0 to ", kMaxSamples);
  if (!c.all_ranked()) {
    c.set_unranked(0, c.type(0).dtype);
    return {};
  }
  const Shape &rois = c.shape(1), &batch = c.shape(2);
  if ((rois[1].is_const() && !rois[1].is(4)) ||
      (rois[0].is_const() && batch[0].is_const() && rois[0] != batch[0]))
    return invalid_argument("rois has shape ", to_string(rois), " and batch_indices ", to_string(batch),
                            ", expected [n, 4] and [n]");
  c.set(0, c.type(0).dtype, {rois[0], c.shape(0)[1], height, width});
  return {};
}

// The four neighbours of a sample and their weights.
struct Sample {
  std::array<int64_t, 4> offset;
  std::array<double, 4> weight;
};

// One coordinate's lower and upper neighbour, and the weight of the upper.
struct Between {
  int64_t low, high;
  double part;
};
Between between(double x, int64_t size) {
  x = std::max(x, 0.0);
  const int64_t low = std::min(static_cast<int64_t>(x), size - 1);
  if (low == size - 1) return {low, low, 0};
  return {low, low + 1, x - static_cast<double>(low)};
}

Sample sample_at(double y, double x, int64_t height, int64_t width) {
  if (y < -1 || y > static_cast<double>(height) || x < -1 || x > static_cast<double>(width)) return {};
  const Between v = between(y, height), h = between(x, width);
  return {{v.low * width + h.low, v.low * width + h.high, v.high * width + h.low, v.high * width + h.high},
          {(1 - v.part) * (1 - h.part), (1 - v.part) * h.part, v.part * (1 - h.part), v.part * h.part}};
}

Status eval(EvalContext& c) {
  const TensorView& x = c.input(0);
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer));
  if (y.size() == 0) return {};
  const int64_t channels = x.dims[1], height = x.dims[2], width = x.dims[3], bins_y = y.dims[2],
                bins_x = y.dims[3];
  if (height * width == 0) return invalid_argument("cannot sample X of shape ", dims_to_string(x.dims));
  const std::vector<double> source = load_all<double>(x), rois = load_all<double>(c.input(1));
  const auto batch = c.input(2).span<const int64_t>();
  const bool half_pixel = c.attrs.get_string("coordinate_transformation_mode", "half_pixel") == "half_pixel";
  const bool average = c.attrs.get_string("mode", "avg") == "avg";
  const double scale = c.attrs.get_float("spatial_scale", 1), shift = half_pixel ? 0.5 : 0;
  const int64_t ratio = c.attrs.get_int("sampling_ratio", 0);
  std::vector<double> result(static_cast<size_t>(y.size()));
  std::vector<Sample> samples;
  for (size_t r = 0; r < batch.size(); ++r) {
    if (batch[r] < 0 || batch[r] >= x.dims[0])
      return invalid_argument("batch_indices contains ", batch[r], ", expected 0 to ", x.dims[0] - 1);
    const double* roi = rois.data() + 4 * r;
    const double left = roi[0] * scale - shift, top = roi[1] * scale - shift;
    double roi_width = roi[2] * scale - shift - left, roi_height = roi[3] * scale - shift - top;
    if (!half_pixel) {
      roi_width = std::max(roi_width, 1.0);
      roi_height = std::max(roi_height, 1.0);
    }
    const double bin_y = roi_height / static_cast<double>(bins_y),
                 bin_x = roi_width / static_cast<double>(bins_x);
    const double count_y = ratio > 0 ? static_cast<double>(ratio) : std::ceil(bin_y),
                 count_x = ratio > 0 ? static_cast<double>(ratio) : std::ceil(bin_x);
    if (!(std::fabs(count_y) <= kMaxSamples && std::fabs(count_x) <= kMaxSamples))
      return invalid_argument("box ", r, " is [", roi[0], ", ", roi[1], ", ", roi[2], ", ", roi[3],
                              "], which is too large for the output");
    for (int64_t by = 0; by < bins_y; ++by) {
      for (int64_t bx = 0; bx < bins_x; ++bx) {
        samples.clear();
        for (double i = 0; i < count_y; ++i)
          for (double k = 0; k < count_x; ++k)
            samples.push_back(sample_at(top + (static_cast<double>(by) + (i + 0.5) / count_y) * bin_y,
                                        left + (static_cast<double>(bx) + (k + 0.5) / count_x) * bin_x,
                                        height, width));
        for (int64_t ch = 0; ch < channels; ++ch) {
          const double* plane = source.data() + (batch[r] * channels + ch) * height * width;
          double value = average || samples.empty() ? 0 : -INFINITY;
          for (const Sample& s : samples)
            for (size_t q = 0; q < 4; ++q) {
              const double part = s.weight[q] * plane[s.offset[q]];
              value = average ? value + part : std::max(value, part);
            }
          if (average && !samples.empty()) value /= static_cast<double>(samples.size());
          result[static_cast<size_t>(((static_cast<int64_t>(r) * channels + ch) * bins_y + by) * bins_x +
                                     bx)] = value;
        }
      }
    }
  }
  store(result.data(), y.size(), y, 0);
  return {};
}

Cost cost(const CostContext& c) {
  const double ratio = static_cast<double>(std::max<int64_t>(c.attrs.get_int("sampling_ratio"), 2));
  return {8 * ratio * ratio * static_cast<double>(c.outputs[0].size()),
          static_cast<double>(c.inputs[0].bytes()) + static_cast<double>(c.outputs[0].bytes())};
}

std::vector<OpCase> cases() {
  const Tensor boxes = Tensor::vector_f32(Floats{0, 0, 9, 9, 0, 5, 4, 9, 5, 5, 8, 9}).reshaped({3, 4});
  const std::vector<CaseInput> inputs = {random_input({2, 3, 10, 10}), constant_input(boxes),
                                         ints_input({0, 1, 0})};
  const Attrs attrs = {
      {"output_height", int64_t{5}}, {"output_width", int64_t{4}}, {"sampling_ratio", int64_t{2}}};
  Attrs max = attrs, adaptive = attrs, shifted = attrs;
  max.set("mode", std::string("max"));
  adaptive.erase("sampling_ratio");
  adaptive.set("spatial_scale", 0.5f);
  shifted.set("coordinate_transformation_mode", std::string("output_half_pixel"));
  return {{"average", attrs, inputs},
          {"max", max, inputs},
          {"adaptive", adaptive, inputs},
          {"output_half_pixel", shifted, inputs}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_RoiAlign() {
  static const OpDef op{"RoiAlign",
                        3,
                        3,
                        1,
                        1,
                        {optional<std::string>("coordinate_transformation_mode", "half_pixel"),
                         optional<std::string>("mode", "avg"), optional<int64_t>("output_height", 1),
                         optional<int64_t>("output_width", 1), optional<int64_t>("sampling_ratio", 0),
                         optional<float>("spatial_scale", 1)},
                        ops::infer,
                        ops::eval,
                        ops::cost};
  return op;
}

std::vector<OpCase> cases_RoiAlign() { return ops::cases(); }

}  // namespace ingot
