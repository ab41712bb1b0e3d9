// What all layers of a network definition have in common. A layer keeps the parameters that the client sets;
// it becomes nodes of Ingot's network ("is lowered") when somebody needs to know its outputs, at the latest
// when the network is built. Owned by its network.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "scope.h"
#include "tensor.h"

namespace ingot::tensorrt {

class Emit;

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
  bool outputTypeIsSet(int32_t index) const noexcept override { return output_types_.contains(index); }
  void resetOutputType(int32_t index) noexcept override { output_types_.erase(index), changed(); }
#endif
  nvinfer1::DataType getOutputType(int32_t index) const noexcept override;
  void setMetadata(const char* text) noexcept override { metadata_ = text == nullptr ? "" : text; }
  const char* getMetadata() const noexcept override { return metadata_.c_str(); }
#if NV_TENSORRT_MAJOR >= 10
  // One device runs the whole network.
  bool setNbRanks(int32_t ranks) noexcept override { return ranks == 1; }
  int32_t getNbRanks() const noexcept override { return 1; }
#endif

  /// The object that clients see.
  virtual nvinfer1::ILayer* api() = 0;
  /// Adds the nodes; an empty list when it cannot be done (the network's status or the log says why).
  virtual Values emit(ingot::Network& graph, const Values& inputs) = 0;

  /// As `emit`, in a scope whose values the inputs have.
  virtual Values emit_in(Scope& scope);
  /// `emit_in`, with the outputs in the types that the client chose.
  Values lowered_in(Scope& scope);
  /// The tensors that have to be there first.
  virtual std::vector<Tensor*> dependencies() const { return inputs_; }

  bool lowered() const { return lowered_; }
  /// Its nodes came with a model; they are made again only when the layer itself is changed.
  bool imported() const { return imported_; }
  /// Lowers the inputs' layers and this one. Called by the network in the layers' order.
  void lower();
  /// A parameter changed: what was lowered is lowered again.
  void changed();
  /// Makes the outputs' tensors, named after the layer.
  void add_outputs(int count);
  /// Output `i` of a layer whose nodes exist already; the tensor is made where there is none.
  Tensor* adopt_output(size_t i, std::string name, NetworkTensor value);

  /// Which of the outputs it is.
  int32_t index_of(const Tensor* output) const {
    return static_cast<int32_t>(std::find(outputs_.begin(), outputs_.end(), output) - outputs_.begin());
  }
  const std::string& name() const { return name_; }
  const std::vector<Tensor*>& inputs() const { return inputs_; }
  const std::vector<Tensor*>& outputs() const { return outputs_; }

 protected:
  void replace_input(int32_t index, nvinfer1::ITensor& tensor);
  /// Emit::weights, which a refitter finds by this layer and the role.
  NetworkTensor weights(Emit& e, nvinfer1::WeightsRole role, const nvinfer1::Weights& w,
                        const ShapeDims& dims, DataType like = DataType::kInvalid);

  NetworkDefinition& network_;

 private:
  NetworkTensor typed(ingot::Network& graph, NetworkTensor value, size_t output) const;

  nvinfer1::LayerType type_;
  std::string name_, metadata_;
  std::vector<Tensor*> inputs_, outputs_;
  bool lowered_ = false, imported_ = false;
  std::map<int32_t, nvinfer1::DataType> output_types_;  // those that the client chose
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
