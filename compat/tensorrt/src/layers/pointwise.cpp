// Activation, ElementWise, Unary, Identity.
#include "emit.h"

namespace ingot::tensorrt {
namespace {

using nvinfer1::ActivationType;
using nvinfer1::ElementWiseOperation;
using nvinfer1::LayerType;
using nvinfer1::UnaryOperation;

class ActivationLayer final : public LayerOf<nvinfer1::IActivationLayer, nvinfer1::apiv::VActivationLayer> {
 public:
  ActivationLayer(NetworkDefinition& network, Tensor* x, ActivationType type)
      : LayerOf(network, LayerType::kACTIVATION, {x}), type_(type) {}

  void setActivationType(ActivationType type) noexcept override { type_ = type, changed(); }
  ActivationType getActivationType() const noexcept override { return type_; }
  void setAlpha(float alpha) noexcept override { alpha_ = alpha, changed(); }
  void setBeta(float beta) noexcept override { beta_ = beta, changed(); }
  float getAlpha() const noexcept override { return alpha_; }
  float getBeta() const noexcept override { return beta_; }

  Values emit(ingot::Network& g, const Values& in) override {
    const auto one = [&](const char* op, std::map<std::string, NetworkAttr> attrs = {}) -> Values {
      return {g.op(op, in, attrs, name())};
    };
    Emit e(g, name());
    const auto constant = [&](float value) { return e.scalar(value, e.type(in[0])); };
    switch (type_) {
      case ActivationType::kRELU:
        return one("Relu");
      case ActivationType::kSIGMOID:
        return one("Sigmoid");
      case ActivationType::kTANH:
        return one("Tanh");
      case ActivationType::kLEAKY_RELU:
        return one("LeakyRelu", {{"alpha", alpha_}});
      case ActivationType::kELU:
        return one("Elu", {{"alpha", alpha_}});
      case ActivationType::kSELU:
        return one("Selu", {{"alpha", alpha_}, {"gamma", beta_}});
      case ActivationType::kSOFTSIGN:
        return one("Softsign");
      case ActivationType::kSOFTPLUS: {  // alpha * log(exp(beta * x) + 1)
        const NetworkTensor scaled = g.op("Mul", {in[0], constant(beta_)});
        return {g.op("Mul", {g.op("Softplus", {scaled}), constant(alpha_)}, {}, name())};
      }
      case ActivationType::kCLIP:
        return {g.op("Clip", {in[0], constant(alpha_), constant(beta_)}, {}, name())};
      case ActivationType::kHARD_SIGMOID:
        return one("HardSigmoid", {{"alpha", alpha_}, {"beta", beta_}});
      case ActivationType::kSCALED_TANH: {  // alpha * tanh(beta * x)
        const NetworkTensor scaled = g.op("Mul", {in[0], constant(beta_)});
        return {g.op("Mul", {g.op("Tanh", {scaled}), constant(alpha_)}, {}, name())};
      }
      case ActivationType::kTHRESHOLDED_RELU:
        return one("ThresholdedRelu", {{"alpha", alpha_}});
#if NV_TENSORRT_MAJOR >= 10
      case ActivationType::kGELU_ERF:
        return one("Gelu");
      case ActivationType::kGELU_TANH:
        return one("Gelu", {{"approximate", std::string("tanh")}});
#endif
    }
    return {};
  }

