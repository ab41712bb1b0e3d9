// A Pad with zeros becomes part of the padding of the convolution or average pooling that follows it.
#include "passes/pass.h"
#include "passes/rewrite.h"

namespace ingot::passes {
namespace {

// Zeros before and after each dim of the padded value; nullopt for any other padding.
std::optional<Ints> zero_pads(const Node& pad) {
  const auto given = ints(pad.input(1));
  if (pad.attrs().get_string("mode", "constant") != "constant" || !given) return std::nullopt;
  if (pad.input(2) && scalar(pad.input(2)) != 0.0) return std::nullopt;
  const int64_t rank = pad.input(0)->type().rank();
  const size_t r = static_cast<size_t>(rank);
  Ints axes(r);
  for (size_t i = 0; i < r; ++i) axes[i] = static_cast<int64_t>(i);
  if (pad.input(3)) {
    const auto some = ints(pad.input(3));
    if (!some) return std::nullopt;
    axes = *some;
  }
  if (given->size() != 2 * axes.size()) return std::nullopt;
  Ints pads(2 * r, 0);
  for (size_t i = 0; i < axes.size(); ++i) {
    const int64_t axis = axes[i] < 0 ? axes[i] + rank : axes[i];
    if (axis < 0 || axis >= rank) return std::nullopt;
    pads[static_cast<size_t>(axis)] = (*given)[i];
    pads[r + static_cast<size_t>(axis)] = (*given)[axes.size() + i];
  }
  return pads;
}

Status merge(Node* node) {
  const Node* pad = producer(node->input(0), "Pad");
  if (!pad || !pad->input(0)->type().ranked || node->attrs().get_string("auto_pad", "NOTSET") != "NOTSET")
    return {};
  const auto zeros = zero_pads(*pad);
  if (!zeros) return {};
  const size_t rank = zeros->size() / 2, spatial = rank - 2;
  for (size_t i = 0; i < zeros->size(); ++i)
    if ((*zeros)[i] < 0 || (i % rank < 2 && (*zeros)[i] != 0)) return {};
  Attrs attrs = node->attrs();
  Ints pads = attrs.get_ints("pads");
  if (pads.empty()) pads.assign(2 * spatial, 0);
  if (pads.size() != 2 * spatial) return {};
  if (node->is("AveragePool")) {
    // The zeros count as elements, the pooling's own padding need not.
    const bool own = pads != Ints(pads.size(), 0), counted = attrs.get_int("count_include_pad") != 0;
    if ((own && !counted) || attrs.get_int("ceil_mode") != 0) return {};
    attrs.set("count_include_pad", int64_t{1});
  }
  for (size_t i = 0; i < spatial; ++i) {
    pads[i] += (*zeros)[2 + i];
    pads[spatial + i] += (*zeros)[rank + 2 + i];
  }
  attrs.set("pads", std::move(pads));
  std::vector<Value*> inputs = node->inputs();
  inputs[0] = pad->input(0);
  return replace_by(node, node->op().name, std::move(inputs), std::move(attrs)).status();
}

}  // namespace

Status merge_pads(Graph& graph) {
  for (Node* node : graph.node_list())
    if (is_any(*node, {"Conv", "AveragePool"})) INGOT_RETURN_IF_ERROR(merge(node));
  return {};
}

}  // namespace ingot::passes
