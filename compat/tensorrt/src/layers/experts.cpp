// Mixture of experts: each token goes through the experts that were selected for it, and their results are
// added by score. All experts are computed for all tokens, and what was not selected counts nothing.
#include "emit.h"

#if NV_TENSORRT_MAJOR >= 10

#include <limits>

namespace ingot::tensorrt {
namespace {

using nvinfer1::ITensor;
using nvinfer1::MoEActType;

// Inputs: states [.., tokens, hidden], selected experts and scores [.., tokens, k]; then weights of gate and
// up [experts, hidden, inner] and down [experts, inner, hidden], and their biases [experts, inner or hidden].
class MoELayer final : public LayerOf<nvinfer1::IMoELayer, nvinfer1::apiv::VMoELayer> {
 public:
  MoELayer(NetworkDefinition& n, std::vector<Tensor*> inputs)
      : LayerOf(n, nvinfer1::LayerType::kMOE, std::move(inputs)) {}

  void setGatedWeights(ITensor& gate, ITensor& up, ITensor& down, MoEActType activation) noexcept override {
    activation_ = activation;
    set_inputs(kWeights, {&gate, &up, &down});
  }
  void setGatedBiases(ITensor& gate, ITensor& up, ITensor& down) noexcept override {
    set_inputs(kBiases, {&gate, &up, &down});
  }
  INGOT_PARAMETER(MoEActType, ActivationType, activation_)
  void setQuantizationStatic(ITensor&, nvinfer1::DataType type) noexcept override { stay_wide(type); }
  void setQuantizationDynamicDblQ(ITensor&, nvinfer1::DataType type, const nvinfer1::Dims& block,
                                  nvinfer1::DataType scale) noexcept override {
    block_ = block;
    scale_type_ = scale;
    stay_wide(type);
  }
  void setQuantizationToType(nvinfer1::DataType type) noexcept override { stay_wide(type); }
  nvinfer1::DataType getQuantizationToType() const noexcept override { return quantized_type_; }
  INGOT_DIMS_PARAMETER(QuantizationBlockShape, block_)
  INGOT_PARAMETER(nvinfer1::DataType, DynQOutputScaleType, scale_type_)
  void setSwigluParams(float limit, float alpha, float beta) noexcept override {
    limit_ = limit, alpha_ = alpha, beta_ = beta, changed();
  }
  INGOT_PARAMETER(float, SwigluParamLimit, limit_)
  INGOT_PARAMETER(float, SwigluParamAlpha, alpha_)
  INGOT_PARAMETER(float, SwigluParamBeta, beta_)
  void setInput(int32_t index, ITensor& tensor) noexcept override { replace_input(index, tensor), changed(); }

  Values emit(ingot::Network& g, const Values& in) override {
    Emit e(g, name());
    for (size_t i = 0; i < kBiases; ++i)
      if (!input_at(in, i).valid()) return {};
    const int64_t hidden = e.dims(in[0]).back(), experts = e.dims(in[kWeights]).front();
    if (hidden < 0 || experts < 0) return {};
    const NetworkTensor x = e.reshape(in[0], {1, -1, hidden});
    NetworkTensor inner = activated(e, linear(e, in, x, 0), linear(e, in, x, 1));
    const NetworkTensor y = linear(e, in, inner, 2);
    const NetworkTensor sum =
        e("ReduceSum", {e("Mul", {y, shares(e, in, experts)}), e.ints({0})}, {{"keepdims", int64_t{0}}});
    return {e("Reshape", {sum, e.shape(in[0])})};
  }

 private:
  static constexpr size_t kWeights = 3, kBiases = 6;

  void set_inputs(size_t from, std::initializer_list<ITensor*> list) {
    for (ITensor* t : list) replace_input(static_cast<int32_t>(from++), *t);
    changed();
  }
  void stay_wide(nvinfer1::DataType type) {
    quantized_type_ = type;
    network_.log().warning("layer '" + name() + "': experts are computed in the wide type, not quantized");
  }
  // One of gate, up and down, for all experts.
  static NetworkTensor linear(Emit& e, const Values& in, NetworkTensor x, size_t which) {
    const NetworkTensor y = e("MatMul", {x, in[kWeights + which]});
    const NetworkTensor bias = input_at(in, kBiases + which);
    return bias.valid() ? e("Add", {y, e.unsqueeze(bias, {1})}) : y;
  }
  NetworkTensor activated(Emit& e, NetworkTensor gate, NetworkTensor up) const {
    if (activation_ == MoEActType::kNONE) return e("Mul", {gate, up});
    const DataType type = e.type(gate);
    if (limit_ < std::numeric_limits<float>::infinity()) {
      const NetworkTensor most = e.scalar(limit_, type);
      gate = e("Min", {gate, most});
      up = e("Clip", {up, e.scalar(-limit_, type), most});
    }
    const NetworkTensor sigmoid = e("Sigmoid", {e("Mul", {gate, e.scalar(alpha_, type)})});
    return e("Mul", {e("Mul", {gate, sigmoid}), e("Add", {up, e.scalar(beta_, type)})});
  }
  // What each expert's result counts for each token: [experts, tokens, 1].
  static NetworkTensor shares(Emit& e, const Values& in, int64_t experts) {
    const int64_t k = e.dims(in[1]).back();
    const DataType type = e.type(in[2]);
    const float numbers[] = {0, 1};
    const NetworkTensor values =
        e.cast(e.graph().constant({DataType::kF32, {2}, const_cast<float*>(numbers)}), type);
    const NetworkTensor chosen = e("OneHot", {e.reshape(in[1], {-1, k}), e.index(experts), values});
    const NetworkTensor scored = e("Mul", {chosen, e.reshape(in[2], {-1, k, 1})});
    const NetworkTensor sum = e("ReduceSum", {scored, e.ints({1})}, {{"keepdims", int64_t{0}}});
    return e.unsqueeze(e.transpose(sum, {1, 0}), {2});
  }

  MoEActType activation_ = MoEActType::kNONE;
  nvinfer1::DataType quantized_type_ = nvinfer1::DataType::kFLOAT, scale_type_ = nvinfer1::DataType::kFLOAT;
  nvinfer1::Dims block_ = no_dims();
  float limit_ = std::numeric_limits<float>::infinity(), alpha_ = 1, beta_ = 0;
};

}  // namespace

nvinfer1::IMoELayer* NetworkDefinition::addMoE(ITensor& states, ITensor& experts, ITensor& scores) noexcept {
  return add<MoELayer>(std::vector<Tensor*>{tensor(states), tensor(experts), tensor(scores)});
}

}  // namespace ingot::tensorrt

#endif
