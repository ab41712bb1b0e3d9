// Names and order in ONNX graphs: what a body uses from outside, and nodes sorted by what they need.
#pragma once

#include "frontend/onnx/proto.h"

namespace ingot::onnx_import {

/// Names that the graph and its subgraphs use but do not define, each once, in order of their first use.
std::vector<Text> free_names(const GraphProto& graph);
/// Names that the node needs: its inputs and the free names of its subgraphs.
std::vector<Text> needed_names(const NodeProto& node);

/// The nodes with producers before consumers, in the file's order where that is one already. A cycle is an
/// error that names its nodes.
Result<std::vector<const NodeProto*>> sort_nodes(const std::vector<NodeProto>& nodes);

/// The node's name, or its first output's where it has none.
Text node_label(const NodeProto& node);

}  // namespace ingot::onnx_import
