// Common subexpressions: constants of equal contents, and nodes of the same op, attributes and inputs.
#include <unordered_map>

#include "base/tensor_hash.h"
#include "passes/pass.h"
#include "passes/rewrite.h"

namespace ingot::passes {
namespace {

void merge_constants(Graph& graph) {
  std::unordered_multimap<uint64_t, Value*> seen;
  for (Value* v : graph.constants()) {
    if (graph.is_output(v)) continue;
    const uint64_t hash = content_hash(v->constant());
    const auto [first, last] = seen.equal_range(hash);
    auto same = first;
    while (same != last && !(same->second->constant().dims() == v->constant().dims() &&
                             same_bytes(same->second->constant(), v->constant())))
      ++same;
    if (same == last) {
      seen.emplace(hash, v);
    } else {
      graph.replace_uses(v, same->second);
      graph.erase_constant(v);
    }
  }
}

uint64_t hash_of(const Node& node) {
  uint64_t hash = reinterpret_cast<uint64_t>(&node.op()) + node.attrs().size();
  for (const Value* v : node.inputs()) hash = (hash ^ reinterpret_cast<uint64_t>(v)) * 0x9e3779b97f4a7c15;
  return hash;
}

// Whether every result of `node` can be had from `kept`. Their types may differ: each has symbols of its own
// for sizes that only a run can tell.
bool same_results(const Node& node, const Node& kept) {
  if (&node.op() != &kept.op() || node.inputs() != kept.inputs() ||
      node.outputs().size() != kept.outputs().size() || !(node.attrs() == kept.attrs()))
    return false;
  for (size_t i = 0; i < node.outputs().size(); ++i)
    if (node.output(i) && !(kept.output(i) && keeps_names(node.output(i), kept.output(i)))) return false;
  return true;
}

}  // namespace

Status merge_duplicates(Graph& graph) {
  merge_constants(graph);
  std::unordered_multimap<uint64_t, Node*> seen;
  for (Node* node : graph.node_list()) {
    if (!node->op().deterministic || !node->subgraphs().empty()) continue;
    const uint64_t hash = hash_of(*node);
    const auto [first, last] = seen.equal_range(hash);
    auto same = first;
    while (same != last && !same_results(*node, *same->second)) ++same;
    if (same == last) {
      seen.emplace(hash, node);
      continue;
    }
    for (size_t i = 0; i < node->outputs().size(); ++i)
      if (Value* v = node->output(i)) graph.replace_uses(v, same->second->output(i));
    graph.erase(node);
  }
  return {};
}

}  // namespace ingot::passes
