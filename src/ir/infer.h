// Type and shape inference over a graph, and the verifier.
#pragma once

#include "ir/graph.h"

namespace ingot {

/// Sets the types (and known contents) of the node's outputs from its inputs, subgraphs included. Errors name
/// the node.
Status infer_node(Node& node);
/// infer_node over all nodes in order. For an outermost graph: symbols of sizes that only a run can tell are
/// numbered anew.
Status infer(Graph& graph);
/// infer_node over a body's nodes, whose inputs have the types that its node's inference gave them.
Status infer_body(Graph& body);

/// Checks what every pass must keep: signatures, order (a value is produced before it is used), uses and
/// producers that agree, no cycles, types present, subgraphs whose inputs and outputs fit their node. The
/// message names the node.
Status verify(const Graph& graph);

/// "node 'conv1' (Conv)": how messages name a node.
std::string describe(const Node& node);

}  // namespace ingot
