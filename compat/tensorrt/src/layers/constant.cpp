// Constant: weights as a tensor. They are copied, so the client may free them once the layer is lowered.
#include "network.h"

namespace ingot::tensorrt {
namespace {

using nvinfer1::Dims;
using nvinfer1::Weights;

class ConstantLayer final : public LayerOf<nvinfer1::IConstantLayer, nvinfer1::apiv::VConstantLayer> {
 public:
  ConstantLayer(NetworkDefinition& network, const Dims& dims, Weights weights)
      : LayerOf(network, nvinfer1::LayerType::kCONSTANT, {}), dims_(dims), weights_(weights) {}

  void setWeights(Weights weights) noexcept override { weights_ = weights, changed(); }
  Weights getWeights() const noexcept override { return weights_; }
  void setDimensions(DimsArgument dims) noexcept override { dims_ = dims, changed(); }
  Dims getDimensions() const noexcept override { return dims_; }

  Values emit(ingot::Network& g, const Values&) override {
    TensorRef ref{to_ingot(weights_.type), to_vector(dims_), const_cast<void*>(weights_.values)};
    if (ref.size() != weights_.count) {
      network_.log().error(nvinfer1::ErrorCode::kINVALID_ARGUMENT,
                           "layer '" + name() + "': " + std::to_string(weights_.count) +
                               " weights are given for a constant of dims " + to_string(dims_));
      return {};
    }
    return {g.constant(ref)};
  }

 private:
  Dims dims_;
  Weights weights_;
};

}  // namespace

nvinfer1::IConstantLayer* NetworkDefinition::addConstant(DimsArgument dims, Weights weights) noexcept {
  return add<ConstantLayer>(dims, weights);
}

}  // namespace ingot::tensorrt
