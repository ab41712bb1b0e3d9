#include "ir/infer.h"

#include <algorithm>
#include <charconv>
#include <set>

namespace ingot {

std::string describe(const Node& node) { return str("node '", node.name(), "' (", node.op().name, ")"); }

namespace {

// Contents of small integer constants as dims, so that ops see one form for constants and for shape
// arithmetic.
std::optional<std::vector<Dim>> constant_contents(const Tensor& t) {
  if (!is_integer(t.dtype()) || bit_width(t.dtype()) < 8 || t.rank() > 1 || t.size() > 64)
    return std::nullopt;
  const Dims values = to_int64s(t.view());
  return std::vector<Dim>(values.begin(), values.end());
}

Result<Graph*> find_body(Node& node, std::string_view name, size_t formals) {
  Graph* body = node.subgraph(name);
  if (body == nullptr) return invalid_argument("subgraph '", name, "' is missing");
  if (body->inputs().size() != formals + node.captures())
    return invalid_argument("subgraph '", name, "' takes ", body->inputs().size() - node.captures(),
                            " inputs, got ", formals);
  return body;
}

// `broken` is set where there is no such subgraph, which no op may pass over.
Result<std::vector<TensorType>> infer_subgraph(Node& node, std::string_view name,
                                               std::span<const TensorType> formals, Status& broken) {
  const auto found = find_body(node, name, formals.size());
  if (!found.ok()) return broken = found.status();
  Graph* body = *found;
  const size_t captures = node.captures();
  for (size_t i = 0; i < formals.size(); ++i) body->inputs()[i]->set_type(formals[i]);
  for (size_t i = 0; i < captures; ++i) {
    Value* outer = node.inputs()[node.inputs().size() - captures + i];
    Value* inner = body->inputs()[formals.size() + i];
    inner->set_type(outer->type());
    inner->set_contents(outer->is_constant() ? constant_contents(outer->constant()) : outer->contents());
  }
  INGOT_RETURN_IF_ERROR(infer_body(*body));
  std::vector<TensorType> types;
  for (const Value* v : body->outputs()) types.push_back(v->type());
  return types;
}

Status infer_outputs(Node& node) {
  INGOT_RETURN_IF_ERROR(check_signature(node.op(), node.inputs().size() - node.captures(),
                                        node.outputs().size(), node.attrs()));
  InferContext c(node.attrs());
  std::vector<std::optional<std::vector<Dim>>> contents(node.inputs().size());
  for (size_t i = 0; i < node.inputs().size() - node.captures(); ++i) {
    const Value* v = node.inputs()[i];
    InferInput in;
    if (v != nullptr) {
      in.type = &v->type();
      if (v->is_constant()) {
        in.constant = &v->constant();
        contents[i] = constant_contents(v->constant());
        if (contents[i]) in.contents = &*contents[i];
      } else if (v->contents()) {
        in.contents = &*v->contents();
      }
    } else if (!node.op().is_optional_input(i)) {
      return invalid_argument("input ", i, " is missing");
    }
    c.inputs.push_back(in);
  }
  c.outputs.resize(node.outputs().size());
  c.fresh_dim = [&] { return node.graph().fresh_dim(); };
  Status broken;
  c.infer_subgraph = [&](std::string_view name, std::span<const TensorType> types) {
    return infer_subgraph(node, name, types, broken);
  };
  INGOT_RETURN_IF_ERROR(node.op().infer(c));
  INGOT_RETURN_IF_ERROR(broken);
  for (size_t i = 0; i < node.outputs().size(); ++i) {
    Value* v = node.outputs()[i];
    if (v == nullptr) continue;
    if (c.outputs[i].type.dtype == DataType::kInvalid)
      return internal_error("output ", i, " was not inferred");
    v->set_type(std::move(c.outputs[i].type));
    v->set_contents(std::move(c.outputs[i].contents));
  }
  return {};
}

}  // namespace

Status infer_node(Node& node) { return infer_outputs(node).with_context(describe(node)); }

Status infer_body(Graph& body) {
  for (const auto& n : body.nodes()) INGOT_RETURN_IF_ERROR(infer_node(*n));
  return {};
}

Status infer(Graph& graph) {
  // Numbering starts over, behind the inputs' own symbols of that form, so that the names depend on the graph
  // alone and not on how often it was inferred.
  int64_t next = 0;
  std::vector<std::string> symbols;
  for (const Value* v : graph.inputs())
    for (const Dim& d : v->shape()) d.collect_symbols(symbols);
  for (const std::string& s : symbols) {
    int64_t number = 0;
    const auto [end, error] = std::from_chars(s.data() + 1, s.data() + s.size(), number);
    if (s[0] == 'u' && error == std::errc() && *end == 0 && number < INT64_MAX / 2)
      next = std::max(next, number + 1);
  }
  *graph.fresh_counter() = next;
  return infer_body(graph);
}

namespace {

Status verify_node(const Node& node, const std::set<const Value*>& defined) {
  INGOT_RETURN_IF_ERROR(check_signature(node.op(), node.inputs().size() - node.captures(),
                                        node.outputs().size(), node.attrs()));
  for (size_t i = 0; i < node.inputs().size(); ++i) {
    const Value* v = node.inputs()[i];
    if (v == nullptr) continue;
    if (!v->is_constant() && !defined.contains(v))
      return internal_error("input ", i, " '", v->name(),
                            "' is used before it is produced, or belongs to another graph");
    if (std::count(v->uses().begin(), v->uses().end(), Use{const_cast<Node*>(&node), i}) != 1)
      return internal_error("input ", i, " '", v->name(), "' does not list this use once");
  }
  for (size_t i = 0; i < node.outputs().size(); ++i) {
    const Value* v = node.outputs()[i];
    if (v == nullptr) continue;
    if (v->producer() != &node || v->output_index() != i)
      return internal_error("output ", i, " has another producer");
    if (v->dtype() == DataType::kInvalid) return internal_error("output ", i, " has no type");
  }
  for (std::string_view name : node.op().subgraphs)
    if (node.subgraph(name) == nullptr) return internal_error("subgraph '", name, "' is missing");
  for (const auto& [name, body] : node.subgraphs()) {
    if (body->inputs().size() < node.captures())
      return internal_error("subgraph '", name, "' lacks its captured inputs");
    INGOT_RETURN_IF_ERROR(verify(*body).with_context(str("subgraph '", name, "'")));
  }
  return {};
}

}  // namespace

Status verify(const Graph& graph) {
  std::set<const Value*> defined(graph.inputs().begin(), graph.inputs().end());
  for (const auto& n : graph.nodes()) {
    INGOT_RETURN_IF_ERROR(verify_node(*n, defined).with_context(describe(*n)));
    for (const Value* v : n->outputs())
      if (v != nullptr) defined.insert(v);
  }
  for (const Value* v : graph.outputs()) {
    if (v == nullptr) return internal_error("a graph output is missing");
    if (!v->is_constant() && !defined.contains(v))
      return internal_error("graph output '", v->name(), "' is not produced");
  }
  return {};
}

}  // namespace ingot
