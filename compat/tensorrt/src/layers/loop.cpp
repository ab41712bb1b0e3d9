// Loops: recurrences, iterators and a trip limit, and outputs that collect or keep values. The layers between
// them become the body of one Loop when the first output is lowered. Outside of a body (when a client asks
// for the dims of a tensor in it) a recurrence is its first value and an iterator its first element.
#include "layers/boundary.h"
#include "scope.h"

namespace ingot::tensorrt {
namespace {

using nvinfer1::ITensor;
using nvinfer1::LayerType;
using nvinfer1::LoopOutput;
using nvinfer1::TripLimit;

class Loop;

template <class Interface, class Implementation>
class LoopLayer : public BoundaryLayerOf<Interface, Implementation, nvinfer1::apiv::VLoopBoundaryLayer> {
 public:
  LoopLayer(NetworkDefinition& network, LayerType type, std::vector<Tensor*> inputs, Loop& loop)
      : BoundaryLayerOf<Interface, Implementation, nvinfer1::apiv::VLoopBoundaryLayer>(network, type,
                                                                                       std::move(inputs)),
        loop_(loop) {}
  nvinfer1::ILoop* getLoop() const noexcept override;
  void setInput(int32_t index, ITensor& t) noexcept override;

 protected:
  Loop& loop_;
};

class RecurrenceLayer final : public LoopLayer<nvinfer1::IRecurrenceLayer, nvinfer1::apiv::VRecurrenceLayer> {
 public:
  RecurrenceLayer(NetworkDefinition& network, Tensor* first, Loop& loop)
      : LoopLayer(network, LayerType::kRECURRENCE, {first}, loop) {}
  Values emit_in(Scope& scope) override { return {scope.graph().op("Identity", {scope.value(inputs()[0])})}; }
  const Tensor* next() const { return inputs().size() > 1 ? inputs()[1] : nullptr; }
};

class IteratorLayer final : public LoopLayer<nvinfer1::IIteratorLayer, nvinfer1::apiv::VIteratorLayer> {
 public:
  IteratorLayer(NetworkDefinition& network, Tensor* x, int32_t axis, bool reverse, Loop& loop)
      : LoopLayer(network, LayerType::kITERATOR, {x}, loop), axis_(axis), reverse_(reverse) {}
  void setAxis(int32_t axis) noexcept override;
  int32_t getAxis() const noexcept override { return axis_; }
  void setReverse(bool reverse) noexcept override;
  bool getReverse() const noexcept override { return reverse_; }
  Values emit_in(Scope& scope) override { return {element(scope, Emit(scope.graph(), name()).index(0))}; }
  NetworkTensor element(Scope& scope, NetworkTensor iteration) const {
    Emit e(scope.graph(), name());
    const NetworkTensor x = scope.value(inputs()[0]);
    const NetworkTensor at =
        reverse_ ? e("Sub", {e("Sub", {e.size(x, axis_), e.index(1)}), iteration}) : iteration;
    return e("Gather", {x, at}, {{"axis", int64_t{axis_}}});
  }
  /// The same for an iteration that may be one too far: then the last one.
  NetworkTensor next_element(Scope& scope, NetworkTensor iteration) const {
    Emit e(scope.graph(), name());
    const NetworkTensor last = e("Sub", {e.size(scope.value(inputs()[0]), axis_), e.index(1)});
    return element(scope, e("Min", {iteration, last}));
  }

 private:
  int32_t axis_;
  bool reverse_;
};

class TripLimitLayer final : public LoopLayer<nvinfer1::ITripLimitLayer, nvinfer1::apiv::VTripLimitLayer> {
 public:
  TripLimitLayer(NetworkDefinition& network, Tensor* limit, TripLimit kind, Loop& loop)
      : LoopLayer(network, LayerType::kTRIP_LIMIT, {limit}, loop), kind_(kind) {}
  TripLimit getTripLimit() const noexcept override { return kind_; }
  Values emit_in(Scope&) override { return {}; }

 private:
  TripLimit kind_;
};

class LoopOutputLayer final : public LoopLayer<nvinfer1::ILoopOutputLayer, nvinfer1::apiv::VLoopOutputLayer> {
 public:
  LoopOutputLayer(NetworkDefinition& network, Tensor* x, LoopOutput kind, int32_t axis, Loop& loop)
      : LoopLayer(network, LayerType::kLOOP_OUTPUT, {x}, loop), kind_(kind), axis_(axis) {}
  LoopOutput getLoopOutput() const noexcept override { return kind_; }
  void setAxis(int32_t axis) noexcept override;
  int32_t getAxis() const noexcept override { return axis_; }
  Values emit_in(Scope& scope) override;
  std::vector<Tensor*> dependencies() const override;

