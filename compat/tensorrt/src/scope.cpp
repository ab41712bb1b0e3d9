#include "scope.h"

#include "emit.h"

namespace ingot::tensorrt {

Scope::Scope(ingot::Network& graph, Scope& outer, std::set<const Layer*> boundary,
             const std::vector<const Tensor*>& captures)
    : graph_(graph), outer_(&outer), boundary_(std::move(boundary)) {
  for (const Tensor* t : captures) capture(t);
}

NetworkTensor Scope::value(const Tensor* tensor) {
  if (tensor == nullptr) return {};
  if (outer_ == nullptr) return tensor->value();
  if (const auto it = values_.find(tensor); it != values_.end()) return it->second;
  Layer* producer = tensor->producer();
  if (producer == nullptr || !inside(producer)) return capture(tensor);
  const Layer::Values made = producer->lowered_in(*this);
  for (size_t i = 0; i < made.size() && i < producer->outputs().size(); ++i)
    values_[producer->outputs()[i]] = made[i];
  return values_[tensor];
}

Scope Scope::rebound(std::map<const Tensor*, NetworkTensor> values) const {
  Scope out = *this;
  out.made.clear();
  out.values_ = std::move(values);
  return out;
}

bool Scope::inside(const Layer* layer) const {
  std::set<const Layer*> seen;
  std::vector<const Layer*> waiting = {layer};
  while (!waiting.empty()) {
    const Layer* next = waiting.back();
    waiting.pop_back();
    if (boundary_.contains(next)) return true;
    if (!seen.insert(next).second) continue;
    for (const Tensor* t : next->dependencies())
      if (t != nullptr && t->producer() != nullptr) waiting.push_back(t->producer());
  }
  return false;
}

NetworkTensor Scope::capture(const Tensor* tensor) {
  if (const auto it = captured_.find(tensor); it != captured_.end()) return it->second;
  const TensorInfo info = outer_->graph().info(outer_->value(tensor));
  captures_.push_back(tensor);
  return captured_[tensor] =
             graph_.input("captured_" + std::to_string(captures_.size()), info.dtype, info.dims);
}

}  // namespace ingot::tensorrt
