#include "layer.h"

#include "emit.h"

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
  replace_input(index, tensor);
  changed();
}

void Layer::replace_input(int32_t index, nvinfer1::ITensor& tensor) {
  if (index < 0) return;
  const auto at = static_cast<size_t>(index);
  if (at >= inputs_.size()) inputs_.resize(at + 1);
  inputs_[at] = static_cast<Tensor*>(&tensor);
}

#if NV_TENSORRT_MAJOR < 11
void Layer::setOutputType(int32_t index, nvinfer1::DataType type) noexcept {
  output_types_[index] = type;
  changed();
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

Tensor* Layer::adopt_output(size_t i, std::string name, NetworkTensor value) {
  while (outputs_.size() <= i) outputs_.push_back(network_.add_tensor(this, ""));
  outputs_[i]->setName(name.c_str());
  outputs_[i]->set_value(value);
  lowered_ = imported_ = true;
  return outputs_[i];
}

NetworkTensor Layer::weights(Emit& e, nvinfer1::WeightsRole role, const nvinfer1::Weights& w,
                             const ShapeDims& dims, DataType like) {
  const NetworkTensor made = e.weights(w, dims);
  if (made.valid()) network_.note_weights(e.graph(), *this, role, w.values, made);
  return made.valid() && like != DataType::kInvalid ? e.cast(made, like) : made;
}

// The value in the type that the client chose for the output; in 8, which has no 64-bit integers, in 32 bits.
NetworkTensor Layer::typed(ingot::Network& graph, NetworkTensor value, size_t output) const {
  const DataType is = graph.info(value).dtype;
  DataType type = is;
  if (NV_TENSORRT_MAJOR == 8 && is == DataType::kI64) type = DataType::kI32;
  if (const auto it = output_types_.find(static_cast<int32_t>(output)); it != output_types_.end())
    type = to_ingot(it->second);
  return type == is ? value : graph.op("Cast", {value}, {{"to", onnx_number(type)}});
}

Layer::Values Layer::emit_in(Scope& scope) {
  Values inputs;
  for (const Tensor* t : inputs_) {
    inputs.push_back(scope.value(t));
    if (NV_TENSORRT_MAJOR == 8 && scope.graph().info(inputs.back()).dtype == DataType::kI64)
      inputs.back() = Emit(scope.graph(), name_).cast(inputs.back(), DataType::kI32);  // of an imported node
    if (t == nullptr || inputs.back().valid()) continue;
    network_.report("layer '" + name_ + "'");
    network_.fail(name_, "its input '" + std::string(t->getName()) + "' could not be made");
    return {};
  }
  return emit(scope.graph(), inputs);
}

Layer::Values Layer::lowered_in(Scope& scope) {
  Values made = emit_in(scope);
  for (size_t i = 0; i < made.size(); ++i)
    if (made[i].valid()) made[i] = typed(scope.graph(), made[i], i);
  return made;
}

void Layer::lower() {
  lowered_ = true;
  const Values made = lowered_in(network_.scope());
  for (size_t i = 0; i < outputs_.size(); ++i) {
    const NetworkTensor value = i < made.size() ? made[i] : NetworkTensor{};
    if (!value.valid()) {
      network_.report("layer '" + name_ + "'");
      network_.fail(name_, "its parameters and inputs do not fit");
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
