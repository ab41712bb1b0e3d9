// What stands behind Network.
#pragma once

#include <unordered_map>

#include "ingot/network.h"
#include "ir/graph.h"

namespace ingot {

struct Network::Impl {
  std::unique_ptr<Graph> graph;
  std::vector<Value*> values;  // by NetworkTensor::id
  std::unordered_map<const Value*, int32_t> ids;
  std::vector<Value*> outputs;
  Status status;

  /// Network::from_onnx with one of the front end's functions.
  template <class Import>
  static Result<Network> imported(ImportHelp* help, Import import);
  /// The handle of a value, made when it is first asked for; invalid for null.
  NetworkTensor handle(Value* value);
  Value* value(NetworkTensor tensor) const;  // null: not of this network
};

}  // namespace ingot
