// Engine::why: the kernels that were considered for a layer, what each took, and why others were left out.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "api/compile_impl.h"
#include "backends/cpu/plugin.h"
#include "compiler/compile.h"
#include "ir/infer.h"
#include "target/target.h"

namespace ingot {
namespace {

using Json = nlohmann::ordered_json;

// By its own name or by that of its first output, as steps are called.
const Node* find_node(const Graph& graph, const std::string& name) {
  for (const auto& n : graph.nodes()) {
    if (n->name() == name || (n->name().empty() && n->output() != nullptr && n->output()->name() == name))
      return n.get();
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

Json inputs_of(const Node& node, const OptShapes& shapes) {
  Json out = Json::array();
  for (const Value* v : node.inputs()) {
    if (v == nullptr) continue;
    out.push_back({{"name", v->name()}, {"type", v->type().to_string()}, {"constant", v->is_constant()}});
    if (!v->type().is_static() && v->type().ranked) out.back()["chosen_at"] = shapes.dims(*v);
  }
  return out;
}

// Candidates may differ with the layout of the result: those of both are listed, each once.
void add_kernels(const Node& node, const PlanStep* step, const Target& target, const OptShapes& shapes,
                 Json& out) {
  out["candidates"] = out["left_out"] = Json::array();
  const auto add = [](Json& list, Json entry) {
    if (std::find(list.begin(), list.end(), entry) == list.end()) list.push_back(std::move(entry));
  };
  for (const Layout layout : {Layout::kBlocked, Layout::kPlain}) {
    if (layout == Layout::kBlocked && target.layout_rule(node, shapes) == LayoutRule::kPlain) continue;
    const Offer offer = target.candidates(node, shapes, layout);
    const std::vector<std::string> labels = candidate_labels(offer);
    for (size_t i = 0; i < labels.size(); ++i) {
      const Candidate& c = offer.candidates[i];
      Json entry = {{"kernel", labels[i]},
                    {"layout", layout_name(layout)},
                    {"reference", c.op == "eval"},
                    {"picked", step != nullptr && step->op == c.op && step->kernel == c.kernel &&
                                   step->args == c.args}};
      if (step != nullptr)
        for (const KernelTime& k : step->timed)
          if (k.kernel == labels[i]) entry["ms"] = k.seconds * 1e3;
      add(out["candidates"], std::move(entry));
    }
    for (const Skipped& s : offer.skipped) add(out["left_out"], {{"kernel", s.kernel}, {"why", s.why_not}});
  }
}

Result<Json> explain(const Engine::Impl& engine, const std::string& layer) {
  INGOT_ASSIGN_OR_RETURN(const std::unique_ptr<Graph> graph, stored_graph(*engine.image));
  const Node* node = find_node(*graph, layer);
  if (node == nullptr)
    return not_found("no layer of the optimized graph is called '", layer,
                     "': it may be part of a fused one");
  Json out = {{"layer", layer}, {"node", describe(*node)}, {"plans", Json::array()}};
  for (const Plan& plan : engine.image->plans) {
    INGOT_ASSIGN_OR_RETURN(
        const std::unique_ptr<Target> target,
        make_target(*engine.device, plan.threads, engine.image->meta.get_int("tf32", 1) != 0));
    CompileProfile profile;
    for (const ProfileInput& p : plan.profile) profile[p.name] = p;
    INGOT_ASSIGN_OR_RETURN(SymbolValues symbols, opt_symbols(*graph, profile));
    const OptShapes shapes(std::move(symbols));
    Json entry = {{"device", plan.device}, {"arch", plan.arch}, {"threads", plan.threads}};
    entry["inputs"] = inputs_of(*node, shapes);
    add_kernels(*node, find_step(plan, layer), *target, shapes, entry);
    out["plans"].push_back(std::move(entry));
  }
  return out;
}

std::string text_of(const Json& c) {
  const char* state = c.at("picked").get<bool>() ? "picked  " : "possible";
  std::string time = "        not timed";
  if (c.contains("ms")) {
    char digits[32];
    std::snprintf(digits, sizeof digits, "%14.4f ms", c.at("ms").get<double>());
    time = digits;
  }
  return str("  ", state, time, "  ", c.at("reference").get<bool>() ? "reference " : "",
             c.at("kernel").get<std::string>(), " (", c.at("layout").get<std::string>(), ")\n");
}

}  // namespace

Result<std::string> Engine::why_json(const std::string& layer) const {
  INGOT_ASSIGN_OR_RETURN(const Json why, explain(*impl_, layer));
  return why.dump(1, ' ', false, Json::error_handler_t::replace);
}

Result<std::string> Engine::why(const std::string& layer) const {
  INGOT_ASSIGN_OR_RETURN(const Json why, explain(*impl_, layer));
  std::ostringstream out;
  out << why.at("node").get<std::string>() << "\n";
  for (const Json& plan : why.at("plans")) {
    out << "plan for " << plan.at("device").get<std::string>() << " " << plan.at("arch").get<std::string>()
        << ", " << plan.at("threads").get<int>() << " threads:\n";
    for (const Json& i : plan.at("inputs")) {
      out << "  input " << i.at("name").get<std::string>() << ": " << i.at("type").get<std::string>();
      if (i.contains("chosen_at")) out << ", chosen at " << dims_to_string(i.at("chosen_at").get<Dims>());
      out << (i.at("constant").get<bool>() ? ", constant\n" : "\n");
    }
    for (const Json& c : plan.at("candidates")) out << text_of(c);
    for (const Json& s : plan.at("left_out"))
      out << "  left out " << s.at("kernel").get<std::string>() << ": " << s.at("why").get<std::string>()
          << "\n";
  }
  return std::move(out).str();
}

}  // namespace ingot
