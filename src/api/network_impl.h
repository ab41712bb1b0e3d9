// What stands behind Network.
#pragma once

#include "ingot/network.h"
#include "ir/graph.h"

namespace ingot {

struct Network::Impl {
  std::unique_ptr<Graph> graph;
  std::vector<Value*> values;  // by NetworkTensor::id
  std::vector<Value*> outputs;
  Status status;
};

}  // namespace ingot
