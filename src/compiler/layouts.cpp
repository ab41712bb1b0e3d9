// Global layout choice: convolutions and pools work on blocked channels, what lies between them follows.
#include "compiler/lower.h"

namespace ingot {

LayoutMap choose_layouts(const Graph& graph, const Target& target, const OptShapes& shapes) {
  LayoutMap layouts;
  auto blocked = [&](const Value* v) {
    auto it = layouts.find(v);
    return it != layouts.end() && it->second == Layout::kBlocked;
  };
  for (const auto& node : graph.nodes()) {
    Layout layout = Layout::kPlain;
    switch (target.layout_rule(*node, shapes)) {
      case LayoutRule::kPlain:
        break;
      case LayoutRule::kBlocked:
        layout = Layout::kBlocked;
        break;
      case LayoutRule::kFollow:
        for (const Value* v : node->inputs()) {
          // Small operands (a vector of scales, [N, C, 1, 1]) do not decide for the large one.
          if (v != nullptr && blocked(v) &&
              (v->shape() == node->output()->shape() || node->inputs().size() == 1 || !node->is("Pointwise")))
            layout = Layout::kBlocked;
        }
        break;
    }
    for (const Value* v : node->outputs())
      if (v != nullptr) layouts[v] = layout;
  }
  return layouts;
}

}  // namespace ingot
