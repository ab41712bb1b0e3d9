#include "network.h"

#include <algorithm>
#include <map>

#include "layers/generic.h"

namespace ingot::tensorrt {

using nvinfer1::ErrorCode;
using nvinfer1::ITensor;

namespace {

template <class T>
T* at(const std::vector<T*>& list, int32_t index) {
  return index >= 0 && static_cast<size_t>(index) < list.size() ? list[static_cast<size_t>(index)] : nullptr;
}

/// An open size gets a symbol of its own.
std::vector<std::string> dim_texts(const std::string& input, const nvinfer1::Dims& dims) {
  std::string symbol;
  for (char c : input) symbol += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  std::vector<std::string> out;
  for (int32_t i = 0; i < dims.nbDims; ++i)
    out.push_back(dims.d[i] < 0 ? "d_" + symbol + "_" + std::to_string(i) : std::to_string(dims.d[i]));
  return out;
}

}  // namespace

NetworkDefinition::NetworkDefinition(nvinfer1::IBuilder& builder, const Log& log, uint32_t flags)
    : builder_(builder), log_(log), flags_(flags) {
  mImpl = this;
}

ITensor* NetworkDefinition::addInput(const char* name, nvinfer1::DataType type, DimsArgument dims) noexcept {
  const DataType ours = to_ingot(type);
  if (name == nullptr || dims.nbDims < 0 || dims.nbDims > nvinfer1::Dims::MAX_DIMS ||
      ours == DataType::kInvalid) {
    log_.error(ErrorCode::kINVALID_ARGUMENT,
               std::string("addInput: input '") + (name == nullptr ? "" : name) +
                   "' needs a name, at most 8 dims and a supported type, got type " +
                   std::to_string(static_cast<int>(type)));
    return nullptr;
  }
  const NetworkTensor value = graph_.input(name, ours, dim_texts(name, dims));
  if (!value.valid()) {
    report("addInput");
    return nullptr;
  }
  inputs_.push_back(add_tensor(nullptr, name));
  inputs_.back()->set_value(value);
  return inputs_.back();
}

void NetworkDefinition::set_input_dims(Tensor& input, const nvinfer1::Dims& dims) {
  graph_.set_input_dims(input.value(), dim_texts(input.getName(), dims));
  report(std::string("input '") + input.getName() + "'");
}

void NetworkDefinition::markOutput(ITensor& tensor) noexcept {
  auto* t = static_cast<Tensor*>(&tensor);
  if (!is_output(*t)) outputs_.push_back(t);
}

void NetworkDefinition::unmarkOutput(ITensor& tensor) noexcept {
  outputs_.erase(std::remove(outputs_.begin(), outputs_.end(), static_cast<Tensor*>(&tensor)),
                 outputs_.end());
}

bool NetworkDefinition::markOutputForShapes(ITensor& tensor) noexcept {
  markOutput(tensor);
  return true;
}

bool NetworkDefinition::unmarkOutputForShapes(ITensor& tensor) noexcept {
  const bool was = is_output(static_cast<Tensor&>(tensor));
  unmarkOutput(tensor);
  return was;
}

void NetworkDefinition::removeTensor(ITensor& tensor) noexcept {
  unmarkOutput(tensor);
  inputs_.erase(std::remove(inputs_.begin(), inputs_.end(), static_cast<Tensor*>(&tensor)), inputs_.end());
}

bool NetworkDefinition::is_output(const Tensor& tensor) const {
  return std::find(outputs_.begin(), outputs_.end(), &tensor) != outputs_.end();
}

nvinfer1::ILayer* NetworkDefinition::getLayer(int32_t index) const noexcept {
  const auto i = static_cast<size_t>(index);
  return i < layers_.size() ? layers_[i]->api() : nullptr;
}
ITensor* NetworkDefinition::getInput(int32_t index) const noexcept { return at(inputs_, index); }
ITensor* NetworkDefinition::getOutput(int32_t index) const noexcept { return at(outputs_, index); }

#if NV_TENSORRT_MAJOR >= 10
bool NetworkDefinition::getFlag(nvinfer1::NetworkDefinitionCreationFlag flag) const noexcept {
  return (flags_ >> static_cast<uint32_t>(flag) & 1U) != 0;
}
#endif

Tensor* NetworkDefinition::add_tensor(Layer* producer, std::string name) {
  tensors_.push_back(std::make_unique<Tensor>(*this, producer, std::move(name)));
  return tensors_.back().get();
}

std::string NetworkDefinition::unique_layer_name() const {
  return "(Unnamed Layer* " + std::to_string(layers_.size()) + ")";
}

void NetworkDefinition::adopt(ingot::Network graph) {
  graph_ = std::move(graph);
  std::map<int32_t, Tensor*> tensors;  // by NetworkTensor::id
  for (NetworkTensor t : graph_.inputs()) {
    inputs_.push_back(add_tensor(nullptr, graph_.info(t).name));
    inputs_.back()->set_value(t);
    tensors[t.id] = inputs_.back();
  }
  for (NetworkNode& node : graph_.nodes()) {
    std::vector<Tensor*> inputs;
    for (NetworkTensor t : node.inputs)
      if (const auto it = tensors.find(t.id); it != tensors.end()) inputs.push_back(it->second);
    auto layer = std::make_unique<GenericLayer>(*this, node.op, std::move(inputs));
    Layer& common = *layer;
    common.setName(node.name.c_str());
    common.setMetadata(("[ONNX Layer: " + node.name + "]").c_str());
    for (NetworkTensor t : node.outputs)
      if (t.valid()) tensors[t.id] = layer->adopt_output(graph_.info(t).name, t);
    layers_.push_back(std::move(layer));
  }
  for (NetworkTensor t : graph_.outputs()) {
    Tensor*& tensor = tensors[t.id];
    if (tensor == nullptr) {  // a constant
      auto layer = std::make_unique<GenericLayer>(*this, "Constant", std::vector<Tensor*>{});
      tensor = layer->adopt_output(graph_.info(t).name, t);
      layers_.push_back(std::move(layer));
    }
    outputs_.push_back(tensor);
  }
}

void NetworkDefinition::lower(Layer* last) {
  for (const auto& layer : layers_) {
    if (!layer->lowered()) layer->lower();
    if (layer.get() == last) return;
  }
}

void NetworkDefinition::lower_again(Layer* first) {
  bool found = false;
  for (const auto& layer : layers_) {
    found |= layer.get() == first;
    if (found && layer->lowered()) layer->lower();
  }
}

void NetworkDefinition::report(const std::string& context) {
  if (reported_ || graph_.status().ok()) return;
  reported_ = true;
  log_.check(graph_.status().with_context(context));
}

Status NetworkDefinition::finish() {
  if (!layers_.empty()) lower(layers_.back().get());
  if (outputs_.empty())
    return {StatusCode::kFailedPrecondition, "the network has no output: mark at least one tensor"};
  for (NetworkTensor t : graph_.outputs()) graph_.remove_output(t);
  for (const Tensor* t : outputs_) graph_.output(t->value(), t->getName());
  return graph_.status();
}

}  // namespace ingot::tensorrt
