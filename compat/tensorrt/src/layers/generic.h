// A node of an imported model that has no parameters for clients to see: name, inputs and outputs only. It
// shows itself as an identity layer, the one kind without methods of its own.
#pragma once

#include "layer.h"

namespace ingot::tensorrt {

class GenericLayer final : public LayerOf<nvinfer1::IIdentityLayer, nvinfer1::apiv::VIdentityLayer> {
 public:
  GenericLayer(NetworkDefinition& network, std::string op, std::vector<Tensor*> inputs)
      : LayerOf(network, nvinfer1::LayerType::kIDENTITY, std::move(inputs)), op_(std::move(op)) {}

  /// Its nodes exist already, and cannot be made again from what is known here.
  Values emit(ingot::Network&, const Values&) override {
    network_log("inputs of an imported layer cannot be changed");
    Values out;
    for (const Tensor* t : outputs()) out.push_back(t->lowered_value());
    return out;
  }

  const std::string& op() const { return op_; }

 private:
  void network_log(const char* text);
  std::string op_;
};

}  // namespace ingot::tensorrt
