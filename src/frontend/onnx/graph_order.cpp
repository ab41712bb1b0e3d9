#include "frontend/onnx/graph_order.h"

#include <algorithm>
#include <queue>
#include <unordered_map>
#include <unordered_set>

#include "base/status.h"

namespace ingot::onnx_import {

std::vector<Text> needed_names(const NodeProto& node) {
  std::vector<Text> names;
  for (Text name : node.inputs)
    if (!name.empty()) names.push_back(name);
  for (const AttributeProto& attribute : node.attributes) {
    if (!attribute.graph) continue;
    const std::vector<Text> inner = free_names(*attribute.graph);
    names.insert(names.end(), inner.begin(), inner.end());
  }
  return names;
}

std::vector<Text> free_names(const GraphProto& graph) {
  std::unordered_set<Text> known;  // defined here, or in the list already
  for (const ValueInfoProto& v : graph.inputs) known.insert(v.name);
  for (const TensorProto& t : graph.initializers) known.insert(t.name);
  for (const SparseTensorProto& t : graph.sparse_initializers) known.insert(t.values.name);
  for (const NodeProto& n : graph.nodes) known.insert(n.outputs.begin(), n.outputs.end());
  std::vector<Text> free;
  const auto use = [&](Text name) {
    if (!name.empty() && known.insert(name).second) free.push_back(name);
  };
  for (const NodeProto& n : graph.nodes)
    for (Text name : needed_names(n)) use(name);
  for (const ValueInfoProto& v : graph.outputs) use(v.name);
  return free;
}

Text node_label(const NodeProto& node) {
  if (!node.name.empty()) return node.name;
  for (Text output : node.outputs)
    if (!output.empty()) return output;
  return node.op_type;
}

namespace {

// From any node of the rest, going back along unfinished producers must enter a cycle.
Status describe_cycle(const std::vector<NodeProto>& nodes, const std::vector<std::vector<size_t>>& producers,
                      const std::vector<size_t>& open) {
  std::vector<size_t> path;
  std::vector<bool> visited(nodes.size());
  size_t at = 0;
  while (open[at] == 0) ++at;
  for (; !visited[at];) {
    visited[at] = true;
    path.push_back(at);
    at = *std::find_if(producers[at].begin(), producers[at].end(), [&](size_t p) { return open[p] > 0; });
  }
  const auto start = std::find(path.begin(), path.end(), at);
  constexpr ptrdiff_t kShown = 10;
  std::string names = str("'", node_label(nodes[at]), "'");
  for (auto it = start + 1; it < path.end() && it - start < kShown; ++it)
    names += str(" needs '", node_label(nodes[*it]), "'");
  if (path.end() - start > kShown) names += " needs ...";
  return invalid_argument("the graph has a cycle: node ", names, " needs '", node_label(nodes[at]), "'");
}

}  // namespace

Result<std::vector<const NodeProto*>> sort_nodes(const std::vector<NodeProto>& nodes) {
  std::unordered_map<Text, size_t> producer_of;
  for (size_t i = 0; i < nodes.size(); ++i)
    for (Text output : nodes[i].outputs)
      if (!output.empty()) producer_of.emplace(output, i);
  std::vector<std::vector<size_t>> producers(nodes.size()), consumers(nodes.size());
  std::vector<size_t> open(nodes.size());  // producers that are not placed yet
  for (size_t i = 0; i < nodes.size(); ++i) {
    for (Text name : needed_names(nodes[i])) {
      auto it = producer_of.find(name);
      if (it == producer_of.end()) continue;
      producers[i].push_back(it->second);
      consumers[it->second].push_back(i);
      ++open[i];
    }
  }
  std::priority_queue<size_t, std::vector<size_t>, std::greater<>> ready;  // the file's order among these
  for (size_t i = 0; i < nodes.size(); ++i)
    if (open[i] == 0) ready.push(i);
  std::vector<const NodeProto*> sorted;
  while (!ready.empty()) {
    const size_t i = ready.top();
    ready.pop();
    sorted.push_back(&nodes[i]);
    for (size_t c : consumers[i])
      if (--open[c] == 0) ready.push(c);
  }
  if (sorted.size() < nodes.size()) return describe_cycle(nodes, producers, open);
  return sorted;
}

}  // namespace ingot::onnx_import
