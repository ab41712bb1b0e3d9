#include "layer.h"

#include "network.h"

namespace ingot::tensorrt {

Layer::Layer(NetworkDefinition& network, nvinfer1::LayerType type, std::vector<Tensor*> inputs)
    : network_(network), type_(type), name_(network.unique_layer_name()), inputs_(std::move(inputs)) {}

void Layer::setName(const char* name) noexcept {
  if (name != nullptr) name_ = name;
}

nvinfer1::ITensor* Layer::getInput(int32_t index) const noexcept {
  const auto at = static_cast<size_t>(index);
  return at < inputs_.size() ? inputs_[at] : nullptr;
}

nvinfer1::ITensor* Layer::getOutput(int32_t index) const noexcept {
  const auto at = static_cast<size_t>(index);
  return at < outputs_.size() ? outputs_[at] : nullptr;
}

void Layer::setInput(int32_t index, nvinfer1::ITensor& tensor) noexcept {
  if (index < 0) return;
  const auto at = static_cast<size_t>(index);
  if (at >= inputs_.size()) inputs_.resize(at + 1);
  inputs_[at] = static_cast<Tensor*>(&tensor);
  changed();
}

#if NV_TENSORRT_MAJOR < 11
void Layer::setOutputType(int32_t index, nvinfer1::DataType type) noexcept {
  if (type != getOutputType(index))
    network_.log().warning("layer '" + name_ +
                           "': the output's type follows from the layer, setOutputType has no effect");
}
#endif

nvinfer1::DataType Layer::getOutputType(int32_t index) const noexcept {
  const nvinfer1::ITensor* tensor = getOutput(index);
  return tensor == nullptr ? nvinfer1::DataType::kFLOAT : tensor->getType();
}

void Layer::add_outputs(int count) {
  for (int i = 0; i < count; ++i)
    outputs_.push_back(
        network_.add_tensor(this, name_ + "_output" + (count > 1 ? "_" + std::to_string(i) : "")));
}

Tensor* Layer::adopt_output(std::string name, NetworkTensor value) {
  outputs_.push_back(network_.add_tensor(this, std::move(name)));
  outputs_.back()->set_value(value);
  lowered_ = true;
  return outputs_.back();
}

void Layer::lower() {
  lowered_ = true;
  Values inputs;
  for (const Tensor* t : inputs_) inputs.push_back(t == nullptr ? NetworkTensor{} : t->value());
  const Values made = emit(network_.graph(), inputs);
  for (size_t i = 0; i < outputs_.size(); ++i) {
    const NetworkTensor value = i < made.size() ? made[i] : NetworkTensor{};
    if (!value.valid()) {
      network_.report("layer '" + name_ + "'");
      continue;
    }
    if (outputs_[i]->lowered_value().valid()) network_.graph().replace(outputs_[i]->lowered_value(), value);
    outputs_[i]->set_value(value);
    network_.graph().rename(value, outputs_[i]->getName());
  }
}

void Layer::changed() {
  if (lowered_) network_.lower_again(this);
}

}  // namespace ingot::tensorrt
