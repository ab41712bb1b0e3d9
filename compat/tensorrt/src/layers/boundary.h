// Layers at the edge of a loop, a conditional or an attention: three implementation classes instead of two.
#pragma once

#include "emit.h"

namespace ingot::tensorrt {

template <class Interface, class Implementation, class Boundary>
class BoundaryLayerOf : public Interface,
                        public Unsupported<Implementation>,
                        public Unsupported<Boundary>,
                        public Layer {
 public:
  BoundaryLayerOf(NetworkDefinition& network, nvinfer1::LayerType type, std::vector<Tensor*> inputs)
      : Layer(network, type, std::move(inputs)) {
    Interface::mLayer = this;
    Interface::mBoundary = this;
    Interface::mImpl = this;
  }
  nvinfer1::ILayer* api() override { return this; }
  // Lowered by emit_in, or by their construct.
  Layer::Values emit(ingot::Network&, const Layer::Values&) override { return {}; }
};

}  // namespace ingot::tensorrt
