// InstanceNormalization_TRT and GroupNormalizationPlugin: inputs x [N, C, ...], scale and bias of the
// channels.
#include <cmath>

#include "plugin/builtin.h"

namespace ingot::tensorrt {
namespace {

using nvinfer1::PluginFieldType;

nvinfer1::DimsExprs as_input(const Parameters&, int32_t, const nvinfer1::DimsExprs* in,
                             nvinfer1::IExprBuilder&) {
  return in[0];
}

// Mean and variance over `groups` parts of the channels of each image.
void normalize(const Builtin::Call& c, int64_t groups, float epsilon) {
  const nvinfer1::Dims& dims = c.in[0].dims;
  const int64_t channels = dims.d[1], per_group = channels / groups;
  int64_t pixels = 1;
  for (int32_t d = 2; d < dims.nbDims; ++d) pixels *= dims.d[d];
  for (int64_t part = 0; part < dims.d[0] * groups; ++part) {
    const float* x = c.input(0) + part * per_group * pixels;
    float* y = c.output(0) + part * per_group * pixels;
    const int64_t count = per_group * pixels;
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < count; ++i) sum += x[i];
    const double mean = sum / static_cast<double>(count);
    for (int64_t i = 0; i < count; ++i) squares += (x[i] - mean) * (x[i] - mean);
    const double factor = 1 / std::sqrt(squares / static_cast<double>(count) + epsilon);
    for (int64_t i = 0; i < count; ++i) {
      const int64_t channel = part % groups * per_group + i / pixels;
      y[i] = static_cast<float>((x[i] - mean) * factor) * c.input(1)[channel] + c.input(2)[channel];
    }
  }
}

}  // namespace

const Builtin& instance_normalization() {
  static const Builtin builtin{"InstanceNormalization_TRT",
                               "1",
                               {{"epsilon", nullptr, PluginFieldType::kFLOAT32, 1},
                                {"relu", nullptr, PluginFieldType::kINT32, 1},
                                {"alpha", nullptr, PluginFieldType::kFLOAT32, 1}},
                               {nvinfer1::DataType::kFLOAT},
                               as_input,
                               [](const Builtin::Call& c) {
                                 normalize(c, c.in[0].dims.d[1],
                                           static_cast<float>(parameter(c.parameters, "epsilon", 1e-5)));
                                 if (parameter(c.parameters, "relu", 0) == 0) return;
                                 const auto alpha = static_cast<float>(parameter(c.parameters, "alpha", 0));
                                 int64_t count = 1;
                                 for (int32_t d = 0; d < c.in[0].dims.nbDims; ++d) count *= c.in[0].dims.d[d];
                                 for (int64_t i = 0; i < count; ++i)
                                   if (c.output(0)[i] < 0) c.output(0)[i] *= alpha;
                               }};
  return builtin;
}

const Builtin& group_normalization() {
  static const Builtin builtin{
      "GroupNormalizationPlugin",
      "1",
      {{"eps", nullptr, PluginFieldType::kFLOAT32, 1}, {"num_groups", nullptr, PluginFieldType::kINT32, 1}},
      {nvinfer1::DataType::kFLOAT},
      as_input,
      [](const Builtin::Call& c) {
        normalize(c, static_cast<int64_t>(parameter(c.parameters, "num_groups", 1)),
                  static_cast<float>(parameter(c.parameters, "eps", 1e-5)));
      }};
  return builtin;
}

}  // namespace ingot::tensorrt
