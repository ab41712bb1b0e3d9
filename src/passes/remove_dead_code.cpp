// Dead code: nodes whose results nobody uses, results that nobody wants, captures that no body reads,
// constants without uses.
#include <algorithm>

#include "passes/pass.h"
#include "passes/rewrite.h"

namespace ingot::passes {
namespace {

void drop_unused_outputs(Node* node) {
  Graph& g = node->graph();
  for (size_t i = 0; i < node->outputs().size(); ++i)
    if (Value* v = node->output(i); v != nullptr && g.num_uses(v) == 0) g.drop_output(node, i);
}

// Captured values arrive as the last inputs of every body.
void drop_unused_captures(Node* node) {
  for (size_t k = node->captures(); k-- > 0;) {
    const auto inner = [&](const Graph& body) {
      return body.inputs()[body.inputs().size() - node->captures() + k];
    };
    const auto& bodies = node->subgraphs();
    if (std::any_of(bodies.begin(), bodies.end(),
                    [&](const auto& b) { return b.second->num_uses(inner(*b.second)) > 0; }))
      continue;
    for (const auto& [name, body] : bodies) body->remove_graph_input(inner(*body));
    std::vector<Value*> inputs = node->inputs();
    inputs.erase(inputs.end() - static_cast<ptrdiff_t>(node->captures() - k));
    node->graph().set_inputs(node, std::move(inputs));
    node->graph().set_captures(node, node->captures() - 1);
  }
}

}  // namespace

Status remove_dead_code(Graph& graph) {
  std::vector<Node*> nodes = graph.node_list();
  for (auto it = nodes.rbegin(); it != nodes.rend(); ++it) {
    Node* node = *it;
    const auto& results = node->outputs();
    if (std::none_of(results.begin(), results.end(), [&](Value* v) { return v && graph.num_uses(v) > 0; })) {
      graph.erase(node);
      continue;
    }
    drop_unused_outputs(node);
    drop_unused_captures(node);
  }
  for (Value* constant : graph.constants())
    if (graph.num_uses(constant) == 0) graph.erase_constant(constant);
  return {};
}

}  // namespace ingot::passes