 private:
  LoopOutput kind_;
  int32_t axis_;
};

class Loop final : public nvinfer1::ILoop, public Unsupported<nvinfer1::apiv::VLoop>, public Construct {
 public:
  explicit Loop(NetworkDefinition& network) : network_(network) { mImpl = this; }

  nvinfer1::IRecurrenceLayer* addRecurrence(ITensor& first) noexcept override {
    return network_.add_to(recurrences_, tensor(first), *this);
  }
  nvinfer1::ITripLimitLayer* addTripLimit(ITensor& limit, TripLimit kind) noexcept override {
    return network_.add_to_without_output(limits_, tensor(limit), kind, *this);
  }
  nvinfer1::IIteratorLayer* addIterator(ITensor& x, int32_t axis, bool reverse) noexcept override {
    return network_.add_to(iterators_, tensor(x), axis, reverse, *this);
  }
  nvinfer1::ILoopOutputLayer* addLoopOutput(ITensor& x, LoopOutput kind, int32_t axis) noexcept override {
    changed();
    return network_.add_to(outputs_, tensor(x), kind, axis, *this);
  }
  void setName(const char* name) noexcept override { name_ = name == nullptr ? "" : name; }
  const char* getName() const noexcept override { return name_.c_str(); }

  /// What was made is made again.
  void changed() {
    network_.scope().made.erase(this);
    if (!outputs_.empty()) outputs_[0]->changed();
  }
  NetworkTensor output(Scope& scope, const Layer* layer) {
    auto& made = scope.made[this];
    if (made.empty()) made = build(scope);
    return made[layer];
  }
  std::vector<Tensor*> dependencies() const {
    std::vector<Tensor*> out;
    const auto add = [&](const Layer* l) { out.insert(out.end(), l->inputs().begin(), l->inputs().end()); };
    for (const auto* l : recurrences_) add(l);
    for (const auto* l : iterators_) add(l);
    for (const auto* l : limits_) add(l);
    return out;
  }

 private:
  std::map<const Layer*, NetworkTensor> build(Scope& scope);

