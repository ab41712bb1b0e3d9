// Normalisations without kernels of their own become reductions, pools and pointwise ops: LpNormalization and
// LRN. Nothing that narrow floats cannot hold is stored between them.
#include <cmath>
#include <limits>

#include "passes/pass.h"
#include "passes/writer.h"

namespace ingot::passes {
namespace {

// x / max(norm, tiny): where the norm is 0, so is x.
Status open_lp(Node* node) {
  const Writer w{node};
  Value* const x = node->input(0);
  const bool squares = node->attrs().get_int("p", 2) == 2;
  const Ints axes = {node->attrs().get_int("axis", -1)};
  INGOT_ASSIGN_OR_RETURN(Value * norm, w.op(squares ? "ReduceL2" : "ReduceL1", {x, w.ints(axes)}));
  const double tiny = node->output()->dtype() == DataType::kF16 ? 6e-8 : std::numeric_limits<float>::min();
  INGOT_ASSIGN_OR_RETURN(norm, w.with_number("Max", norm, tiny));
  return replace_by(node, "Div", {x, norm}).status();
}

// The mean of squares over neighbouring channels is that of a pool, once the channels are a spatial dim. The
// factor comes before the square, so that narrow floats hold it.
Status open_lrn(Node* node) {
  const Writer w{node};
  const Attrs& a = node->attrs();
  Value* const x = node->input(0);
  const Shape& shape = x->shape();
  Dim pixels = 1;
  for (size_t d = 2; d < shape.size(); ++d) pixels = pixels * shape[d];
  const float alpha = a.get_float("alpha", 1e-4f);
  if (alpha < 0) return {};
  INGOT_ASSIGN_OR_RETURN(Value * squares, w.with_number("Mul", x, std::sqrt(alpha)));
  INGOT_ASSIGN_OR_RETURN(squares, w.op("Mul", {squares, squares}));
  INGOT_ASSIGN_OR_RETURN(Value* const flat, insert_reshape(node, squares, {shape[0], 1, shape[1], pixels}));
  if (flat == nullptr) return {};
  const int64_t size = a.get_int("size");
  INGOT_ASSIGN_OR_RETURN(Value * mean, w.op("AveragePool", {flat},
                                            {{"kernel_shape", Ints{size, 1}},
                                             {"pads", Ints{(size - 1) / 2, 0, size / 2, 0}},
                                             {"count_include_pad", int64_t{1}}}));
  INGOT_ASSIGN_OR_RETURN(mean, insert_reshape(node, mean, shape));
  if (mean == nullptr) return {};
  INGOT_ASSIGN_OR_RETURN(mean, w.with_number("Add", mean, a.get_float("bias", 1)));
  INGOT_ASSIGN_OR_RETURN(mean, w.with_number("Pow", mean, -a.get_float("beta", 0.75f)));
  return replace_by(node, "Mul", {x, mean}).status();
}

}  // namespace

Status open_normalizations(Graph& graph) {
  for (Node* node : graph.node_list()) {
    if (!is_any(*node, {"LpNormalization", "LRN"}) || !node->input(0)->type().ranked) continue;
    INGOT_RETURN_IF_ERROR(node->is("LRN") ? open_lrn(node) : open_lp(node));
  }
  return {};
}

}  // namespace ingot::passes
