// Branches that the shapes at hand rule out, such as the one for another sample rate.
#pragma once

#include "ir/graph.h"

namespace ingot {

/// infer (ir/infer.h), and then every branch of an If that cannot be inferred becomes one node, Fail, that
/// gives the message when the branch is taken; `notes` says which. After it the graph is fit for verify and
/// for passes. Errors: what is outside of branches cannot be inferred, or both branches of an If.
Status infer_and_cut_branches(Graph& graph, std::vector<std::string>& notes);

/// An error when the network takes such a branch whatever its inputs are: Fail stands outside of all
/// branches.
Status check_can_run(const Graph& graph);

}  // namespace ingot
