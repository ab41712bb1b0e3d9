#include "ir/graph.h"

#include <algorithm>

namespace ingot {

Graph::~Graph() = default;

Graph* Node::subgraph(std::string_view name) const {
  for (const auto& [key, graph] : subgraphs_)
    if (key == name) return graph.get();
  return nullptr;
}

std::vector<Node*> Graph::node_list() const {
  std::vector<Node*> out;
  for (const auto& n : nodes_) out.push_back(n.get());
  return out;
}

std::vector<Value*> Graph::constants() const {
  std::vector<Value*> out;
  for (const auto& [name, v] : values_)
    if (v->is_constant()) out.push_back(v.get());
  return out;
}

Value* Graph::find_value(std::string_view name) const {
  auto it = values_.find(name);
  return it == values_.end() ? nullptr : it->second.get();
}

Value* Graph::new_value(std::string name) {
  if (name.empty()) name = "v" + std::to_string(next_name_++);
  std::string unique = name;
  while (values_.contains(unique)) unique = name + "_" + std::to_string(next_name_++);
  auto& slot = values_[unique];
  slot = std::make_unique<Value>();
  slot->name_ = std::move(unique);
  return slot.get();
}

Value* Graph::add_input(std::string name, TensorType type) {
  Value* v = new_value(std::move(name));
  v->type_ = std::move(type);
  v->is_input_ = true;
  inputs_.push_back(v);
  return v;
}

Value* Graph::add_constant(std::string name, Tensor value) {
  INGOT_CHECK(value.valid());
  Value* v = new_value(std::move(name));
  v->type_ = value.type();
  v->constant_ = std::move(value);
  return v;
}

Node* Graph::add_node(const OpDef& op, std::vector<Value*> inputs, Attrs attrs, size_t num_outputs,
                      std::string name, Node* before) {
  auto position = before ? before->position_ : nodes_.end();
  auto it = nodes_.insert(position, std::make_unique<Node>());
  Node* n = it->get();
  n->op_ = &op;
  n->name_ = std::move(name);
  n->attrs_ = std::move(attrs);
  n->graph_ = this;
  n->position_ = it;
  set_inputs(n, std::move(inputs));
  for (size_t i = 0; i < num_outputs; ++i) {
    Value* v = new_value("");
    v->producer_ = n;
    v->output_index_ = i;
    n->outputs_.push_back(v);
  }
  return n;
}

void Graph::add_subgraph(Node* node, std::string attribute, std::unique_ptr<Graph> body) {
  body->set_fresh_counter(fresh_counter_);
  node->subgraphs_.emplace_back(std::move(attribute), std::move(body));
}

void Graph::set_outputs(std::vector<Value*> outputs) { outputs_ = std::move(outputs); }

void Graph::rename(Value* value, std::string name) {
  if (value->name_ == name) return;
  auto handle = values_.extract(value->name_);
  std::string unique = name;
  while (values_.contains(unique)) unique = name + "_" + std::to_string(next_name_++);
  handle.key() = unique;
  value->name_ = std::move(unique);
  values_.insert(std::move(handle));
}

void Graph::drop_output(Node* node, size_t i) {
  Value* v = node->outputs_[i];
  if (v == nullptr) return;
  INGOT_CHECK(num_uses(v) == 0);
  node->outputs_[i] = nullptr;
  erase_value(v);
}

void Graph::remove_use(Value* value, Node* node, size_t index) {
  auto it = std::find(value->uses_.begin(), value->uses_.end(), Use{node, index});
  INGOT_CHECK(it != value->uses_.end());
  value->uses_.erase(it);
}

void Graph::set_input(Node* node, size_t i, Value* value) {
  if (i >= node->inputs_.size()) node->inputs_.resize(i + 1, nullptr);
  if (Value* old = node->inputs_[i]) remove_use(old, node, i);
  node->inputs_[i] = value;
  if (value) value->uses_.push_back({node, i});
}

void Graph::set_inputs(Node* node, std::vector<Value*> inputs) {
  for (size_t i = 0; i < node->inputs_.size(); ++i)
    if (node->inputs_[i]) remove_use(node->inputs_[i], node, i);
  node->inputs_ = std::move(inputs);
  for (size_t i = 0; i < node->inputs_.size(); ++i)
    if (node->inputs_[i]) node->inputs_[i]->uses_.push_back({node, i});
}

void Graph::remove_graph_input(Value* input) {
  INGOT_CHECK(num_uses(input) == 0);
  std::erase(inputs_, input);
  erase_value(input);
}

void Graph::replace_uses(Value* from, Value* to) {
  INGOT_CHECK(from != to);
  const std::vector<Use> uses = from->uses_;
  for (const Use& u : uses) set_input(u.node, u.index, to);
  bool was_output = false;
  for (Value*& out : outputs_) {
    if (out != from) continue;
    if (!was_output && !to->is_input_ && std::find(outputs_.begin(), outputs_.end(), to) == outputs_.end()) {
      std::string name = from->name_;
      rename(from, "");
      rename(to, std::move(name));
    }
    was_output = true;
    out = to;
  }
}

void Graph::move_before(Node* node, Node* before) {
  if (node == before) return;
  nodes_.splice(before ? before->position_ : nodes_.end(), nodes_, node->position_);
}

void Graph::erase(Node* node) {
  set_inputs(node, {});
  for (Value* v : node->outputs_) {
    if (v == nullptr) continue;
    INGOT_CHECK(num_uses(v) == 0);
    erase_value(v);
  }
  nodes_.erase(node->position_);
}

void Graph::erase_constant(Value* constant) {
  INGOT_CHECK(constant->is_constant() && num_uses(constant) == 0);
  erase_value(constant);
}

void Graph::erase_value(Value* value) { values_.erase(values_.find(value->name_)); }

bool Graph::is_output(const Value* value) const {
  return std::find(outputs_.begin(), outputs_.end(), value) != outputs_.end();
}

size_t Graph::num_uses(const Value* value) const {
  return value->uses_.size() + static_cast<size_t>(std::count(outputs_.begin(), outputs_.end(), value));
}

Dim Graph::fresh_dim() { return Dim::symbol("u" + std::to_string((*fresh_counter_)++)); }

std::unique_ptr<Graph> Graph::clone() const {
  auto out = std::make_unique<Graph>(name_);
  *out->fresh_counter_ = *fresh_counter_;
  std::map<const Value*, Value*> map;
  auto copy = [&](const Value* v) -> Value* {
    if (v == nullptr) return nullptr;
    if (auto it = map.find(v); it != map.end()) return it->second;
    INGOT_CHECK(v->is_constant());
    Value* c = out->add_constant(v->name_, v->constant_);
    c->contents_ = v->contents_;
    return map[v] = c;
  };
  for (const Value* v : inputs_) map[v] = out->add_input(v->name_, v->type_);
  for (const auto& n : nodes_) {
    std::vector<Value*> inputs;
    for (const Value* v : n->inputs_) inputs.push_back(copy(v));
    Node* m = out->add_node(*n->op_, std::move(inputs), n->attrs_, n->outputs_.size(), n->name_);
    for (size_t i = 0; i < n->outputs_.size(); ++i) {
      if (const Value* from = n->outputs_[i]) {
        Value* to = m->outputs_[i];
        out->rename(to, from->name_);
        to->type_ = from->type_;
        to->contents_ = from->contents_;
        map[from] = to;
      } else {
        out->drop_output(m, i);
      }
    }
    for (const auto& [attribute, body] : n->subgraphs_) out->add_subgraph(m, attribute, body->clone());
    m->captures_ = n->captures_;
  }
  std::vector<Value*> outputs;
  for (const Value* v : outputs_) outputs.push_back(copy(v));
  out->set_outputs(std::move(outputs));
  out->next_name_ = next_name_;
  return out;
}

}  // namespace ingot
