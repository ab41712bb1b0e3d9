// What all layers of a network definition have in common. A layer keeps the parameters that the client sets;
// it becomes nodes of Ingot's network ("is lowered") when somebody needs to know its outputs, at the latest
// when the network is built. Owned by its network.
#pragma once

#include <string>
#include <vector>

#include "tensor.h"

namespace ingot::tensorrt {

class Layer : public Unsupported<nvinfer1::apiv::VLayer> {
 public:
  using Values = std::vector<NetworkTensor>;

  Layer(NetworkDefinition& network, nvinfer1::LayerType type, std::vector<Tensor*> inputs);

  nvinfer1::LayerType getType() const noexcept override { return type_; }
  void setName(const char* name) noexcept override;
  const char* getName() const noexcept override { return name_.c_str(); }
  int32_t getNbInputs() const noexcept override { return static_cast<int32_t>(inputs_.size()); }
  nvinfer1::ITensor* getInput(int32_t index) const noexcept override;
  int32_t getNbOutputs() const noexcept override { return static_cast<int32_t>(outputs_.size()); }
  nvinfer1::ITensor* getOutput(int32_t index) const noexcept override;
  void setInput(int32_t index, nvinfer1::ITensor& tensor) noexcept override;
#if NV_TENSORRT_MAJOR < 11
  void setPrecision(nvinfer1::DataType type) noexcept override { precision_ = type, precision_set_ = true; }
  nvinfer1::DataType getPrecision() const noexcept override { return precision_; }
  bool precisionIsSet() const noexcept override { return precision_set_; }
  void resetPrecision() noexcept override { precision_set_ = false; }
  void setOutputType(int32_t index, nvinfer1::DataType type) noexcept override;
  bool outputTypeIsSet(int32_t) const noexcept override { return false; }
  void resetOutputType(int32_t) noexcept override {}
#endif
  nvinfer1::DataType getOutputType(int32_t index) const noexcept override;
  void setMetadata(const char* text) noexcept override { metadata_ = text == nullptr ? "" : text; }
  const char* getMetadata() const noexcept override { return metadata_.c_str(); }

  /// The object that clients see.
  virtual nvinfer1::ILayer* api() = 0;
  /// Adds the nodes; an empty list when it cannot be done (the network's status or the log says why).
  virtual Values emit(ingot::Network& graph, const Values& inputs) = 0;

  bool lowered() const { return lowered_; }
  /// Lowers the inputs' layers and this one. Called by the network in the layers' order.
  void lower();
  /// A parameter changed: what was lowered is lowered again.
  void changed();
  /// Makes the outputs' tensors, named after the layer.
  void add_outputs(int count);
  /// An output tensor of a layer that stands for nodes that exist already.
  Tensor* adopt_output(std::string name, NetworkTensor value);

  const std::string& name() const { return name_; }
  const std::vector<Tensor*>& inputs() const { return inputs_; }
  const std::vector<Tensor*>& outputs() const { return outputs_; }

 protected:
  NetworkDefinition& network_;

 private:
  nvinfer1::LayerType type_;
  std::string name_, metadata_;
  std::vector<Tensor*> inputs_, outputs_;
  bool lowered_ = false;
  nvinfer1::DataType precision_ = nvinfer1::DataType::kFLOAT;
  bool precision_set_ = false;
};

/// A layer with the public class `Interface` and its implementation class `Implementation`.
template <class Interface, class Implementation>
class LayerOf : public Interface, public Unsupported<Implementation>, public Layer {
 public:
  LayerOf(NetworkDefinition& network, nvinfer1::LayerType type, std::vector<Tensor*> inputs)
      : Layer(network, type, std::move(inputs)) {
    this->mLayer = this;
    this->mImpl = this;
  }
  nvinfer1::ILayer* api() override { return this; }
};

}  // namespace ingot::tensorrt
