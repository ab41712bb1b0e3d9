// Pointwise ops on floats, with what they are made of as far as nobody else uses it, become one Pointwise
// node each.
#include <algorithm>
#include <set>

#include "passes/pass.h"
#include "passes/pointwise_builder.h"

namespace ingot::passes {
namespace {

constexpr size_t kMaxNodes = 48;

using Region = std::set<Node*>;

bool all_uses_within(const Value* v, const Region& region) {
  if (v->uses().empty() || v->producer()->graph().is_output(v)) return false;
  return std::all_of(v->uses().begin(), v->uses().end(),
                     [&](const Use& u) { return region.contains(u.node); });
}

// Programs have float inputs only: a boolean has to be made inside.
bool has_outer_boolean(const Node& n, const Region& region) {
  return std::any_of(n.inputs().begin(), n.inputs().end(), [&](const Value* v) {
    return v && v->dtype() == DataType::kBool && !(v->producer() && region.contains(v->producer()));
  });
}

// The nodes that `root` is computed from, of its shape, whose results nothing else uses.
Region grow(Node* root, const Region& banned) {
  Region region = {root};
  for (bool grown = true; grown && region.size() < kMaxNodes;) {
    grown = false;
    for (Node* n : Region(region)) {
      for (const Value* v : n->inputs()) {
        Node* maker = v ? v->producer() : nullptr;
        if (!maker || region.contains(maker) || banned.contains(maker) || !PointwiseBuilder::supports(*maker))
          continue;
        if (v->shape() != root->output()->shape() || !all_uses_within(v, region)) continue;
        if (v->dtype() != DataType::kBool && v->dtype() != root->output()->dtype()) continue;
        region.insert(maker);
        grown = true;
      }
    }
  }
  return region;
}

// The region of `root`; empty when it cannot be a program.
Region region_of(Node* root) {
  Region banned;
  while (true) {
    Region region = grow(root, banned);
    const auto bad =
        std::find_if(region.begin(), region.end(), [&](Node* n) { return has_outer_boolean(*n, region); });
    if (bad == region.end()) return region;
    if (*bad == root) return {};
    banned.insert(*bad);
  }
}

}  // namespace

Status fuse_pointwise(Graph& graph) {
  const std::vector<Node*> nodes = graph.node_list();
  Region done;  // erased: not to be looked at again
  for (auto it = nodes.rbegin(); it != nodes.rend(); ++it) {
    Node* root = *it;
    if (done.contains(root) || root->is("Pointwise") || !PointwiseBuilder::supports(*root) ||
        root->output()->dtype() == DataType::kBool)
      continue;
    const Region region = region_of(root);
    PointwiseBuilder builder;
    bool ok = !region.empty();
    for (auto n = nodes.begin(); ok && n != nodes.end(); ++n)  // in order
      if (region.contains(*n)) ok = builder.add(**n);
    if (!ok || builder.inputs().empty() || builder.program().instructions.empty()) continue;
    INGOT_ASSIGN_OR_RETURN(const bool replaced, replace_by(root, "Pointwise", builder.inputs(),
                                                           {{"program", builder.program().to_string()}}));
    if (replaced) done.insert(region.begin(), region.end());
  }
  return {};
}

}  // namespace ingot::passes
