// A SqueezeExcitation between a depthwise convolution and a pointwise one, each with nobody else to read what
// it gives or takes, becomes part of both: the first also makes the gates (ConvGates), the second scales what
// it reads by them (ConvChain). The image between is then written once and read once.
#include "ir/infer.h"
#include "ops/conv_chain.h"
#include "passes/pass.h"
#include "passes/rewrite.h"

namespace ingot::passes {
namespace {

constexpr size_t kExtras = 3;  // input index of a Conv's first extra input

// An image's convolution with constant weights, explicit padding and a float result.
bool is_plain_conv(const Node& n) {
  const Value* w = n.input(1);
  return w->is_constant() && w->type().rank() == 4 && n.input(0)->dtype() == w->dtype() &&
         n.attrs().get_string("auto_pad", "NOTSET") == "NOTSET" && n.attrs().get_int("output_dtype") == 0;
}

bool is_depthwise(const Node& n) {
  constexpr int64_t kMostTaps = 49;
  const Dims& w = n.input(1)->constant().dims();
  const int64_t group = n.attrs().get_int("group", 1);
  return group > 1 && w[0] == group && w[1] == 1 && w[2] * w[3] <= kMostTaps;
}
bool is_pointwise(const Node& n) {
  const Dims& w = n.input(1)->constant().dims();
  return n.attrs().get_int("group", 1) == 1 && w[2] * w[3] == 1 &&
         all_are(n.attrs().get_ints("strides"), 1) && all_are(n.attrs().get_ints("pads"), 0);
}

// The block whose result `after` alone reads, where both convolutions around it can take their parts; or
// null.
Node* block_before(const Node& after) {
  constexpr int64_t kMostHidden = 1024;
  Node* gated = producer(after.input(0), "SqueezeExcitation");
  if (gated == nullptr || !used_once(gated->output()) || !is_plain_conv(after) || !is_pointwise(after))
    return nullptr;
  const Node* before = producer(gated->input(0), "Conv");
  const Dim hidden = gated->input(1)->shape()[0];
  if (before == nullptr || !used_once(gated->input(0)) || before->inputs().size() != kExtras ||
      before->input(2) == nullptr || !is_plain_conv(*before) || !is_depthwise(*before) ||
      !hidden.is_const() || hidden.value() > kMostHidden)
    return nullptr;
  return gated;
}

Status spread(Node* after, Node* gated) {
  const Node* before = gated->input(0)->producer();
  Graph& graph = gated->graph();
  std::vector<Value*> inputs = before->inputs();
  inputs.insert(inputs.end(), gated->inputs().begin() + 1, gated->inputs().end());
  Attrs attrs = before->attrs();
  attrs.set("inner_epilogue", gated->attrs().get_string("inner_epilogue"));
  attrs.set("gate_epilogue", gated->attrs().get_string("epilogue"));
  Node* made =
      graph.add_node(*find_op("ConvGates"), std::move(inputs), std::move(attrs), 2, before->name(), gated);
  INGOT_RETURN_IF_ERROR(infer_node(*made));
  inputs = {made->output(0), made->output(1)};
  inputs.insert(inputs.end(), after->inputs().begin() + 1, after->inputs().end());
  attrs = ops::make_chain({after->attrs()});
  attrs.set("prologue", std::string("mul x0 x1"));
  attrs.set("prologue_inputs", int64_t{1});
  return replace_by(after, "ConvChain", std::move(inputs), std::move(attrs)).status();
}

}  // namespace

Status spread_gates(Graph& graph) {
  for (Node* node : graph.node_list())
    if (Node* gated = node->is("Conv") ? block_before(*node) : nullptr; gated != nullptr)
      INGOT_RETURN_IF_ERROR(spread(node, gated));
  return {};
}

}  // namespace ingot::passes
