// Constant: weights as a tensor. They are copied, so the client may free them once the layer is lowered.
#include "emit.h"

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
    const TensorRef ref{to_ingot(weights_.type), to_vector(dims_), nullptr};
    if (ref.size() != weights_.count || (weights_.values == nullptr && weights_.count > 0)) {
      network_.log().error(nvinfer1::ErrorCode::kINVALID_ARGUMENT,
                           "layer '" + name() + "': " + std::to_string(weights_.count) +
                               " weights are given for a constant of dims " + to_string(dims_));
      return {};
    }
    Emit e(g, name());
    return {weights(e, nvinfer1::WeightsRole::kCONSTANT, weights_, to_vector(dims_))};
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
