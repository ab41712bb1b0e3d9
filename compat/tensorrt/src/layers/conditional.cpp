// If-conditionals: what depends on a conditional's inputs and leads to one of its outputs becomes a branch of
// one If, when the first output is lowered.
#include "layers/boundary.h"
#include "scope.h"

namespace ingot::tensorrt {
namespace {

using nvinfer1::ITensor;
using nvinfer1::LayerType;

class Conditional;

template <class Interface, class Implementation>
class ConditionalLayer
    : public BoundaryLayerOf<Interface, Implementation, nvinfer1::apiv::VConditionalBoundaryLayer> {
 public:
  ConditionalLayer(NetworkDefinition& network, LayerType type, std::vector<Tensor*> inputs,
                   Conditional& owner)
      : BoundaryLayerOf<Interface, Implementation, nvinfer1::apiv::VConditionalBoundaryLayer>(
            network, type, std::move(inputs)),
        conditional_(owner) {}
  nvinfer1::IIfConditional* getConditional() const noexcept override;
  void setInput(int32_t index, ITensor& t) noexcept override;

 protected:
  Conditional& conditional_;
};

class ConditionLayer final
    : public ConditionalLayer<nvinfer1::IConditionLayer, nvinfer1::apiv::VConditionLayer> {
 public:
  ConditionLayer(NetworkDefinition& network, Tensor* condition, Conditional& owner)
      : ConditionalLayer(network, LayerType::kCONDITION, {condition}, owner) {}
  Values emit_in(Scope&) override { return {}; }
};

class InputLayer final
    : public ConditionalLayer<nvinfer1::IIfConditionalInputLayer, nvinfer1::apiv::VConditionalInputLayer> {
 public:
  InputLayer(NetworkDefinition& network, Tensor* x, Conditional& owner)
      : ConditionalLayer(network, LayerType::kCONDITIONAL_INPUT, {x}, owner) {}
  Values emit_in(Scope& scope) override { return {scope.graph().op("Identity", {scope.value(inputs()[0])})}; }
};

class OutputLayer final
    : public ConditionalLayer<nvinfer1::IIfConditionalOutputLayer, nvinfer1::apiv::VConditionalOutputLayer> {
 public:
  OutputLayer(NetworkDefinition& network, Tensor* yes, Tensor* no, Conditional& owner)
      : ConditionalLayer(network, LayerType::kCONDITIONAL_OUTPUT, {yes, no}, owner) {}
  Values emit_in(Scope& scope) override;
  std::vector<Tensor*> dependencies() const override;
};

class Conditional final : public nvinfer1::IIfConditional,
                          public Unsupported<nvinfer1::apiv::VIfConditional>,
                          public Construct {
 public:
  explicit Conditional(NetworkDefinition& network) : network_(network) { mImpl = this; }

  nvinfer1::IConditionLayer* setCondition(ITensor& condition) noexcept override {
    return network_.add_to_without_output(conditions_, tensor(condition), *this);
  }
  nvinfer1::IIfConditionalInputLayer* addInput(ITensor& x) noexcept override {
    return network_.add_to(inputs_, tensor(x), *this);
  }
  nvinfer1::IIfConditionalOutputLayer* addOutput(ITensor& yes, ITensor& no) noexcept override {
    changed();
    return network_.add_to(outputs_, tensor(yes), tensor(no), *this);
  }
  void setName(const char* name) noexcept override { name_ = name == nullptr ? "" : name; }
  const char* getName() const noexcept override { return name_.c_str(); }

  void changed() {
    network_.scope().made.erase(this);
    if (!outputs_.empty()) outputs_[0]->changed();
  }
  NetworkTensor output(Scope& scope, const Layer* layer) {
    auto& made = scope.made[this];
    if (made.empty()) made = build(scope);
    return made[layer];
  }
  Tensor* condition() const { return conditions_.empty() ? nullptr : conditions_.back()->inputs()[0]; }

 private:
  std::map<const Layer*, NetworkTensor> build(Scope& scope) {
    if (condition() == nullptr) {
      network_.fail(name_, "the conditional has no condition");
      return {};
    }
    // Both branches take the same captures: the first time only tells which.
    std::vector<const Tensor*> captures;
    for (size_t side : {0, 1}) captures = branch(scope, side, captures).second;
    std::map<std::string, ingot::Network> bodies;
    for (size_t side : {0, 1})
      bodies.emplace(side == 0 ? "then_branch" : "else_branch", branch(scope, side, captures).first);
    std::vector<NetworkTensor> outer;
    for (const Tensor* t : captures) outer.push_back(scope.value(t));
    const NetworkTensor condition_value = Emit(scope.graph(), name_).reshape(scope.value(condition()), {});
    const auto results = scope.graph().add_with_bodies("If", {condition_value}, std::move(bodies), outer,
                                                       static_cast<int>(outputs_.size()), name_);
    std::map<const Layer*, NetworkTensor> out;
    for (size_t i = 0; i < outputs_.size(); ++i) out[outputs_[i]] = results[i];
    return out;
  }
  std::pair<ingot::Network, std::vector<const Tensor*>> branch(Scope& scope, size_t side,
                                                               const std::vector<const Tensor*>& captures) {
    ingot::Network body(side == 0 ? "then" : "else");
    Scope inner(body, scope, {inputs_.begin(), inputs_.end()}, captures);
    for (size_t i = 0; i < outputs_.size(); ++i)
      body.output(inner.value(outputs_[i]->inputs()[side]), "output_" + std::to_string(i));
    return {std::move(body), inner.captures()};
  }

  NetworkDefinition& network_;
  std::string name_;
  std::vector<ConditionLayer*> conditions_;
  std::vector<InputLayer*> inputs_;
  std::vector<OutputLayer*> outputs_;
};

template <class I, class V>
nvinfer1::IIfConditional* ConditionalLayer<I, V>::getConditional() const noexcept {
  return &conditional_;
}
template <class I, class V>
void ConditionalLayer<I, V>::setInput(int32_t index, ITensor& t) noexcept {
  this->replace_input(index, t);
  conditional_.changed();
}
Values OutputLayer::emit_in(Scope& scope) { return {conditional_.output(scope, this)}; }
std::vector<Tensor*> OutputLayer::dependencies() const {
  std::vector<Tensor*> out = inputs();
  out.push_back(conditional_.condition());
  return out;
}

}  // namespace

nvinfer1::IIfConditional* NetworkDefinition::addIfConditional() noexcept {
  auto conditional = std::make_unique<Conditional>(*this);
  Conditional* out = conditional.get();
  constructs_.push_back(std::move(conditional));
  return out;
}

}  // namespace ingot::tensorrt
