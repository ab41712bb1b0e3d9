// Nodes that give back one of their inputs: Identity and Dropout, casts to the same type, reshapes, slices
// and pads that change nothing, sums of one, products with one, pooling with a window of one element...
#include <algorithm>
#include <limits>

#include "passes/pass.h"
#include "passes/rewrite.h"

namespace ingot::passes {
namespace {

bool same_type(const Node& n, size_t i = 0) {
  const TensorType& in = n.input(i)->type();
  return in.ranked && in == n.output()->type();
}

bool is_constant_of(const Value* v, double value) {
  return v && v->is_constant() && v->constant().size() <= 4096 && all_equal(v->constant(), value);
}

bool slice_goes_forward(const Node& n) {
  if (n.input(4) == nullptr) return true;
  const auto steps = ints(n.input(4));
  return steps && std::all_of(steps->begin(), steps->end(), [](int64_t s) { return s > 0; });
}

bool window_of_one(const Node& n) {
  return all_are(n.attrs().get_ints("kernel_shape"), 1) && all_are(n.attrs().get_ints("strides"), 1) &&
         all_are(n.attrs().get_ints("pads"), 0) && n.output(1) == nullptr;
}

// Sampling at the very places of the source elements. Regions (tf_crop_and_resize) may lie elsewhere.
bool resizes_to_same(const Node& n) {
  if (n.attrs().get_string("coordinate_transformation_mode") == "tf_crop_and_resize") return false;
  return n.input(2) == nullptr ||
         is_constant_of(n.input(2), 1);  // scales of 1.001 may give the same size, too
}

// The index of the input that `n` gives back, or -1.
int identity_of(const Node& n) {
  const std::string_view op = n.op().name;
  if (op == "Identity") return 0;
  if (op == "Dropout")
    return n.output(1) == nullptr && (!n.input(2) || is_constant_of(n.input(2), 0)) ? 0 : -1;
  if (is_any(n, {"Concat", "Sum", "Mean", "Max", "Min"}) && n.inputs().size() != 2)
    return n.inputs().size() == 1 ? 0 : -1;
  if (op == "Split") return n.outputs().size() == 1 ? 0 : -1;
  if (is_any(n, {"Add", "Mul", "Or", "And", "Max", "Min"})) {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    const double neutral = op == "Max"                  ? -kInfinity
                           : op == "Min"                ? kInfinity
                           : op == "Mul" || op == "And" ? 1
                                                        : 0;
    for (int i : {0, 1})
      if (is_constant_of(n.input(static_cast<size_t>(1 - i)), neutral) &&
          same_type(n, static_cast<size_t>(i)))
        return i;
    return -1;
  }
  if (!n.input(0) || !same_type(n)) return -1;
  if (is_any(n, {"Cast", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Expand", "Tile"})) return 0;
  if (op == "Sub") return is_constant_of(n.input(1), 0) ? 0 : -1;
  if (is_any(n, {"Div", "Pow"})) return is_constant_of(n.input(1), 1) ? 0 : -1;
  if (op == "Transpose") {
    const Ints perm = n.attrs().get_ints("perm");
    return !perm.empty() && std::is_sorted(perm.begin(), perm.end()) ? 0 : -1;
  }
  if (op == "Slice") return slice_goes_forward(n) ? 0 : -1;
  if (op == "Pad") return ints(n.input(1)) && all_are(*ints(n.input(1)), 0) ? 0 : -1;
  if (is_any(n, {"AveragePool", "MaxPool"})) return window_of_one(n) ? 0 : -1;
  if (op == "Resize") return resizes_to_same(n) ? 0 : -1;
  return -1;
}

}  // namespace

Status remove_identities(Graph& graph) {
  for (Node* node : graph.node_list()) {
    const int i = node->output() ? identity_of(*node) : -1;
    if (i < 0) continue;
    Value* source = node->input(static_cast<size_t>(i));
    if (source && can_replace(node->output(), source)) replace(node, source);
  }
  return {};
}

}  // namespace ingot::passes
