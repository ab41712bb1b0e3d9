// Lowering: an optimized graph becomes a Plan for one target. Layouts are chosen, a kernel is picked for each
// node, copies between layouts are inserted, and tensors that can lie inside others become views.
#pragma once

#include "compiler/weights.h"
#include "tune/tuner.h"

namespace ingot {

/// Picks one of the candidates: 0 is the heuristic choice; the tuner measures.
using Chooser = std::function<Result<Choice>(const Node& node, const Offer& offer)>;

struct LoweringOptions {
  const Target* target = nullptr;
  OptShapes shapes{{}};
  Chooser choose;  // empty: always the first
  /// Told of all nodes that will be chosen for, before the first is.
  std::function<void(const Node& node, const Offer& offer)> prepare;
};

Result<Plan> lower(const Graph& graph, const LoweringOptions& options, WeightTable& weights);

/// What a node's step is called in a plan.
std::string step_name(const Node& node);

/// Adds the machine code of the plan's kernels, at these shapes, to the weights.
Status add_binaries(const Plan& plan, const OptShapes& shapes, Device& device, WeightTable& weights);

/// For each value of the graph, the layout in which its producer leaves it.
using LayoutMap = std::map<const Value*, Layout>;
LayoutMap choose_layouts(const Graph& graph, const Target& target, const OptShapes& shapes);

/// Makes concats whose parts can be written in place, and slices that are contiguous, into views (design: no
/// copies).
void make_views(Plan& plan);

}  // namespace ingot
