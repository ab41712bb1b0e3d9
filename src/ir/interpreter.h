// The interpreter: a graph run node by node with each op's `eval`. The oracle of the tests and of `ingot
// verify`.
#pragma once

#include <functional>

#include "ir/graph.h"

namespace ingot {

/// Runs the graph on concrete inputs (in the order of graph.inputs()) and gives its outputs. `observe`, when
/// set, sees each node and its outputs. Intermediates are released after their last use. Errors name the
/// node.
Result<std::vector<Tensor>> interpret(
    const Graph& graph, std::span<const Tensor> inputs,
    const std::function<void(const Node&, std::span<const Tensor>)>& observe = {});

/// Runs one node on concrete inputs (invalid tensors stand for absent ones; captured values follow the op's
/// inputs).
Result<std::vector<Tensor>> interpret_node(const Node& node, std::span<const Tensor> inputs);

}  // namespace ingot
