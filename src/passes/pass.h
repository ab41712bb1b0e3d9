// What a pass is, and the list of all of them.
//
// A pass takes one graph to another that computes the same: float results up to rounding, NaN and infinity as
// before, for every value of the symbols. It sees one graph at a time; bodies of control flow are visited on
// their own, before the graph that holds them.
#pragma once

#include "ir/graph.h"

namespace ingot {

struct Pass {
  std::string_view name;
  std::string_view what;  // one line
  Status (*run)(Graph& graph);
};

/// In the order of passes.inc.
std::span<const Pass> all_passes();
const Pass* find_pass(std::string_view name);

namespace passes {
#define INGOT_PASS(name, what) Status name(Graph& graph);
#include "passes/passes.inc"
#undef INGOT_PASS
}  // namespace passes

}  // namespace ingot
