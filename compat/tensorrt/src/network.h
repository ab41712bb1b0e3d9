// INetworkDefinition over an ingot::Network.
#pragma once

#include <deque>
#include <memory>

#include "ingot/network.h"
#include "layer.h"
#include "log.h"

namespace ingot::tensorrt {

class NetworkDefinition final : public nvinfer1::INetworkDefinition,
                                public Unsupported<nvinfer1::apiv::VNetworkDefinition> {
 public:
  NetworkDefinition(nvinfer1::IBuilder& builder, const Log& log, uint32_t flags);

  nvinfer1::ITensor* addInput(const char* name, nvinfer1::DataType type, DimsArgument dims) noexcept override;
  void markOutput(nvinfer1::ITensor& tensor) noexcept override;
  void unmarkOutput(nvinfer1::ITensor& tensor) noexcept override;
  bool markOutputForShapes(nvinfer1::ITensor& tensor) noexcept override;
  bool unmarkOutputForShapes(nvinfer1::ITensor& tensor) noexcept override;
  void removeTensor(nvinfer1::ITensor& tensor) noexcept override;
  int32_t getNbLayers() const noexcept override { return static_cast<int32_t>(layers_.size()); }
  nvinfer1::ILayer* getLayer(int32_t index) const noexcept override;
  int32_t getNbInputs() const noexcept override { return static_cast<int32_t>(inputs_.size()); }
  nvinfer1::ITensor* getInput(int32_t index) const noexcept override;
  int32_t getNbOutputs() const noexcept override { return static_cast<int32_t>(outputs_.size()); }
  nvinfer1::ITensor* getOutput(int32_t index) const noexcept override;
  void setName(const char* name) noexcept override { name_ = name == nullptr ? "" : name; }
  const char* getName() const noexcept override { return name_.c_str(); }
  bool hasImplicitBatchDimension() const noexcept override { return false; }
#if NV_TENSORRT_MAJOR == 8
  bool hasExplicitPrecision() const noexcept override { return false; }
#else
  uint32_t getFlags() const noexcept override { return flags_; }
  bool getFlag(nvinfer1::NetworkDefinitionCreationFlag flag) const noexcept override;
#endif
  void setErrorRecorder(nvinfer1::IErrorRecorder* recorder) noexcept override { log_.set_recorder(recorder); }
  nvinfer1::IErrorRecorder* getErrorRecorder() const noexcept override { return log_.recorder(); }
  nvinfer1::IBuilder& getBuilder() const noexcept override { return builder_; }

  // Layers; each in the file of its kind under layers/.
  nvinfer1::IActivationLayer* addActivation(nvinfer1::ITensor& x,
                                            nvinfer1::ActivationType type) noexcept override;
  nvinfer1::IElementWiseLayer* addElementWise(nvinfer1::ITensor& a, nvinfer1::ITensor& b,
                                              nvinfer1::ElementWiseOperation operation) noexcept override;
  nvinfer1::IUnaryLayer* addUnary(nvinfer1::ITensor& x, nvinfer1::UnaryOperation operation) noexcept override;
  nvinfer1::IIdentityLayer* addIdentity(nvinfer1::ITensor& x) noexcept override;
  nvinfer1::IConstantLayer* addConstant(DimsArgument dims, nvinfer1::Weights weights) noexcept override;

  ingot::Network& graph() { return graph_; }
  const Log& log() const { return log_; }
  bool is_output(const Tensor& tensor) const;
  void set_input_dims(Tensor& input, const nvinfer1::Dims& dims);
  Tensor* add_tensor(Layer* producer, std::string name);
  std::string unique_layer_name() const;
  /// Takes over an imported model: its nodes become layers. The network must be empty.
  void adopt(ingot::Network graph);

  /// Lowers the layers up to this one; those after it wait until they are needed.
  void lower(Layer* last);
  /// Lowers `first` and the lowered layers after it again.
  void lower_again(Layer* first);
  /// Logs the first error of the graph, once.
  void report(const std::string& context);
  /// Lowers everything and marks the outputs: the graph is ready to be built.
  Status finish();

 private:
  template <class L, class... Arguments>
  L* add(Arguments&&... arguments);

  nvinfer1::IBuilder& builder_;
  Log log_;
  uint32_t flags_;
  std::string name_;
  ingot::Network graph_;
  bool reported_ = false;
  std::deque<std::unique_ptr<Tensor>> tensors_;
  std::vector<std::unique_ptr<Layer>> layers_;
  std::vector<Tensor*> inputs_, outputs_;
};

template <class L, class... Arguments>
L* NetworkDefinition::add(Arguments&&... arguments) {
  auto layer = std::make_unique<L>(*this, std::forward<Arguments>(arguments)...);
  layer->add_outputs(1);
  L* out = layer.get();
  layers_.push_back(std::move(layer));
  return out;
}

}  // namespace ingot::tensorrt
