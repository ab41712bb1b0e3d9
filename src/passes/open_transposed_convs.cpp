// A ConvTranspose of images with a stride becomes a Conv and a DepthToSpace, for devices whose matrix units
// take the first: result s * i + r of each dim is a sum over the inputs i - d, with filters of its own for
// each r.
#include "passes/pass.h"
#include "passes/quantization.h"
#include "passes/weights.h"

namespace ingot::passes {
namespace {

// One spatial dim: taps of the Conv are the distances from `first` down to `last`.
struct TransposedAxis {
  int64_t stride, kernel, pad, first, last, pad_end;
  int64_t taps() const { return first - last + 1; }
  // The filter's element for that tap and phase; outside of it where there is none.
  int64_t element(int64_t tap, int64_t phase) const { return stride * (first - tap) + phase + pad; }
};

int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

// Nothing where the result's size is no multiple of the stride.
std::optional<TransposedAxis> transposed_axis(int64_t kernel, int64_t stride, int64_t begin, int64_t end,
                                              int64_t more) {
  const int64_t beyond = kernel + more - begin - end - stride;  // the result has stride * size + beyond
  if (beyond % stride != 0) return std::nullopt;
  TransposedAxis a{
      stride, kernel, begin, floor_div(kernel - 1 - begin, stride), -floor_div(stride - 1 + begin, stride),
      0};
  a.pad_end = beyond / stride - a.last;
  return a.first >= 0 && a.pad_end >= 0 ? std::optional(a) : std::nullopt;
}

// [C, K, ...] as [phases * K, C, taps...].
Result<Tensor> phases_of(const Tensor& w, const TransposedAxis& h, const TransposedAxis& v) {
  const int64_t channels = w.dims()[0], filters = w.dims()[1], phases = h.stride * v.stride;
  const std::vector<double> from = to_doubles(w);
  std::vector<double> to(static_cast<size_t>(phases * filters * channels * h.taps() * v.taps()));
  size_t at = 0;
  for (int64_t phase = 0; phase < phases; ++phase)
    for (int64_t k = 0; k < filters; ++k)
      for (int64_t c = 0; c < channels; ++c)
        for (int64_t i = 0; i < h.taps(); ++i)
          for (int64_t j = 0; j < v.taps(); ++j, ++at) {
            const int64_t y = h.element(i, phase / v.stride), x = v.element(j, phase % v.stride);
            if (y < 0 || y >= h.kernel || x < 0 || x >= v.kernel) continue;
            to[at] = from[static_cast<size_t>(((c * filters + k) * h.kernel + y) * v.kernel + x)];
          }
  return from_doubles(w.dtype(), {phases * filters, channels, h.taps(), v.taps()}, to);
}

Status open_transposed(Node* node) {
  constexpr int64_t kFewest = 8;  // channels and filters: fewer are no work for matrix units
  const Attrs& attrs = node->attrs();
  const auto w = constant_of(node->input(1)), bias = constant_of(node->input(2));
  if (!w || w->rank() != 4 || !is_float(w->dtype()) || node->inputs().size() > 3 ||
      (node->input(2) != nullptr && !bias))
    return {};
  const int64_t channels = w->dims()[0], filters = w->dims()[1];
  Ints strides = attrs.get_ints("strides"), pads = attrs.get_ints("pads"),
       more = attrs.get_ints("output_padding");
  if (strides.empty()) strides.assign(2, 1);
  if (pads.empty()) pads.assign(4, 0);
  if (more.empty()) more.assign(2, 0);
  if (channels < kFewest || filters < kFewest || attrs.get_int("group", 1) != 1 || strides[0] != strides[1] ||
      strides[0] < 2 || !all_are(attrs.get_ints("dilations"), 1) || !attrs.get_ints("output_shape").empty() ||
      attrs.get_string("auto_pad", "NOTSET") != "NOTSET")
    return {};
  const auto h = transposed_axis(w->dims()[2], strides[0], pads[0], pads[2], more[0]);
  const auto v = transposed_axis(w->dims()[3], strides[1], pads[1], pads[3], more[1]);
  if (!h || !v) return {};
  Graph& g = node->graph();
  INGOT_ASSIGN_OR_RETURN(Tensor all, phases_of(*w, *h, *v));
  std::vector<Value*> inputs = {node->input(0), g.add_constant(node->input(1)->name(), std::move(all))};
  if (bias) {
    std::vector<double> one = to_doubles(*bias), repeated;
    for (int64_t i = 0; i < strides[0] * strides[1]; ++i)
      repeated.insert(repeated.end(), one.begin(), one.end());
    INGOT_ASSIGN_OR_RETURN(Tensor t,
                           from_doubles(bias->dtype(), {static_cast<int64_t>(repeated.size())}, repeated));
    inputs.push_back(g.add_constant(node->input(2)->name(), std::move(t)));
  }
  Attrs conv = {{"pads", Ints{h->first, v->first, h->pad_end, v->pad_end}}};
  if (const std::string epilogue = attrs.get_string("epilogue"); !epilogue.empty())
    conv.set("epilogue", epilogue);
  INGOT_ASSIGN_OR_RETURN(Value* const deep,
                         insert(node, "Conv", std::move(inputs), std::move(conv), node->name()));
  return replace_by(node, "DepthToSpace", {deep}, {{"blocksize", strides[0]}}).status();
}

}  // namespace

Status open_transposed_convs(Graph& graph) {
  for (Node* node : graph.node_list())
    if (node->is("ConvTranspose")) INGOT_RETURN_IF_ERROR(open_transposed(node));
  return {};
}

}  // namespace ingot::passes
