// A first layer and the MaxPool that alone reads its result become ConvMaxPool: the image between them is the
// largest of a network. Of 16-bit filters, as the kernel has them.
#include <algorithm>

#include "passes/pass.h"
#include "passes/rewrite.h"

namespace ingot::passes {
namespace {

bool has_explicit_pads(const Node& n) { return n.attrs().get_string("auto_pad", "NOTSET") == "NOTSET"; }

bool is_first_layer(const Node& n) {
  constexpr int64_t kMostChannels = 4, kMostTaps = 7, kMostFilters = 64, kWholeFilters = 16;
  const Value* w = n.input(1);
  if (!w->is_constant() || w->type().rank() != 4 || bit_width(w->dtype()) != 16 || n.inputs().size() != 3 ||
      n.input(2) == nullptr || !has_explicit_pads(n) || n.attrs().get_int("group", 1) != 1)
    return false;
  const Dims& d = w->constant().dims();
  return d[1] <= kMostChannels && std::max(d[2], d[3]) <= kMostTaps && d[0] <= kMostFilters &&
         d[0] % kWholeFilters == 0 && n.attrs().get_ints("strides") == Ints{2, 2} &&
         all_are(n.attrs().get_ints("dilations"), 1);
}

// A pool of small squares that says nothing else.
bool is_plain_pool(const Node& n) {
  constexpr int64_t kMost = 4;
  const Ints kernel = n.attrs().get_ints("kernel_shape"), strides = n.attrs().get_ints("strides"),
             pads = n.attrs().get_ints("pads");
  const bool square = kernel.size() == 2 && all_are(kernel, kernel[0]) && kernel[0] <= kMost;
  return square && strides.size() == 2 && all_are(strides, strides[0]) && strides[0] <= kMost &&
         (pads.empty() || *std::max_element(pads.begin(), pads.end()) < kernel[0]) &&
         all_are(n.attrs().get_ints("dilations"), 1) && n.attrs().get_int("ceil_mode") == 0 &&
         has_explicit_pads(n) && n.outputs().size() == 1;
}

}  // namespace

Status fuse_max_pool(Graph& graph) {
  for (Node* pool : graph.node_list()) {
    if (!pool->is("MaxPool") || !is_plain_pool(*pool) || !used_once(pool->input(0))) continue;
    const Node* conv = producer(pool->input(0), "Conv");
    if (conv == nullptr || !is_first_layer(*conv)) continue;
    Attrs attrs = conv->attrs();
    const Ints pads = pool->attrs().get_ints("pads");
    attrs.set("pool_kernel", pool->attrs().get_ints("kernel_shape"));
    attrs.set("pool_strides", pool->attrs().get_ints("strides"));
    attrs.set("pool_pads", pads.empty() ? Ints(4, 0) : pads);
    INGOT_RETURN_IF_ERROR(replace_by(pool, "ConvMaxPool", conv->inputs(), std::move(attrs)).status());
  }
  return {};
}

}  // namespace ingot::passes
