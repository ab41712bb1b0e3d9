// A sum that a LayerNormalization reads becomes part of it, where no matrix product or convolution before it
// could take the sum as its epilogue: the sum is then made and normalised in one walk over memory.
#include "ir/infer.h"
#include "passes/pass.h"
#include "passes/rewrite.h"

namespace ingot::passes {
namespace {

// Whether an operand comes from a layer that only the sum uses.
bool fits_an_epilogue(const Value* v, const Node* sum) {
  const Node* maker = v->producer();
  return maker && is_any(*maker, {"Conv", "ConvTranspose", "FusedMatMul"}) && only_user(v) == sum;
}

Status fuse(Node* norm) {
  Node* sum = producer(norm->input(0), "Add");
  if (!sum || norm->outputs().size() != 1 || sum->input(0) == sum->input(1)) return {};
  const TensorType& type = sum->output()->type();
  for (const Value* v : sum->inputs())
    if (!type.ranked || v->is_constant() || v->type() != type || fits_an_epilogue(v, sum)) return {};
  const bool last = axis_of(*norm, "axis", -1, norm->input(0)) + 1 == type.rank();
  if (!last || norm->attrs().get_int("stash_type", 1) != 1) return {};
  std::vector<Value*> inputs = {sum->input(0), sum->input(1), norm->input(1)};
  if (norm->input(2)) inputs.push_back(norm->input(2));

  // Other users of the sum read it from the fused node, which has to come before all of them: it stands where
  // the sum stood. Scale and bias are there already, being constants.
  for (size_t i = 2; i < inputs.size(); ++i)
    if (!inputs[i]->is_constant()) return {};
  Graph& g = norm->graph();
  Node* fused = g.add_node(*find_op("SkipLayerNormalization"), std::move(inputs),
                           {{"epsilon", norm->attrs().get_float("epsilon", 1e-5f)}}, 2, norm->name(), sum);
  INGOT_RETURN_IF_ERROR(infer_node(*fused));
  g.replace_uses(norm->output(), fused->output(0));
  g.erase(norm);
  g.replace_uses(sum->output(), fused->output(1));
  g.erase(sum);
  return {};
}

}  // namespace

Status fuse_skip_normalization(Graph& graph) {
  for (Node* node : graph.node_list())
    if (node->is("LayerNormalization")) INGOT_RETURN_IF_ERROR(fuse(node));
  return {};
}

}  // namespace ingot::passes
