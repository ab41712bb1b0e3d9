#include "network.h"

#include <algorithm>
#include <map>

#include "emit.h"
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

// The type in which clients see an input or output: there are no doubles, and in 8 no 64-bit integers.
DataType outer_type(DataType type) {
  if (type == DataType::kF64) return DataType::kF32;
  return NV_TENSORRT_MAJOR == 8 && type == DataType::kI64 ? DataType::kI32 : type;
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

void NetworkDefinition::note_weights(const ingot::Network& graph, const Layer& layer,
                                     nvinfer1::WeightsRole role, const void* values, NetworkTensor constant) {
  if (&graph == &graph_ && role != nvinfer1::WeightsRole::kANY)  // not those within loops
    weights_[&layer][role] = {values, constant};
}

void NetworkDefinition::check_in_runs(const ingot::Network& graph, const nvinfer1::IAssertionLayer& layer,
                                      NetworkTensor condition) {
  if (&graph == &graph_) assertions_[&layer] = condition;
}

void NetworkDefinition::adopt(ingot::Network graph) {
  graph_ = std::move(graph);
  for (NetworkTensor t : graph_.constants())
    weights_names_[graph_.constant_value(t).data] = graph_.info(t).name;
  std::map<int32_t, Tensor*> tensors;  // by NetworkTensor::id
  for (NetworkTensor t : graph_.inputs()) {
    graph_.set_input_type(t, outer_type(graph_.info(t).dtype));
    inputs_.push_back(add_tensor(nullptr, graph_.info(t).name));
    inputs_.back()->set_value(t);
    tensors[t.id] = inputs_.back();
  }
  for (NetworkNode& node : graph_.nodes()) {
    std::vector<Tensor*> inputs, variable;
    const bool keeps_weights = node.op == "Conv";  // its layer has them as parameters
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const bool constant = graph_.constant_value(node.inputs[i]).dtype != DataType::kInvalid;
      inputs.push_back(constant && keeps_weights ? nullptr : imported(tensors, node.inputs[i]));
      if (inputs.back() != nullptr && !constant) variable.push_back(inputs.back());
    }
    const bool alike = add_like(node, inputs);
    if (!alike) layers_.push_back(std::make_unique<GenericLayer>(*this, node.op, std::move(variable)));
    Layer& layer = *layers_.back();
    if (keeps_weights)
      for (size_t i = 1; i < node.inputs.size(); ++i)
        if (const TensorRef w = graph_.constant_value(node.inputs[i]); w.dtype != DataType::kInvalid)
          note_weights(graph_, layer, i == 1 ? nvinfer1::WeightsRole::kKERNEL : nvinfer1::WeightsRole::kBIAS,
                       w.data, node.inputs[i]);
    layer.setName(node.name.c_str());
    layer.setMetadata(("[ONNX Layer: " + node.name + "]").c_str());
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      const NetworkTensor t = node.outputs[i];
      if (!t.valid()) continue;
      tensors[t.id] = alike ? layer.adopt_output(i, graph_.info(t).name, t)
                            : layer.adopt_output(layer.outputs().size(), graph_.info(t).name, t);
    }
  }
  for (NetworkTensor t : graph_.outputs()) outputs_.push_back(imported(tensors, t));
}

Tensor* NetworkDefinition::imported(std::map<int32_t, Tensor*>& tensors, NetworkTensor value) {
  Tensor*& tensor = tensors[value.id];
  if (tensor != nullptr || !value.valid()) return tensor;
  const TensorRef constant = graph_.constant_value(value);
  bool known = false;
  const nvinfer1::DataType type = to_tensorrt(constant.dtype, &known);
  if (known && constant.dims.size() <= nvinfer1::Dims::MAX_DIMS &&
      !(NV_TENSORRT_MAJOR == 8 && constant.dtype == DataType::kI64))
    addConstant(to_dims(constant.dims), {type, constant.data, constant.size()});
  else
    layers_.push_back(std::make_unique<GenericLayer>(*this, "Constant", std::vector<Tensor*>{}));
  layers_.back()->setName(graph_.info(value).name.c_str());
  note_weights(graph_, *layers_.back(), nvinfer1::WeightsRole::kCONSTANT, constant.data, value);
  return tensor = layers_.back()->adopt_output(0, graph_.info(value).name, value);
}

bool NetworkDefinition::setWeightsName(nvinfer1::Weights weights, const char* name) noexcept {
  if (weights.values == nullptr || name == nullptr) return false;
  weights_names_[weights.values] = name;
  return true;
}

#if NV_TENSORRT_MAJOR >= 10
bool NetworkDefinition::markDebug(ITensor& tensor) noexcept { return debug_.insert(&tensor).second; }
bool NetworkDefinition::unmarkDebug(ITensor& tensor) noexcept { return debug_.erase(&tensor) > 0; }
bool NetworkDefinition::isDebugTensor(const ITensor& tensor) const noexcept {
  return debug_.contains(&tensor);
}
bool NetworkDefinition::markWeightsRefittable(const char* name) noexcept {
  return name != nullptr && (refittable_.insert(name), true);
}
bool NetworkDefinition::unmarkWeightsRefittable(const char* name) noexcept {
  return name != nullptr && refittable_.erase(name) > 0;
}
bool NetworkDefinition::areWeightsMarkedRefittable(const char* name) const noexcept {
  return name != nullptr && refittable_.contains(std::string_view(name));
}
#endif

void NetworkDefinition::lower(Layer* last) {
  for (const auto& layer : layers_) {
    if (!layer->lowered()) layer->lower();
    if (layer.get() == last) return;
  }
}

void NetworkDefinition::lower_again(Layer* first) {
  bool found = false;
  problem_ = {};
  for (const auto& layer : layers_) {
    found |= layer.get() == first;
    if (found && layer->lowered() && (layer.get() == first || !layer->imported())) layer->lower();
  }
}

void NetworkDefinition::report(const std::string& context) {
  if (reported_ || graph_.status().ok()) return;
  reported_ = true;
  log_.check(graph_.status().with_context(context));
}

void NetworkDefinition::fail(const std::string& layer, const std::string& why) {
  if (!problem_.ok() || !graph_.status().ok()) return;  // what went wrong first is said already
  problem_ = {StatusCode::kInvalidArgument, "layer '" + layer + "': " + why};
  log_.check(problem_);
}

Status NetworkDefinition::finish() {
  if (!layers_.empty()) lower(layers_.back().get());
  if (!graph_.status().ok()) return graph_.status();
  if (!problem_.ok()) return problem_;
  if (outputs_.empty())
    return {StatusCode::kFailedPrecondition, "the network has no output: mark at least one tensor"};
  for (NetworkTensor t : graph_.outputs()) graph_.remove_output(t);
  for (const Tensor* t : outputs_) {
    Emit e(graph_, t->getName());
    graph_.output(e.cast(t->value(), outer_type(e.type(t->value()))), t->getName());
  }
  for (const ITensor* t : debug_)
    graph_.output(static_cast<const Tensor*>(t)->value(), kDebugPrefix + std::string(t->getName()));
  for (const auto& [layer, condition] : assertions_)
    graph_.output(condition, kAssertPrefix + std::string(layer->getName()) + "': " + layer->getMessage());
  return graph_.status();
}

}  // namespace ingot::tensorrt