  NetworkDefinition& network_;
  std::string name_;
  std::vector<RecurrenceLayer*> recurrences_;
  std::vector<IteratorLayer*> iterators_;
  std::vector<TripLimitLayer*> limits_;
  std::vector<LoopOutputLayer*> outputs_;
};

// A value that goes from one iteration to the next.
struct Carried {
  const Tensor* tensor;  // in the body
  const Tensor* first;   // before the loop
  const Tensor* next;    // at the end of an iteration
};

std::map<const Layer*, NetworkTensor> Loop::build(Scope& scope) {
  ingot::Network body("body");
  std::set<const Layer*> boundary;
  for (const Layer* l : recurrences_) boundary.insert(l);
  for (const Layer* l : iterators_) boundary.insert(l);

  std::vector<Carried> carried;
  for (const RecurrenceLayer* r : recurrences_) {
    if (r->next() == nullptr) {
      network_.fail(r->name(), "the recurrence has no second input");
      return {};
    }
    carried.push_back({r->outputs()[0], r->inputs()[0], r->next()});
  }
  std::vector<const LoopOutputLayer*> stacked;
  std::map<const Layer*, size_t> kept;  // LoopOutput -> index in carried
  for (const LoopOutputLayer* o : outputs_) {
    if (o->getLoopOutput() != LoopOutput::kLAST_VALUE) {
      stacked.push_back(o);
      continue;
    }
    const Tensor* x = o->inputs()[0];
    size_t i = 0;
    while (i < recurrences_.size() && carried[i].tensor != x) ++i;
    if (i == recurrences_.size()) i = carried.size(), carried.push_back({nullptr, x, x});
    kept[o] = i;
  }

  Scope inner(body, scope, boundary);
  const NetworkTensor iteration = body.input("iteration", DataType::kI64, {});
  const NetworkTensor condition = body.input("condition", DataType::kBool, {});
  std::vector<NetworkTensor> inputs(2);
  for (size_t i = 0; i < carried.size(); ++i) {
    inputs.push_back(scope.value(carried[i].first));
    const TensorInfo info = scope.graph().info(inputs.back());
    const NetworkTensor formal = body.input("carried_" + std::to_string(i), info.dtype, info.dims);
    if (carried[i].tensor != nullptr) inner.bind(carried[i].tensor, formal);
  }
  for (const IteratorLayer* it : iterators_) inner.bind(it->outputs()[0], it->element(inner, iteration));
  std::vector<NetworkTensor> next;
  std::map<const Tensor*, NetworkTensor> after;
  for (const Carried& c : carried) {
    next.push_back(inner.value(c.next));
    if (c.tensor != nullptr) after[c.tensor] = next.back();
  }
  std::vector<NetworkTensor> collected;
  for (const LoopOutputLayer* o : stacked) collected.push_back(inner.value(o->inputs()[0]));

  // TensorRT asks the condition of what an iteration starts with, ONNX of what it ends with.
  NetworkTensor goes_on = condition;
  Emit e(scope.graph(), name_);
  std::vector<const Tensor*> captures = inner.captures();
  for (const TripLimitLayer* limit : limits_) {
    const Tensor* t = limit->inputs()[0];
    if (limit->getTripLimit() == TripLimit::kCOUNT) {
      inputs[0] = e.reshape(e.shape_tensor(scope.value(t)), {});
    } else {
      inputs[1] = e.reshape(scope.value(t), {});
      Scope later = inner.rebound(after);
      Emit b(body, name_);
      for (const IteratorLayer* it : iterators_)
        later.bind(it->outputs()[0], it->next_element(later, b("Add", {iteration, b.index(1)})));
      goes_on = b.reshape(later.value(t), {});
      captures = later.captures();
    }
  }
  body.output(goes_on, "goes_on");
  for (size_t i = 0; i < next.size(); ++i) body.output(next[i], "next_" + std::to_string(i));
  for (size_t i = 0; i < collected.size(); ++i) body.output(collected[i], "collected_" + std::to_string(i));

  std::vector<NetworkTensor> outer;
  for (const Tensor* t : captures) outer.push_back(scope.value(t));
  std::map<std::string, ingot::Network> bodies;
  bodies.emplace("body", std::move(body));
  const auto results = scope.graph().add_with_bodies(
      "Loop", inputs, std::move(bodies), outer, static_cast<int>(carried.size() + stacked.size()), name_);
  std::map<const Layer*, NetworkTensor> out;
  for (const auto& [layer, i] : kept) out[layer] = results[i];
  for (size_t i = 0; i < stacked.size(); ++i) {
    NetworkTensor y = results[carried.size() + i];  // iterations come first
    if (stacked[i]->getLoopOutput() == LoopOutput::kREVERSE)
      y = e("Slice", {y, e.ints({-1}), e.ints({INT64_MIN + 1}), e.ints({0}), e.ints({-1})});
    std::vector<int64_t> order;
    for (int64_t d = 1; d < e.rank(y); ++d) order.push_back(d);
    const int64_t axis = std::clamp<int64_t>(stacked[i]->getAxis(), 0, static_cast<int64_t>(order.size()));
    order.insert(order.begin() + axis, 0);
    out[stacked[i]] = e.transpose(y, order);
  }
  return out;
}

template <class I, class V>
nvinfer1::ILoop* LoopLayer<I, V>::getLoop() const noexcept {
  return &loop_;
}
template <class I, class V>
void LoopLayer<I, V>::setInput(int32_t index, ITensor& t) noexcept {
  this->replace_input(index, t);
  loop_.changed();
}
void IteratorLayer::setAxis(int32_t axis) noexcept { axis_ = axis, changed(), loop_.changed(); }
void IteratorLayer::setReverse(bool reverse) noexcept { reverse_ = reverse, loop_.changed(); }
void LoopOutputLayer::setAxis(int32_t axis) noexcept { axis_ = axis, loop_.changed(); }
Values LoopOutputLayer::emit_in(Scope& scope) { return {loop_.output(scope, this)}; }
std::vector<Tensor*> LoopOutputLayer::dependencies() const {
  std::vector<Tensor*> out = loop_.dependencies();
  out.insert(out.end(), inputs().begin(), inputs().end());
  return out;
}

}  // namespace

nvinfer1::ILoop* NetworkDefinition::addLoop() noexcept {
  auto loop = std::make_unique<Loop>(*this);
  Loop* out = loop.get();
  constructs_.push_back(std::move(loop));
  return out;
}

}  // namespace ingot::tensorrt
