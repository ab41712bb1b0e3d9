// Engine::why: the kernels that were considered for a layer, and why the others were not.
#include <sstream>

#include "api/compile_impl.h"
#include "backends/cpu/plugin.h"
#include "compiler/compile.h"
#include "ir/infer.h"
#include "target/target.h"

namespace ingot {
namespace {

const Node* find_node(const Graph& graph, const std::string& name) {
  for (const auto& n : graph.nodes()) {
    if (n->name() == name) return n.get();
    for (const auto& [attribute, body] : n->subgraphs())
      if (const Node* inner = find_node(*body, name)) return inner;
  }
  return nullptr;
}

const PlanStep* find_step(const Plan& plan, const std::string& name) {
  for (const PlanStep& s : plan.steps)
    if (s.name == name) return &s;
  for (const Plan& body : plan.subplans)
    if (const PlanStep* s = find_step(body, name)) return s;
  return nullptr;
}

void list_inputs(const Node& node, const OptShapes& shapes, std::ostream& out) {
  for (const Value* v : node.inputs()) {
    if (v == nullptr) continue;
    out << "  input " << v->name() << ": " << v->type().to_string();
    if (!v->type().is_static() && v->type().ranked) out << ", chosen at " << dims_to_string(shapes.dims(*v));
    out << (v->is_constant() ? ", constant\n" : "\n");
  }
}

// Candidates may differ with the layout of the result: those of both are listed, each once.
void list_candidates(const Node& node, const PlanStep* step, const Target& target, const OptShapes& shapes,
                     std::ostream& out) {
  std::vector<std::string> seen;
  for (const Layout layout : {Layout::kBlocked, Layout::kPlain}) {
    if (layout == Layout::kBlocked && target.layout_rule(node, shapes) == LayoutRule::kPlain) continue;
    const Offer offer = target.candidates(node, shapes, layout);
    const auto line = [&](const std::string& text) {
      if (std::find(seen.begin(), seen.end(), text) != seen.end()) return;
      seen.push_back(text);
      out << text;
    };
    for (const Candidate& c : offer.candidates) {
      const bool picked = step != nullptr && step->op == c.op && step->kernel == c.kernel;
      line(str("  ", picked ? "picked   " : "possible ", c.op == "eval" ? "reference " : "", c.kernel, " (",
               layout_name(layout), ")\n"));
    }
    for (const Skipped& s : offer.skipped) line(str("  left out ", s.kernel, ": ", s.why_not, "\n"));
  }
}

}  // namespace

Result<std::string> Engine::why(const std::string& layer) const {
  INGOT_ASSIGN_OR_RETURN(const std::unique_ptr<Graph> graph, stored_graph(*impl_->image));
  const Node* node = find_node(*graph, layer);
  if (node == nullptr)
    return not_found("no layer of the optimized graph is called '", layer,
                     "': it may be part of a fused one");
  std::ostringstream out;
  out << describe(*node) << "\n";
  for (const Plan& plan : impl_->image->plans) {
    INGOT_ASSIGN_OR_RETURN(const std::unique_ptr<Target> target,
                           make_target(*impl_->device, plan.threads, true));
    CompileProfile profile;
    for (const ProfileInput& p : plan.profile) profile[p.name] = p;
    INGOT_ASSIGN_OR_RETURN(SymbolValues symbols, opt_symbols(*graph, profile));
    const OptShapes shapes(std::move(symbols));
    out << "plan for " << plan.device << " " << plan.arch << ", " << plan.threads << " threads:\n";
    list_inputs(*node, shapes, out);
    list_candidates(*node, find_step(plan, layer), *target, shapes, out);
  }
  return std::move(out).str();
}

}  // namespace ingot
