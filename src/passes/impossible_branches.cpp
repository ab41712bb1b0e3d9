#include "passes/impossible_branches.h"

#include "ir/infer.h"

namespace ingot {
namespace {

// All of `body` becomes a node that fails, with outputs of `other`'s types.
void replace_by_failure(Graph& body, const Graph& other, const std::string& message) {
  Strings dtypes;
  Ints ranks, dims;
  for (const Value* v : other.outputs()) {
    dtypes.emplace_back(data_type_name(v->dtype()));
    ranks.push_back(v->type().ranked ? static_cast<int64_t>(v->shape().size()) : -1);
    for (const Dim& d : v->shape()) dims.push_back(d.is_const() ? d.value() : -1);
  }
  const std::vector<Node*> nodes = body.node_list();
  Node* fail = body.add_node(*find_op("Fail"), {},
                             {{"message", message},
                              {"dtypes", std::move(dtypes)},
                              {"ranks", std::move(ranks)},
                              {"dims", std::move(dims)}},
                             other.outputs().size());
  body.set_outputs(fail->outputs());
  for (auto node = nodes.rbegin(); node != nodes.rend(); ++node) body.erase(*node);
  for (Value* constant : body.constants()) body.erase_constant(constant);
}

// True when a branch was cut.
Result<bool> cut_branches(Graph& graph, std::vector<std::string>& notes) {
  bool cut = false;
  for (Node* node : graph.node_list()) {
    Status why;
    Graph *possible = nullptr, *impossible = nullptr;
    std::string_view name;
    for (const auto& [attribute, body] : node->subgraphs()) {
      const Status status = infer_body(*body);
      (status.ok() ? possible : impossible) = body.get();
      if (!status.ok()) why = status, name = attribute;
      if (!status.ok()) continue;
      INGOT_ASSIGN_OR_RETURN(const bool inside, cut_branches(*body, notes));
      cut = cut || inside;
    }
    if (impossible == nullptr) continue;
    if (possible == nullptr)
      return internal_error(describe(*node), " was inferred, but not again: ", why.message());
    const std::string message =
        str(describe(*node), ": '", name, "' cannot be computed with these shapes: ", why.message());
    replace_by_failure(*impossible, *possible, message);
    notes.push_back(message + "; a run that takes this branch fails");
    cut = true;
  }
  return cut;
}

}  // namespace

Status infer_and_cut_branches(Graph& graph, std::vector<std::string>& notes) {
  INGOT_RETURN_IF_ERROR(infer(graph));
  INGOT_ASSIGN_OR_RETURN(const bool cut, cut_branches(graph, notes));
  return cut ? infer(graph) : Status();
}

Status check_can_run(const Graph& graph) {
  for (const auto& node : graph.nodes())
    if (node->is("Fail")) return invalid_argument(node->attrs().get_string("message"));
  return {};
}

}  // namespace ingot
