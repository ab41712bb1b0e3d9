// BatchNormalization, and products and sums with constants for each channel, become part of the weights and
// bias of the convolution or matrix product before them. A BatchNormalization that follows something else
// becomes a product and a sum.
#include <cmath>

#include "passes/pass.h"
#include "passes/weights.h"

namespace ingot::passes {
namespace {

using Doubles = std::vector<double>;

// y = scale * x + shift for each channel.
struct Affine {
  Doubles scale, shift;
};

// How a node with weights lays out its output channels.
struct Layer {
  size_t channel_axis;  // of the result
  int64_t channels;
  std::vector<size_t> weight_axes;  // of the weights: which, multiplied, are the output channels
};

bool is_constant_or_none(const Value* v) { return v == nullptr || v->is_constant(); }

// The layer that `node` is, when its weights can be changed: constant, and nothing between it and its result.
std::optional<Layer> layer_of(const Node& node) {
  if (!is_any(node, {"Conv", "ConvTranspose", "FusedMatMul"})) return std::nullopt;
  const Value *w = node.input(1), *y = node.output();
  if (!w->is_constant() || !is_constant_or_none(node.input(2)) || node.attrs().has("epilogue"))
    return std::nullopt;
  if (!y->type().ranked || !used_once(y)) return std::nullopt;
  const Dims& dims = w->constant().dims();
  if (node.is("Conv")) return Layer{1, dims[0], {0}};
  if (node.is("ConvTranspose")) {
    if (node.attrs().get_int("group", 1) != 1) return std::nullopt;
    return Layer{1, dims[1], {1}};
  }
  const bool transposed = node.attrs().get_int("trans_b") != 0;
  if (dims.size() != 2 || node.attrs().get_float("alpha", 1) != 1) return std::nullopt;
  const size_t columns = transposed ? 0 : 1;
  return Layer{static_cast<size_t>(y->type().rank() - 1), dims[columns], {columns}};
}

Result<Value*> constant(Graph& g, std::string name, DataType dtype, Dims dims, const Doubles& values) {
  INGOT_ASSIGN_OR_RETURN(Tensor t, from_doubles(dtype, std::move(dims), values));
  return g.add_constant(std::move(name), std::move(t));
}

// `node` is replaced by `layer` with other weights.
Status fold(Node* node, const Node& layer, const Layer& where, const Affine& affine) {
  Graph& g = node->graph();
  const Value* w = layer.input(1);
  Doubles bias(affine.shift);
  if (const Value* b = layer.input(2)) {
    const auto old = along_axis(b, layer.is("FusedMatMul") ? layer.output()->shape() : Shape{where.channels},
                                layer.is("FusedMatMul") ? where.channel_axis : 0, where.channels);
    if (!old) return {};  // a C with rows of its own
    for (size_t i = 0; i < bias.size(); ++i) bias[i] += (*old)[i] * affine.scale[i];
  }
  INGOT_ASSIGN_OR_RETURN(Tensor scaled, scale_axis(w->constant(), where.weight_axes[0], affine.scale));
  INGOT_ASSIGN_OR_RETURN(Value * b, constant(g, "bias", w->dtype(), {where.channels}, bias));
  return replace_by(node, layer.op().name, {layer.input(0), g.add_constant(w->name(), std::move(scaled)), b},
                    layer.attrs())
      .status();
}

// The affine map that a node is for each place along `axis` of its result.
std::optional<Affine> affine_of(const Node& n, size_t axis, int64_t count) {
  const Shape& shape = n.output()->shape();
  const size_t size = static_cast<size_t>(count);
  if (n.is("BatchNormalization")) {
    if (n.attrs().get_int("training_mode") != 0 || n.output(1) || n.output(2)) return std::nullopt;
    Doubles p[4];
    for (size_t i = 0; i < 4; ++i) {
      auto values = along_axis(n.input(i + 1), {count}, 0, count);
      if (!values) return std::nullopt;
      p[i] = std::move(*values);
    }
    Affine affine{Doubles(size), Doubles(size)};
    for (size_t i = 0; i < size; ++i) {
      affine.scale[i] = p[0][i] / std::sqrt(p[3][i] + n.attrs().get_float("epsilon", 1e-5f));
      affine.shift[i] = p[1][i] - p[2][i] * affine.scale[i];
    }
    return affine;
  }
  if (!is_any(n, {"Add", "Sub", "Mul", "Div"})) return std::nullopt;
  const bool constant_first = n.input(0)->is_constant();
  if (constant_first && is_any(n, {"Div", "Sub"})) return std::nullopt;
  auto values = along_axis(n.input(constant_first ? 0 : 1), shape, axis, count);
  if (!values) return std::nullopt;
  if (n.is("Add")) return Affine{Doubles(size, 1), *values};
  if (n.is("Mul")) return Affine{*values, Doubles(size, 0)};
  for (double& v : *values) v = n.is("Sub") ? -v : 1 / v;
  if (n.is("Sub")) return Affine{Doubles(size, 1), *values};
  return Affine{*values, Doubles(size, 0)};
}

Status fold_into_layer(Node* node) {
  for (const Value* v : node->inputs()) {
    const Node* maker = v ? v->producer() : nullptr;
    const auto layer = maker ? layer_of(*maker) : std::nullopt;
    if (!layer || node->output()->type() != v->type()) continue;
    const auto affine = affine_of(*node, layer->channel_axis, layer->channels);
    if (affine) return fold(node, *maker, *layer, *affine);
  }
  return {};
}

// What is left: scale and shift as ops of their own, which fuse with their neighbours.
Status expand(Node* node) {
  const Value* x = node->input(0);
  if (!x->type().ranked || x->type().rank() < 2 || !node->input(1)->is_constant()) return {};
  const int64_t channels = node->input(1)->constant().size();
  const auto affine = affine_of(*node, 1, channels);
  if (!affine) return {};
  Dims dims(static_cast<size_t>(x->type().rank() - 1), 1);
  dims[0] = channels;
  Graph& g = node->graph();
  INGOT_ASSIGN_OR_RETURN(Value * scale, constant(g, "scale", x->dtype(), dims, affine->scale));
  INGOT_ASSIGN_OR_RETURN(Value * shift, constant(g, "shift", x->dtype(), dims, affine->shift));
  INGOT_ASSIGN_OR_RETURN(Value * scaled, insert(node, "Mul", {node->input(0), scale}));
  return replace_by(node, "Add", {scaled, shift}).status();
}

}  // namespace

Status fold_scales(Graph& graph) {
  for (Node* node : graph.node_list()) {
    if (node->output() && node->output()->type().ranked && is_float(node->output()->dtype()))
      INGOT_RETURN_IF_ERROR(fold_into_layer(node));
  }
  for (Node* node : graph.node_list())
    if (node->is("BatchNormalization") && node->output(0)) INGOT_RETURN_IF_ERROR(expand(node));
  return {};
}

}  // namespace ingot::passes