 private:
  ActivationType type_;
  float alpha_ = 0, beta_ = 0;
};

bool is_integer(DataType type) {
  return type == DataType::kI32 || type == DataType::kI64 || type == DataType::kI8 || type == DataType::kU8;
}

class ElementWiseLayer final
    : public LayerOf<nvinfer1::IElementWiseLayer, nvinfer1::apiv::VElementWiseLayer> {
 public:
  ElementWiseLayer(NetworkDefinition& network, Tensor* a, Tensor* b, ElementWiseOperation operation)
      : LayerOf(network, LayerType::kELEMENTWISE, {a, b}), operation_(operation) {}

  void setOperation(ElementWiseOperation operation) noexcept override { operation_ = operation, changed(); }
  ElementWiseOperation getOperation() const noexcept override { return operation_; }

  Values emit(ingot::Network& g, const Values& in) override {
    using Op = ElementWiseOperation;
    static const std::map<Op, const char*> kOps = {
        {Op::kSUM, "Add"},         {Op::kPROD, "Mul"}, {Op::kMAX, "Max"}, {Op::kMIN, "Min"},
        {Op::kSUB, "Sub"},         {Op::kDIV, "Div"},  {Op::kPOW, "Pow"}, {Op::kFLOOR_DIV, "Div"},
        {Op::kAND, "And"},         {Op::kOR, "Or"},    {Op::kXOR, "Xor"}, {Op::kEQUAL, "Equal"},
        {Op::kGREATER, "Greater"}, {Op::kLESS, "Less"}};
    const auto it = kOps.find(operation_);
    if (it == kOps.end()) return {};
    Emit e(g, name());
    if (operation_ != Op::kFLOOR_DIV) return {e(it->second, in)};
    // ONNX cuts integers towards zero: what is left over goes first.
    if (is_integer(e.type(in[0]))) return {e("Div", {e("Sub", {in[0], e("Mod", in)}), in[1]})};
    return {e("Floor", {e("Div", in)})};
  }

 private:
  ElementWiseOperation operation_;
};

class UnaryLayer final : public LayerOf<nvinfer1::IUnaryLayer, nvinfer1::apiv::VUnaryLayer> {
 public:
  UnaryLayer(NetworkDefinition& network, Tensor* x, UnaryOperation operation)
      : LayerOf(network, LayerType::kUNARY, {x}), operation_(operation) {}

  void setOperation(UnaryOperation operation) noexcept override { operation_ = operation, changed(); }
  UnaryOperation getOperation() const noexcept override { return operation_; }

  Values emit(ingot::Network& g, const Values& in) override {
    static constexpr const char* kOps[] = {"Exp",   "Log",   "Sqrt",  "Reciprocal", "Abs",   "Neg",  "Sin",
                                           "Cos",   "Tan",   "Sinh",  "Cosh",       "Asin",  "Acos", "Atan",
                                           "Asinh", "Acosh", "Atanh", "Ceil",       "Floor", "Erf",  "Not",
                                           "Sign",  "Round", "IsInf", "IsNaN"};
    const auto at = static_cast<size_t>(operation_);
    return at < std::size(kOps) ? Values{g.op(kOps[at], in, {}, name())} : Values{};
  }

 private:
  UnaryOperation operation_;
};

class IdentityLayer final : public LayerOf<nvinfer1::IIdentityLayer, nvinfer1::apiv::VIdentityLayer> {
 public:
  IdentityLayer(NetworkDefinition& network, Tensor* x) : LayerOf(network, LayerType::kIDENTITY, {x}) {}
  Values emit(ingot::Network& g, const Values& in) override { return {g.op("Identity", in, {}, name())}; }
};

}  // namespace

nvinfer1::IActivationLayer* NetworkDefinition::addActivation(nvinfer1::ITensor& x,
                                                             ActivationType type) noexcept {
  return add<ActivationLayer>(tensor(x), type);
}
nvinfer1::IElementWiseLayer* NetworkDefinition::addElementWise(nvinfer1::ITensor& a, nvinfer1::ITensor& b,
                                                               ElementWiseOperation operation) noexcept {
  return add<ElementWiseLayer>(tensor(a), tensor(b), operation);
}
nvinfer1::IUnaryLayer* NetworkDefinition::addUnary(nvinfer1::ITensor& x, UnaryOperation operation) noexcept {
  return add<UnaryLayer>(tensor(x), operation);
}
nvinfer1::IIdentityLayer* NetworkDefinition::addIdentity(nvinfer1::ITensor& x) noexcept {
  return add<IdentityLayer>(tensor(x));
}

}  // namespace ingot::tensorrt
