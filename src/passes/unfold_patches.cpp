// Where a convolution's windows do not overlap and its result becomes rows of pixels (the patches of a vision
// transformer), the patches are brought together first: the rest is a matrix product, whose result is in
// rows.
#include "passes/pass.h"
#include "passes/rewrite.h"

namespace ingot::passes {
namespace {

bool all(const Ints& values, int64_t expected) {
  return std::all_of(values.begin(), values.end(), [&](int64_t v) { return v == expected; });
}

// Windows that tile an image of known size.
bool cuts_patches(const Node& conv) {
  const Attrs& a = conv.attrs();
  if (!conv.input(1)->is_constant() || conv.inputs().size() > 3 || a.has("epilogue")) return false;
  const Dims& w = conv.input(1)->constant().dims();
  const Shape& x = conv.input(0)->shape();
  if (w.size() != 4 || x.size() != 4 || a.get_int("group", 1) != 1 ||
      a.get_ints("strides") != Ints{w[2], w[3]})
    return false;
  const std::string pad = a.get_string("auto_pad");
  return (pad.empty() || pad == "NOTSET" || pad == "VALID") && all(a.get_ints("pads"), 0) &&
         all(a.get_ints("dilations"), 1) && x[2].is_const() && x[3].is_const() && x[2].value() % w[2] == 0 &&
         x[3].value() % w[3] == 0;
}

Status unfold(Node* rows) {
  const Node* flat = producer(rows->input(0), "Reshape");
  const Node* conv = flat ? producer(flat->input(0), "Conv") : nullptr;
  if (!conv || !only_user(flat->output()) || !only_user(conv->output()) || !conv->input(0)->type().ranked)
    return {};
  if (rows->attrs().get_ints("perm") != Ints{0, 2, 1} || !cuts_patches(*conv)) return {};
  const Tensor& w = conv->input(1)->constant();
  const Shape& x = conv->input(0)->shape();
  const int64_t channels = w.dims()[1], high = w.dims()[2], wide = w.dims()[3];
  const int64_t down = x[2].value() / high, across = x[3].value() / wide;
  if (flat->output()->shape() != Shape{x[0], w.dims()[0], down * across}) return {};
  INGOT_ASSIGN_OR_RETURN(Value * cut,
                         insert_reshape(rows, conv->input(0), {x[0], channels, down, high, across, wide}));
  if (cut == nullptr) return {};
  INGOT_ASSIGN_OR_RETURN(Value * together,
                         insert(rows, "Transpose", {cut}, {{"perm", Ints{0, 2, 4, 1, 3, 5}}}));
  const int64_t depth = channels * high * wide;
  INGOT_ASSIGN_OR_RETURN(Value * patches, insert_reshape(rows, together, {x[0], down * across, depth}));
  if (patches == nullptr) return {};
  Graph& g = rows->graph();
  std::vector<Value*> inputs = {patches,
                                g.add_constant(conv->input(1)->name(), w.reshaped({w.dims()[0], depth}))};
  if (conv->input(2)) inputs.push_back(conv->input(2));
  INGOT_ASSIGN_OR_RETURN(
      Value * y, insert(rows, "FusedMatMul", std::move(inputs), {{"trans_b", int64_t{1}}}, conv->name()));
  if (can_replace(rows->output(), y)) replace(rows, y);
  return {};
}

}  // namespace

Status unfold_patches(Graph& graph) {
  for (Node* node : graph.node_list())
    if (node->is("Transpose")) INGOT_RETURN_IF_ERROR(unfold(node));
  return {};
}

}  // namespace ingot::passes
