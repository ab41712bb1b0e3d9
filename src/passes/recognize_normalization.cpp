// Normalisations that exporters write out: LayerNormalization, RMSNormalization and, over the channels of an
// image, ChannelLayerNorm; first without scale and bias, which then are taken in as they follow.
#include <algorithm>
#include <cmath>

#include "passes/pass.h"
#include "passes/weights.h"

namespace ingot::passes {
namespace {

struct Mean {
  Value* of;
  Ints axes;  // sorted, from the front
};

// A ReduceMean that keeps its dims.
std::optional<Mean> mean_of(const Value* v) {
  const Node* n = producer(v, "ReduceMean");
  if (n == nullptr || n->attrs().get_int("keepdims", 1) != 1 || !n->input(0)->type().ranked)
    return std::nullopt;
  const auto axes = n->input(1) ? ints(n->input(1)) : std::nullopt;
  if (!axes || axes->empty()) return std::nullopt;
  Mean mean{n->input(0), *axes};
  for (int64_t& a : mean.axes) a += a < 0 ? n->input(0)->type().rank() : 0;
  std::sort(mean.axes.begin(), mean.axes.end());
  return mean;
}

// The value whose square `v` is.
Value* square_of(const Value* v) {
  const Node* n = v->producer();
  if (n && n->is("Mul") && n->input(0) == n->input(1)) return n->input(0);
  return n && n->is("Pow") && scalar(n->input(1)) == 2.0 ? n->input(0) : nullptr;
}

// x / sqrt(mean(x^2) + epsilon)
struct Normalized {
  Value* x;
  Ints axes;
  double epsilon;
};

// The value under the root of 1 / sqrt(v) or of sqrt(v).
Value* under_root(const Value* v, bool inverse) {
  const Node* n = v->producer();
  if (n == nullptr) return nullptr;
  const auto power = n->is("Pow") ? scalar(n->input(1)) : std::nullopt;
  if (power == (inverse ? -0.5 : 0.5)) return n->input(0);
  if (!inverse) return n->is("Sqrt") ? n->input(0) : nullptr;
  if (n->is("Reciprocal")) return under_root(n->input(0), false);
  return n->is("Div") && scalar(n->input(0)) == 1.0 ? under_root(n->input(1), false) : nullptr;
}

std::optional<Normalized> normalized_by(Value* x, const Value* root) {
  const Node* sum = producer(root, "Add");
  const auto terms = sum ? with_scalar(*sum) : std::nullopt;
  const auto mean = terms ? mean_of(terms->value) : std::nullopt;
  if (!mean || square_of(mean->of) != x) return std::nullopt;
  return Normalized{x, mean->axes, terms->scalar};
}

std::optional<Normalized> match(const Node& n) {
  if (n.is("Div")) {
    const Value* root = under_root(n.input(1), false);
    return root ? normalized_by(n.input(0), root) : std::nullopt;
  }
  for (size_t i = 0; i < 2; ++i)
    if (const Value* root = under_root(n.input(1 - i), true))
      if (auto found = normalized_by(n.input(i), root)) return found;
  return std::nullopt;
}

// x of x - mean(x), where the mean is over `axes`.
Value* centered(const Value* v, const Ints& axes) {
  const Node* n = producer(v, "Sub");
  const auto mean = n ? mean_of(n->input(1)) : std::nullopt;
  return mean && mean->of == n->input(0) && mean->axes == axes ? n->input(0) : nullptr;
}

Status recognize(Node* node) {
  const auto found = match(*node);
  if (!found) return {};
  const Shape& shape = found->x->shape();
  const int64_t rank = found->x->type().rank(), first = found->axes.front();
  Value* x = centered(found->x, found->axes);
  const bool trailing =
      found->axes.back() == rank - 1 && rank - first == static_cast<int64_t>(found->axes.size());
  const bool channels = x && rank > 2 && found->axes == Ints{1};
  if (!trailing && !channels) return {};
  const Shape row(shape.begin() + first, channels ? shape.begin() + 2 : shape.end());
  if (!is_static(row)) return {};
  INGOT_ASSIGN_OR_RETURN(Tensor ones, filled(node->output()->dtype(), *eval(row, {}), 1));
  Attrs attrs{{"epsilon", static_cast<float>(found->epsilon)}};
  if (!channels) attrs.set("axis", first - rank);
  Value* scale = node->graph().add_constant("scale", std::move(ones));
  return replace_by(node,
                    channels ? "ChannelLayerNorm"
                    : x      ? "LayerNormalization"
                             : "RMSNormalization",
                    {x ? x : found->x, scale}, std::move(attrs))
      .status();
}

// `v` as the scale or bias of `norm`, where it is one; null otherwise.
Result<Value*> as_parameter(Value* v, const Node& norm) {
  const Shape& shape = norm.output()->shape();
  if (norm.is("ChannelLayerNorm")) {
    const int64_t count = shape[1].is_const() ? shape[1].value() : 0;
    const auto values = along_axis(v, shape, 1, count);
    if (!values) return static_cast<Value*>(nullptr);
    INGOT_ASSIGN_OR_RETURN(Tensor t, from_doubles(v->dtype(), {count}, *values));
    return norm.graph().add_constant(v->name(), std::move(t));
  }
  const int axis = axis_of(norm, "axis", -1, norm.input(0));
  const bool fits = v->type().ranked && v->type().rank() <= norm.input(0)->type().rank() - axis;
  return fits ? v : nullptr;
}

// Mul after a normalisation without scale, Add after one without bias.
Status take_in(Node* node) {
  for (size_t i = 0; i < 2; ++i) {
    Node* norm = node->input(i)->producer();
    if (!norm || !is_any(*norm, {"LayerNormalization", "ChannelLayerNorm", "RMSNormalization"})) continue;
    if (!used_once(node->input(i)) || norm->outputs().size() != 1 || norm->input(2)) continue;
    if (node->output()->type() != norm->output()->type()) continue;
    if (node->is("Add") ? norm->is("RMSNormalization")
                        : !(norm->input(1)->is_constant() && all_equal(norm->input(1)->constant(), 1)))
      continue;
    INGOT_ASSIGN_OR_RETURN(Value * parameter, as_parameter(node->input(1 - i), *norm));
    if (parameter == nullptr) continue;
    std::vector<Value*> inputs = {norm->input(0), norm->input(1), parameter};
    if (node->is("Mul")) inputs = {norm->input(0), parameter};
    return replace_by(node, norm->op().name, std::move(inputs), norm->attrs()).status();
  }
  return {};
}

// Transpose(LayerNormalization(Transpose(x))), channels last between the two.
Status channel_norm(Node* node) {
  Node* norm = producer(node->input(0), "LayerNormalization");
  if (!norm || norm->outputs().size() != 1 || !used_once(norm->output())) return {};
  const Node* first = producer(norm->input(0), "Transpose");
  if (!first || !first->input(0)->type().ranked) return {};
  const int64_t rank = first->input(0)->type().rank();
  Ints to_last, back;
  for (int64_t i = 0; i < rank; ++i) {
    to_last.push_back(i == 0 ? 0 : i == rank - 1 ? 1 : i + 1);
    back.push_back(i == 0 ? 0 : i == 1 ? rank - 1 : i - 1);
  }
  if (rank < 3 || first->attrs().get_ints("perm") != to_last || node->attrs().get_ints("perm") != back)
    return {};
  if (axis_of(*norm, "axis", -1, norm->input(0)) != rank - 1) return {};
  std::vector<Value*> inputs = {first->input(0), norm->input(1)};
  if (norm->input(2)) inputs.push_back(norm->input(2));
  for (size_t i = 1; i < inputs.size(); ++i)
    if (!inputs[i]->type().ranked || inputs[i]->shape() != Shape{first->input(0)->shape()[1]}) return {};
  return replace_by(node, "ChannelLayerNorm", std::move(inputs),
                    {{"epsilon", norm->attrs().get_float("epsilon", 1e-5f)}})
      .status();
}

}  // namespace

Status recognize_normalization(Graph& graph) {
  for (Node* node : graph.node_list())
    if (is_any(*node, {"Div", "Mul"}) && is_float(node->output()->dtype()))
      INGOT_RETURN_IF_ERROR(recognize(node));
  for (Node* node : graph.node_list())
    if (is_any(*node, {"Mul", "Add"})) INGOT_RETURN_IF_ERROR(take_in(node));
  for (Node* node : graph.node_list())
    if (node->is("Transpose")) INGOT_RETURN_IF_ERROR(channel_norm(node));
  return {};
}

}  // namespace ingot::passes
