// ScatterElements: single elements of a tensor along one axis replaced by, or combined with, others.
#include <algorithm>

#include "plugin/builtin.h"

namespace ingot::tensorrt {
namespace {

using nvinfer1::Dims;
using nvinfer1::PluginFieldType;

float combined(const std::string& reduction, float old, float update) {
  if (reduction == "add") return old + update;
  if (reduction == "mul") return old * update;
  if (reduction == "min") return std::min(old, update);
  if (reduction == "max") return std::max(old, update);
  return update;
}

// Inputs: data, indices, and updates of the indices' dims. Output: as data.
void scatter(const Builtin::Call& c) {
  const Dims &data = c.in[0].dims, &updates = c.in[1].dims;
  auto axis = static_cast<int32_t>(parameter(c.parameters, "axis", 0));
  if (axis < 0) axis += data.nbDims;
  std::string reduction;
  if (const auto it = c.parameters.find("reduction"); it != c.parameters.end())
    for (double letter : it->second)
      if (letter != 0) reduction += static_cast<char>(letter);
  int64_t count = 1, elements = 1;
  for (int32_t d = 0; d < data.nbDims; ++d) count *= updates.d[d], elements *= data.d[d];
  std::copy_n(c.input(0), elements, c.output(0));
  const bool narrow = c.in[1].type == nvinfer1::DataType::kINT32;
  for (int64_t i = 0; i < count; ++i) {
    int64_t index =
        narrow ? static_cast<const int32_t*>(c.inputs[1])[i] : static_cast<const int64_t*>(c.inputs[1])[i];
    if (index < 0) index += data.d[axis];
    if (index < 0 || index >= data.d[axis]) continue;  // as on a GPU, where nobody can be told
    int64_t rest = i, at = 0, stride = 1;
    for (int32_t d = data.nbDims - 1; d >= 0; --d) {
      at += (d == axis ? index : rest % updates.d[d]) * stride;
      rest /= updates.d[d];
      stride *= data.d[d];
    }
    float& element = c.output(0)[at];
    element = combined(reduction, element, c.input(2)[i]);
  }
}

nvinfer1::DimsExprs scatter_dims(const Parameters&, int32_t, const nvinfer1::DimsExprs* in,
                                 nvinfer1::IExprBuilder&) {
  return in[0];
}

}  // namespace

const Builtin& scatter_elements() {
  static const Builtin builtin{
      "ScatterElements",
      "1",
      {{"axis", nullptr, PluginFieldType::kINT32, 1}, {"reduction", nullptr, PluginFieldType::kCHAR, 1}},
      {nvinfer1::DataType::kFLOAT},
      scatter_dims,
      scatter,
      1};
  return builtin;
}

}  // namespace ingot::tensorrt
