// Control flow with known decisions: an If whose condition is constant becomes the branch taken, and
// constants that bodies capture move into them, so that the other passes see them there.
#include <map>
#include <set>

#include "passes/pass.h"
#include "passes/rewrite.h"

namespace ingot::passes {
namespace {

void move_constants_into_bodies(Node* node) {
  for (size_t k = node->captures(); k-- > 0;) {
    const Value* outer = node->inputs()[node->inputs().size() - node->captures() + k];
    if (!outer->is_constant()) continue;
    for (const auto& [name, body] : node->subgraphs()) {
      Value* inner = body->inputs()[body->inputs().size() - node->captures() + k];
      if (body->num_uses(inner) > 0)
        body->replace_uses(inner, body->add_constant(outer->name(), outer->constant()));
    }
  }  // the captures themselves are dead code now
}

// Copies the nodes of `body` before `node`; gives what became of the body's outputs. `inputs` stand for the
// body's inputs.
std::vector<Value*> copy_body(Node* node, const Graph& body, std::span<Value* const> inputs) {
  Graph& g = node->graph();
  std::map<const Value*, Value*> copies = {{nullptr, nullptr}};
  for (size_t i = 0; i < inputs.size(); ++i) copies[body.inputs()[i]] = inputs[i];
  const auto copy = [&](const Value* v) {
    const auto [it, added] = copies.emplace(v, nullptr);
    if (added) it->second = g.add_constant(v->name(), v->constant());
    return it->second;
  };
  for (const auto& n : body.nodes()) {
    std::vector<Value*> args;
    for (const Value* v : n->inputs()) args.push_back(copy(v));
    Node* m = g.add_node(n->op(), std::move(args), n->attrs(), n->outputs().size(), n->name(), node);
    for (const auto& [name, sub] : n->subgraphs()) g.add_subgraph(m, name, sub->clone());
    g.set_captures(m, n->captures());
    for (size_t i = 0; i < n->outputs().size(); ++i) {
      const Value* from = n->output(i);
      if (from == nullptr) {
        g.drop_output(m, i);
        continue;
      }
      g.rename(m->output(i), from->name());
      m->output(i)->set_type(from->type());
      m->output(i)->set_contents(from->contents());
      copies[from] = m->output(i);
    }
  }
  std::vector<Value*> outputs;
  for (const Value* v : body.outputs()) outputs.push_back(copy(v));
  return outputs;
}

// Whether each result that is a graph output finds a new value of the branch that can take over its name.
bool keeps_output_names(const Node& node, const Graph& branch) {
  std::set<const Value*> taken;
  for (size_t i = 0; i < node.outputs().size(); ++i) {
    const Value* from = branch.outputs()[i];
    if (node.output(i) && node.graph().is_output(node.output(i)) &&
        (from->producer() == nullptr || !taken.insert(from).second))
      return false;
  }
  return true;
}

void inline_if_known(Node* node) {
  const auto condition = node->input(0)->is_constant() ? scalar(node->input(0)) : std::nullopt;
  if (!condition) return;
  const Graph& body = *node->subgraph(*condition != 0 ? "then_branch" : "else_branch");
  if (!keeps_output_names(*node, body)) return;
  const auto results = copy_body(node, body, std::span(node->inputs()).last(node->captures()));
  for (size_t i = 0; i < results.size(); ++i)
    if (Value* v = node->output(i)) node->graph().replace_uses(v, results[i]);
  node->graph().erase(node);
}

}  // namespace

Status inline_branches(Graph& graph) {
  for (Node* node : graph.node_list()) {
    move_constants_into_bodies(node);
    if (node->is("If")) inline_if_known(node);
  }
  return {};
}

}  // namespace ingot::passes
