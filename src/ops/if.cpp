// If: one of two subgraphs, by a condition. The branches take no inputs of their own.
#include "ops/control_flow.h"

namespace ingot::ops {
namespace {

Status infer(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kBools));
  if (c.type(0).is_static() && !num_elements(c.shape(0)).is(1))
    return invalid_argument("the condition has shape ", to_string(c.shape(0)), ", expected one element");
  const auto then_branch = c.infer_subgraph("then_branch", {}),
             else_branch = c.infer_subgraph("else_branch", {});
  // A branch for other shapes than these does no harm while it is not taken: the types are the other's.
  if (!then_branch.ok() && !else_branch.ok()) return then_branch.status();
  const auto& then_types = then_branch.ok() ? *then_branch : *else_branch;
  const auto& else_types = else_branch.ok() ? *else_branch : *then_branch;
  if (then_types.size() != c.outputs.size() || else_types.size() != c.outputs.size())
    return invalid_argument("the branches have ", then_types.size(), " and ", else_types.size(),
                            " outputs, the node has ", c.outputs.size());
  for (size_t i = 0; i < c.outputs.size(); ++i) {
    INGOT_ASSIGN_OR_RETURN(c.outputs[i].type, join(c, then_types[i], else_types[i]));
  }
  return {};
}

Status eval(EvalContext& c) {
  if (c.input(0).size() != 1)
    return invalid_argument("the condition has ", c.input(0).size(), " elements, expected one");
  std::vector<Tensor> results;
  INGOT_RETURN_IF_ERROR(c.run_subgraph(*c.input(0).as<bool>() ? "then_branch" : "else_branch", {}, results));
  for (size_t i = 0; i < c.num_outputs; ++i) INGOT_RETURN_IF_ERROR(set_output(c, i, results[i].view()));
  return {};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_If() {
  static const OpDef op{"If", 1,          1,         1,       kVariadic,
                        {},   ops::infer, ops::eval, nullptr, {"then_branch", "else_branch"}};
  return op;
}

std::vector<OpCase> cases_If() { return {}; }  // networks_test.cpp

}  // namespace ingot
