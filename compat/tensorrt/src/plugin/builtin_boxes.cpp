// EfficientNMS_TRT and ROIAlign_TRT.
#include <algorithm>
#include <cmath>

#include "plugin/builtin.h"

namespace ingot::tensorrt {
namespace {

using nvinfer1::DataType;
using nvinfer1::DimsExprs;
using nvinfer1::PluginFieldType;

struct Box {
  float y0, x0, y1, x1;  // or x and y changed: nothing here depends on it
  float area() const { return std::max(y1 - y0, 0.f) * std::max(x1 - x0, 0.f); }
};

Box corners(const float* b, bool centre_sizes) {
  if (centre_sizes) return {b[0] - b[2] / 2, b[1] - b[3] / 2, b[0] + b[2] / 2, b[1] + b[3] / 2};
  return {std::min(b[0], b[2]), std::min(b[1], b[3]), std::max(b[0], b[2]), std::max(b[1], b[3])};
}

float overlap(const Box& a, const Box& b) {
  const Box common{std::max(a.y0, b.y0), std::max(a.x0, b.x0), std::min(a.y1, b.y1), std::min(a.x1, b.x1)};
  const float both = common.area(), all = a.area() + b.area() - both;
  return all > 0 ? both / all : 0;
}

// Inputs: boxes [N, B, 4] or [N, B, classes or 1, 4], scores [N, B, classes]. Outputs: how many [N, 1], boxes
// [N, most, 4], scores [N, most], classes [N, most], best scores first.
void nms(const Builtin::Call& c) {
  const nvinfer1::Dims &boxes = c.in[0].dims, &scores = c.in[1].dims;
  const int64_t images = scores.d[0], count = scores.d[1], classes = scores.d[2];
  const int64_t box_classes = boxes.nbDims == 4 ? boxes.d[2] : 1, most = c.out[1].dims.d[1];
  const auto score_limit = static_cast<float>(parameter(c.parameters, "score_threshold", 0.25));
  const auto iou_limit = static_cast<float>(parameter(c.parameters, "iou_threshold", 0.5));
  const auto background = static_cast<int64_t>(parameter(c.parameters, "background_class", -1));
  const bool sigmoid = parameter(c.parameters, "score_activation", 0) != 0;
  const bool centre = parameter(c.parameters, "box_coding", 0) != 0;
  const bool agnostic = parameter(c.parameters, "class_agnostic", 0) != 0;
  struct Candidate {
    float score;
    int64_t box, label;
  };
  for (int64_t n = 0; n < images; ++n) {
    std::vector<Candidate> candidates, kept;
    for (int64_t b = 0; b < count; ++b)
      for (int64_t k = 0; k < classes; ++k) {
        float s = c.input(1)[(n * count + b) * classes + k];
        if (sigmoid) s = 1 / (1 + std::exp(-s));
        if (k != background && s >= score_limit) candidates.push_back({s, b, k});
      }
    std::stable_sort(candidates.begin(), candidates.end(),
                     [](const Candidate& a, const Candidate& b) { return a.score > b.score; });
    const auto coordinates = [&](const Candidate& k) {
      const int64_t own = box_classes > 1 ? k.label : 0;
      return c.input(0) + ((n * count + k.box) * box_classes + own) * 4;
    };
    for (const Candidate& k : candidates) {
      if (static_cast<int64_t>(kept.size()) == most) break;
      const Box box = corners(coordinates(k), centre);
      const bool covered = std::any_of(kept.begin(), kept.end(), [&](const Candidate& other) {
        return (agnostic || other.label == k.label) &&
               overlap(box, corners(coordinates(other), centre)) > iou_limit;
      });
      if (!covered) kept.push_back(k);
    }
    c.output<int32_t>(0)[n] = static_cast<int32_t>(kept.size());
    for (int64_t i = 0; i < most; ++i) {
      const bool there = i < static_cast<int64_t>(kept.size());
      const Candidate k = there ? kept[static_cast<size_t>(i)] : Candidate{0, 0, -1};
      for (int64_t d = 0; d < 4; ++d) c.output(1)[(n * most + i) * 4 + d] = there ? coordinates(k)[d] : 0;
      c.output(2)[n * most + i] = k.score;
      c.output<int32_t>(3)[n * most + i] = static_cast<int32_t>(k.label);
    }
  }
}

DimsExprs nms_dims(const Parameters& p, int32_t output, const DimsExprs* in,
                   nvinfer1::IExprBuilder& builder) {
  DimsExprs out{};
  out.nbDims = output == 1 ? 3 : 2;
  out.d[0] = in[0].d[0];
  out.d[1] = builder.constant(output == 0 ? 1 : static_cast<int32_t>(parameter(p, "max_output_boxes", 100)));
  if (output == 1) out.d[2] = builder.constant(4);
  return out;
}

float sample(const float* image, int64_t height, int64_t width, float y, float x) {
  if (y < -1 || y > static_cast<float>(height) || x < -1 || x > static_cast<float>(width)) return 0;
  y = std::max(y, 0.f), x = std::max(x, 0.f);
  const int64_t top = std::min(static_cast<int64_t>(y), height - 1),
                left = std::min(static_cast<int64_t>(x), width - 1);
  const int64_t bottom = std::min(top + 1, height - 1), right = std::min(left + 1, width - 1);
  const float fy = std::min(y - static_cast<float>(top), 1.f),
              fx = std::min(x - static_cast<float>(left), 1.f);
  const auto at = [&](int64_t r, int64_t c) { return image[r * width + c]; };
  return (1 - fy) * ((1 - fx) * at(top, left) + fx * at(top, right)) +
         fy * ((1 - fx) * at(bottom, left) + fx * at(bottom, right));
}

// Inputs: x [N, C, H, W], regions [R, 4], the image of each region [R] (INT32). Output: [R, C, height,
// width].
void align(const Builtin::Call& c) {
  const nvinfer1::Dims &x = c.in[0].dims, &y = c.out[0].dims;
  const auto scale = static_cast<float>(parameter(c.parameters, "spatial_scale", 1));
  const auto ratio = static_cast<int64_t>(parameter(c.parameters, "sampling_ratio", 0));
  const bool maximum = parameter(c.parameters, "mode", 1) == 0;
  const float shift = parameter(c.parameters, "coordinate_transformation_mode", 1) == 1 ? 0.5f : 0.f;
  const auto* batches = static_cast<const int32_t*>(c.inputs[2]);
  for (int64_t r = 0; r < y.d[0]; ++r) {
    const float* roi = c.input(1) + r * 4;
    const float left = roi[0] * scale - shift, top = roi[1] * scale - shift;
    float width = roi[2] * scale - shift - left, height = roi[3] * scale - shift - top;
    if (shift == 0) width = std::max(width, 1.f), height = std::max(height, 1.f);
    const float bin_h = height / static_cast<float>(y.d[2]), bin_w = width / static_cast<float>(y.d[3]);
    const int64_t rows = ratio > 0 ? ratio : std::max<int64_t>(static_cast<int64_t>(std::ceil(bin_h)), 1);
    const int64_t columns = ratio > 0 ? ratio : std::max<int64_t>(static_cast<int64_t>(std::ceil(bin_w)), 1);
    for (int64_t k = 0; k < x.d[1]; ++k) {
      const float* image = c.input(0) + (batches[r] * x.d[1] + k) * x.d[2] * x.d[3];
      for (int64_t i = 0; i < y.d[2] * y.d[3]; ++i) {
        float sum = 0, most = -INFINITY;
        for (int64_t s = 0; s < rows * columns; ++s) {
          const float sy = (static_cast<float>(s / columns) + 0.5f) / static_cast<float>(rows);
          const float sx = (static_cast<float>(s % columns) + 0.5f) / static_cast<float>(columns);
          const float v = sample(image, x.d[2], x.d[3], top + (static_cast<float>(i / y.d[3]) + sy) * bin_h,
                                 left + (static_cast<float>(i % y.d[3]) + sx) * bin_w);
          sum += v, most = std::max(most, v);
        }
        c.output(0)[(r * x.d[1] + k) * y.d[2] * y.d[3] + i] =
            maximum ? most : sum / static_cast<float>(rows * columns);
      }
    }
  }
}

DimsExprs align_dims(const Parameters& p, int32_t, const DimsExprs* in, nvinfer1::IExprBuilder& builder) {
  DimsExprs out{};
  out.nbDims = 4;
  out.d[0] = in[1].d[0];
  out.d[1] = in[0].d[1];
  out.d[2] = builder.constant(static_cast<int32_t>(parameter(p, "output_height", 1)));
  out.d[3] = builder.constant(static_cast<int32_t>(parameter(p, "output_width", 1)));
  return out;
}

nvinfer1::PluginField number(const char* name) { return {name, nullptr, PluginFieldType::kFLOAT32, 1}; }
nvinfer1::PluginField integer(const char* name) { return {name, nullptr, PluginFieldType::kINT32, 1}; }

}  // namespace

const Builtin& efficient_nms() {
  static const Builtin builtin{
      "EfficientNMS_TRT",
      "1",
      {number("score_threshold"), number("iou_threshold"), integer("max_output_boxes"),
       integer("background_class"), integer("score_activation"), integer("class_agnostic"),
       integer("box_coding")},
      {DataType::kINT32, DataType::kFLOAT, DataType::kFLOAT, DataType::kINT32},
      nms_dims,
      nms};
  return builtin;
}

const Builtin& roi_align() {
  static const Builtin builtin{
      "ROIAlign_TRT",
      "1",
      {integer("coordinate_transformation_mode"), integer("mode"), integer("output_height"),
       integer("output_width"), integer("sampling_ratio"), number("spatial_scale")},
      {DataType::kFLOAT},
      align_dims,
      align,
      2};
  return builtin;
}

}  // namespace ingot::tensorrt
