#include "passes/insert_quantizers.h"

#include <algorithm>
#include <cmath>

#include "passes/weights.h"

namespace ingot {
namespace {

using namespace passes;

constexpr double kLargest = 127;

// A convolution or product of one float activation with constant weights.
bool is_layer(const Node& n) {
  if (!is_any(n, {"Conv", "Gemm", "MatMul"})) return false;
  const Value *x = n.input(0), *w = n.input(1);
  return w->is_constant() && w->dtype() == DataType::kF32 && w->type().rank() >= 2 && !x->is_constant() &&
         n.attrs().get_string("epilogue").empty();
}

// What is added to the result of a layer that nothing else reads.
std::vector<size_t> residuals(const Node& n) {
  if (!n.is("Add") || n.input(0)->is_constant() || n.input(1)->is_constant()) return {};
  for (size_t i : {size_t{1}, size_t{0}}) {
    const Node* maker = n.input(i)->producer();
    if (maker != nullptr && is_layer(*maker) && used_once(n.input(i))) return {1 - i};
  }
  return {};
}

// The inputs of a node that are read through quantizers.
std::vector<size_t> quantized_inputs(const Node& n) {
  return is_layer(n) ? std::vector<size_t>{0} : residuals(n);
}

Result<Value*> scalar_constant(Graph& g, const std::string& name, double value) {
  INGOT_ASSIGN_OR_RETURN(Tensor t, filled(DataType::kF32, {}, value));
  return g.add_constant(name, std::move(t));
}

Result<Value*> quantized(Value* v, double range, Node* before) {
  Graph& g = before->graph();
  INGOT_ASSIGN_OR_RETURN(Value* const scale,
                         scalar_constant(g, v->name() + "_scale", std::max(range, 1e-12) / kLargest));
  INGOT_ASSIGN_OR_RETURN(Tensor zero, filled(DataType::kI8, {}, 0));
  Value* const zero_point = g.add_constant(v->name() + "_zero", std::move(zero));
  INGOT_ASSIGN_OR_RETURN(Value* const narrow, insert(before, "QuantizeLinear", {v, scale, zero_point}));
  return insert(before, "DequantizeLinear", {narrow, scale, zero_point});
}

Result<Value*> quantized_weights(Node* layer) {
  Graph& g = layer->graph();
  const Tensor& w = layer->input(1)->constant();
  const bool rows = layer->is("Conv") || layer->attrs().get_int("transB") != 0;
  const auto axis = rows ? size_t{0} : w.dims().size() - 1;
  size_t inner = 1;
  for (size_t d = axis + 1; d < w.dims().size(); ++d) inner *= static_cast<size_t>(w.dims()[d]);
  std::vector<double> values = to_doubles(w), scales(static_cast<size_t>(w.dims()[axis]), 1e-12);
  const auto scale_of = [&](size_t i) -> double& { return scales[i / inner % scales.size()]; };
  for (size_t i = 0; i < values.size(); ++i)
    scale_of(i) = std::max(scale_of(i), std::fabs(values[i]) / kLargest);
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = std::clamp(std::nearbyint(values[i] / scale_of(i)), -kLargest, kLargest);
  INGOT_ASSIGN_OR_RETURN(Tensor narrow, from_doubles(DataType::kI8, w.dims(), values));
  INGOT_ASSIGN_OR_RETURN(Tensor scale, from_doubles(DataType::kF32, {w.dims()[axis]}, scales));
  const std::string name = layer->input(1)->name();
  return insert(layer, "DequantizeLinear",
                {g.add_constant(name + "_quantized", std::move(narrow)),
                 g.add_constant(name + "_scales", std::move(scale))},
                {{"axis", static_cast<int64_t>(axis)}});
}

}  // namespace

std::vector<Value*> tensors_to_quantize(const Graph& graph) {
  std::vector<Value*> out;
  for (const Node* n : graph.node_list())
    for (size_t i : quantized_inputs(*n)) {
      Value* const v = n->input(i);
      const bool known = std::find(out.begin(), out.end(), v) != out.end();
      if (!known && v->dtype() == DataType::kF32) out.push_back(v);
    }
  return out;
}

Status insert_quantizers(Graph& graph, const std::map<std::string, double>& ranges) {
  struct Use {
    Node* node;
    std::vector<size_t> inputs;
    bool layer;
  };
  std::vector<Use> uses;  // found before the first one changes
  for (Node* n : graph.node_list())
    if (auto inputs = quantized_inputs(*n); !inputs.empty())
      uses.push_back({n, std::move(inputs), is_layer(*n)});
  std::map<Value*, Value*> done;
  for (const Use& use : uses) {
    bool all = true;
    for (size_t i : use.inputs) {
      Value* const v = use.node->input(i);
      const auto range = ranges.find(v->name());
      all = all && range != ranges.end();
      if (range == ranges.end()) continue;
      // Uses come in order, so that the first one's quantizers stand before all others.
      Value*& made = done[v];
      if (made == nullptr) {
        INGOT_ASSIGN_OR_RETURN(made, quantized(v, range->second, use.node));
      }
      graph.set_input(use.node, i, made);
    }
    if (!use.layer || !all) continue;
    INGOT_ASSIGN_OR_RETURN(Value* const weights, quantized_weights(use.node));
    graph.set_input(use.node, 1, weights);
  }
  return {};
}

}  // namespace ingot
