// Small networks for the tests of this folder.
#pragma once

#include <vector>

#include "ingot/engine.h"
#include "ingot/network.h"

namespace ingot::testing {

/// y = relu(x @ w), x: f32[n, 2], w = {{1, -1}, {2, 3}}.
inline Network linear() {
  static float weight[] = {1, -1, 2, 3};
  Network net("linear");
  const NetworkTensor x = net.input("x", DataType::kF32, {"n", "2"});
  const NetworkTensor w = net.constant({DataType::kF32, {2, 2}, weight}, "w");
  net.output(net.op("Relu", {net.op("MatMul", {x, w}, {}, "product")}, {}, "relu"), "y");
  return net;
}

inline BuildOptions quick(int threads = 1) {
  BuildOptions options;
  options.level = 0;
  options.threads = threads;
  return options;
}

inline TensorRef rows(std::vector<float>& values) {
  return {DataType::kF32, {static_cast<int64_t>(values.size() / 2), 2}, values.data()};
}

}  // namespace ingot::testing
