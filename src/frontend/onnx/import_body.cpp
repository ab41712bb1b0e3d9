// Subgraphs: what a body uses from outside becomes extra inputs of the node and of each of its bodies.
//
// Weights are not passed in: each body holds them as constants of its own, which share the elements.
#include <algorithm>

#include "frontend/onnx/graph_order.h"
#include "frontend/onnx/importer.h"

namespace ingot::onnx_import {

std::vector<Capture> Importer::find_captures(Frame& frame, const NodeProto& node) {
  std::vector<Capture> captures;
  for (const AttributeProto& a : node.attributes) {
    if (!a.graph) continue;
    for (Text name : free_names(*a.graph)) {
      const auto same = [&](const Capture& c) { return c.name == name; };
      if (std::any_of(captures.begin(), captures.end(), same)) continue;
      // A name that is defined nowhere is reported where the body uses it.
      if (std::optional<Value*> value = resolve(frame, name)) captures.push_back({name, *value});
    }
  }
  return captures;
}

std::unique_ptr<Graph> Importer::import_body(Frame& outer, const GraphProto& body,
                                             const std::vector<TensorType>& formals,
                                             const std::vector<Capture>& captures) {
  auto graph = std::make_unique<Graph>(std::string(body.name));
  graph->set_fresh_counter(outer.graph.fresh_counter());
  Frame frame{*graph, outer.opsets, outer.arguments, outer.prefix, outer.depth + 1};
  add_initializers(frame, body);
  for (size_t i = 0; i < body.inputs.size(); ++i) {
    const ValueInfoProto& info = body.inputs[i];
    TensorType type = i < formals.size() ? formals[i] : TensorType();
    // Bodies often leave their inputs' types out; the node's inference sets the final ones.
    if (info.type.kind == TypeProto::kTensor && info.type.elem_type != 0)
      if (std::optional<TensorType> declared = input_type(info)) type = std::move(*declared);
    Value* value = graph->add_input(std::string(info.name), std::move(type));
    if (!frame.values.emplace(info.name, value).second)
      problem(corrupt("input '", info.name, "' of subgraph '", body.name, "' is defined twice"));
  }
  const std::vector<Text> used = free_names(body);
  for (const Capture& c : captures) {
    Value* inner = c.outer;
    if (c.outer == nullptr || c.outer == &failed_) {
      // passed on as what it is
    } else if (c.outer->is_constant()) {
      if (std::find(used.begin(), used.end(), c.name) == used.end()) continue;  // another body's
      inner = graph->add_constant(c.outer->name(), c.outer->constant());
    } else {
      inner = graph->add_input(c.outer->name(), c.outer->type());
      inner->set_contents(c.outer->contents());
    }
    frame.values.emplace(c.name, inner);  // unless the body defines the name itself
  }
  import_nodes(frame, body.nodes);
  set_outputs(frame, body);
  return graph;
}

void NodeBuilder::add_control_flow(const std::vector<TensorType>& formals) {
  const OpDef* op = find_op(proto.op_type);
  if (op == nullptr) return fail(unsupported("the operator is not implemented"));
  if (frame_.depth >= kMaxFrameDepth)
    return fail(unsupported("subgraphs and functions are nested more than ", kMaxFrameDepth, " deep"));
  const std::vector<Capture> captures = importer_.find_captures(frame_, proto);
  const size_t problems = importer_.report_.problems.size();
  std::vector<std::pair<std::string, std::unique_ptr<Graph>>> bodies;
  for (const AttributeProto& a : proto.attributes) {
    if (a.graph) bodies.emplace_back(a.name, importer_.import_body(frame_, *a.graph, formals, captures));
    if (a.type == AttributeType::kGraph && !a.graph)
      return fail(unsupported("subgraph '", a.name, "' is an argument of the function that uses it"));
  }
  std::vector<Value*> node_inputs = inputs;
  node_inputs.resize(std::max(inputs.size(), static_cast<size_t>(op->min_inputs)));
  const size_t formal_inputs = node_inputs.size();
  bool usable = importer_.report_.problems.size() == problems;
  for (const Capture& c : captures) {
    usable = usable && c.outer != failed_value();
    if (c.outer != nullptr && !c.outer->is_constant()) node_inputs.push_back(c.outer);
  }
  std::fill(outputs_.begin(), outputs_.end(), failed_value());
  if (!usable) return;  // what is wrong is in the report already
  const size_t num_captured = node_inputs.size() - formal_inputs;
  Node* node = frame_.graph.add_node(*op, std::move(node_inputs), attrs, outputs_.size(), name);
  frame_.graph.set_captures(node, num_captured);
  for (auto& [attribute, body] : bodies) frame_.graph.add_subgraph(node, attribute, std::move(body));
  infer_outputs(node);
  if (failed()) return;
  outputs_ = node->outputs();
}

}  // namespace ingot::onnx_import
