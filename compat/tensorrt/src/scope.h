// Where layers are lowered to: the network itself, or the body of a loop or conditional.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <vector>

#include "ingot/network.h"

namespace ingot::tensorrt {

class Layer;
class Tensor;

class Scope {
 public:
  /// The network itself.
  explicit Scope(ingot::Network& graph) : graph_(graph) {}
  /// A body within `outer`: layers that depend on one of `boundary` are lowered into it, what others make is
  /// captured. `captures` (of another body of the same node) come first.
  Scope(ingot::Network& graph, Scope& outer, std::set<const Layer*> boundary,
        const std::vector<const Tensor*>& captures = {});

  ingot::Network& graph() { return graph_; }
  NetworkTensor value(const Tensor* tensor);
  void bind(const Tensor* tensor, NetworkTensor value) { values_[tensor] = value; }
  /// The same body with what `values` say, and the same captures; nothing else is known yet.
  Scope rebound(std::map<const Tensor*, NetworkTensor> values) const;
  const std::vector<const Tensor*>& captures() const { return captures_; }

  /// What a loop or conditional made here, for all of its outputs.
  std::map<const void*, std::map<const Layer*, NetworkTensor>> made;

 private:
  bool inside(const Layer* layer) const;
  NetworkTensor capture(const Tensor* tensor);

  ingot::Network& graph_;
  Scope* outer_ = nullptr;
  std::set<const Layer*> boundary_;
  std::map<const Tensor*, NetworkTensor> values_, captured_;
  std::vector<const Tensor*> captures_;
};

}  // namespace ingot::tensorrt
