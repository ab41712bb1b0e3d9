// QLinearConv and QLinearMatMul become a Conv or MatMul between quantizers, for quantize_layers to work on:
// one form of quantized layers for all that follows.
#include "passes/pass.h"
#include "passes/quantization.h"
#include "passes/weights.h"

namespace ingot::passes {
namespace {

enum Input : size_t { kX, kXScale, kXZero, kW, kWScale, kWZero, kYScale, kYZero, kBias };

// Scale and zero point are one number each, or vectors of the same length.
bool fit(const Node& n, size_t scale, size_t zero) {
  const Value *s = n.input(scale), *z = n.input(zero);
  return s->type().is_static() && z->type().is_static() &&
         (s->shape() == z->shape() || (num_elements(s->shape()).is(1) && num_elements(z->shape()).is(1)));
}

// The bias, whose scale is that of the products.
Result<Value*> bias_of(Node* node) {
  Value* const bias = node->input(kBias);
  if (bias == nullptr) return bias;
  const auto x = constant_of(node->input(kXScale)), w = constant_of(node->input(kWScale));
  std::vector<double> scales = to_doubles(*w);
  for (double& s : scales) s *= to_doubles(*x)[0];
  const Dims dims = scales.size() == 1 ? Dims{} : Dims{static_cast<int64_t>(scales.size())};
  INGOT_ASSIGN_OR_RETURN(Tensor scale, from_doubles(DataType::kF32, dims, scales));
  return insert(node, "DequantizeLinear", {bias, node->graph().add_constant("scale", std::move(scale))},
                {{"axis", int64_t{0}}});
}

Status open(Node* node) {
  const bool conv = node->is("QLinearConv");
  for (const auto& [scale, zero] : {std::pair{kXScale, kXZero}, {kWScale, kWZero}, {kYScale, kYZero}})
    if (!fit(*node, scale, zero)) return {};
  if (!conv && !num_elements(node->input(kWScale)->shape()).is(1)) return {};
  if (node->input(kBias) != nullptr &&
      (!constant_of(node->input(kXScale)) || !constant_of(node->input(kWScale))))
    return {};
  const auto in = [&](size_t i) { return node->input(i); };
  const Attrs first_axis = conv ? Attrs{{"axis", int64_t{0}}} : Attrs{};
  INGOT_ASSIGN_OR_RETURN(Value* const x, insert(node, "DequantizeLinear", {in(kX), in(kXScale), in(kXZero)}));
  INGOT_ASSIGN_OR_RETURN(Value* const w,
                         insert(node, "DequantizeLinear", {in(kW), in(kWScale), in(kWZero)}, first_axis));
  std::vector<Value*> operands = {x, w};
  if (conv) {
    INGOT_ASSIGN_OR_RETURN(Value* const bias, bias_of(node));
    if (bias != nullptr) operands.push_back(bias);
  }
  INGOT_ASSIGN_OR_RETURN(Value* const y, insert(node, conv ? "Conv" : "MatMul", std::move(operands),
                                                node->attrs(), node->name()));
  return replace_by(node, "QuantizeLinear", {y, in(kYScale), in(kYZero)}).status();
}

}  // namespace

Status open_quantized_operators(Graph& graph) {
  for (Node* node : graph.node_list())
    if (is_any(*node, {"QLinearConv", "QLinearMatMul"})) INGOT_RETURN_IF_ERROR(open(node));
  return {};
}

}  // namespace ingot::passes
