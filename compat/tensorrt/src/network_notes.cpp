// What is known of a whole network: which tensors hold sizes, and what an engine keeps of it.
#include <algorithm>

#include "network.h"

namespace ingot::tensorrt {
namespace {

// The inputs of an op that shapes depend on.
const std::vector<size_t>& shape_inputs(const std::string& op) {
  static const std::map<std::string, std::vector<size_t>> kInputs = {
      {"ConstantOfShape", {0}}, {"Expand", {1}},       {"OneHot", {1}},    {"Pad", {1, 3}},
      {"Range", {0, 1, 2}},     {"Reshape", {1}},      {"Resize", {2, 3}}, {"Slice", {1, 2, 3, 4}},
      {"Split", {1}},           {"Squeeze", {1}},      {"Tile", {1}},      {"TopK", {1}},
      {"Unsqueeze", {1}},       {"CenterCropPad", {1}}};
  static const std::vector<size_t> kNone;
  const auto it = kInputs.find(op);
  return it == kInputs.end() ? kNone : it->second;
}

}  // namespace

std::set<int32_t> NetworkDefinition::shape_values() const {
  std::map<int32_t, const NetworkNode*> producers;
  const std::vector<NetworkNode> nodes = graph_.nodes();
  std::vector<NetworkTensor> waiting;
  for (const NetworkNode& node : nodes) {
    for (NetworkTensor t : node.outputs) producers[t.id] = &node;
    for (size_t i : shape_inputs(node.op))
      if (i < node.inputs.size()) waiting.push_back(node.inputs[i]);
  }
  std::set<int32_t> found;
  while (!waiting.empty()) {
    const NetworkTensor t = waiting.back();
    waiting.pop_back();
    const TensorInfo info = graph_.info(t);
    const bool whole = info.dtype == DataType::kI32 || info.dtype == DataType::kI64;
    if (!whole || !info.ranked || info.dims.size() > 1 || !found.insert(t.id).second) continue;
    const auto producer = producers.find(t.id);
    if (producer == producers.end() || producer->second->op == "Shape") continue;
    waiting.insert(waiting.end(), producer->second->inputs.begin(), producer->second->inputs.end());
  }
  return found;
}

#if NV_TENSORRT_MAJOR < 11
int64_t NetworkDefinition::layers_in_float() const {
  return std::count_if(layers_.begin(), layers_.end(), [](const auto& l) {
    return l->precisionIsSet() && l->getPrecision() == nvinfer1::DataType::kFLOAT;
  });
}
#endif

std::map<int32_t, std::string> NetworkDefinition::tensor_names() const {
  std::map<int32_t, std::string> out;
  for (const auto& t : tensors_)
    if (const NetworkTensor value = t->lowered_value();
        value.valid() && graph_.constant_value(value).dtype == DataType::kInvalid)
      out[value.id] = t->getName();
  return out;
}

EngineNotes NetworkDefinition::notes(bool individually) const {
  EngineNotes out;
  if (!name_.empty()) out.network = name_;
  for (const auto& layer : layers_) {
    if (*layer->getMetadata() != 0) out.layer_metadata[layer->name()] = layer->getMetadata();
    const auto noted = weights_.find(layer.get());
    if (noted == weights_.end()) continue;
    for (const auto& [role, w] : noted->second) {
      const auto named = weights_names_.find(w.values);
      const std::string name = named == weights_names_.end() ? "" : named->second;
      if (!individually || refittable_.contains(name))
        out.weights.push_back(
            {graph_.info(w.constant).name, layer->name(), name, static_cast<int32_t>(role)});
    }
  }
  const std::set<int32_t> shapes = shape_values();
  for (const auto* list : {&inputs_, &outputs_})
    for (const Tensor* t : *list)
      if (shapes.contains(t->value().id)) out.shape_tensors.insert(t->getName());
#if NV_TENSORRT_MAJOR < 11
  for (const auto& t : tensors_)
    if (t->dynamicRangeIsSet()) out.ranges[t->getName()] = {t->getDynamicRangeMin(), t->getDynamicRangeMax()};
#endif
  return out;
}

}  // namespace ingot::tensorrt
