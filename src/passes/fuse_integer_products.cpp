// What dynamic quantization makes of a layer, Mul(Cast(MatMulInteger or ConvInteger(q, w, zero)), scales)
// with zero and scales from the run, becomes a quantized layer for matrix units, which know no zero points:
// sum((q - zero) * w) = sum(q * w) - zero * sum(w), where the second sum is a constant and the rest an
// epilogue.
#include "ops/convolution.h"
#include "ops/types.h"
#include "passes/pass.h"
#include "passes/quantization.h"
#include "passes/weights.h"

namespace ingot::passes {
namespace {

struct IntegerProduct {
  Node* node;  // MatMulInteger or ConvInteger
  bool conv;
  Tensor weights;  // i8, without zero points
  int64_t filters;
  size_t after = 0;  // dims of the result behind that of the filters
};

// Weights without their zero points; nothing where they are no constants, or do not fit into 8 bits.
std::optional<IntegerProduct> layer_of(Node* node) {
  IntegerProduct out{node, node->is("ConvInteger"), {}, 0};
  const auto w = constant_of(node->input(1));
  const auto zeros = node->input(3) != nullptr ? constant_of(node->input(3)) : Tensor();
  if (!w || !zeros || (!out.conv && w->rank() != 2) || node->output()->type().rank() < 2) return std::nullopt;
  const size_t axis = out.conv ? 0 : 1;
  out.filters = w->dims()[axis];
  out.after = out.conv ? static_cast<size_t>(w->rank()) - 2 : 0;
  const std::vector<double> zero = node->input(3) != nullptr ? to_doubles(*zeros) : std::vector<double>{0};
  if (zero.size() != 1 && static_cast<int64_t>(zero.size()) != out.filters) return std::nullopt;
  const std::vector<double> values = to_doubles(*w);
  auto narrow = Tensor::allocate(DataType::kI8, w->dims());
  if (!narrow.ok()) return std::nullopt;
  const size_t inner = out.conv ? values.size() / static_cast<size_t>(out.filters) : 1;
  for (size_t i = 0; i < values.size(); ++i) {
    const double v = values[i] - zero[i / inner % static_cast<size_t>(out.filters) % zero.size()];
    if (v < -128 || v > 127) return std::nullopt;
    narrow->mutable_span<int8_t>()[i] = static_cast<int8_t>(v);
  }
  out.weights = std::move(*narrow);
  return out;
}

// One number for all, or one for each filter.
bool fits(const IntegerProduct& layer, const Value* v) {
  if (!v->type().is_static() || v->type().rank() > layer.node->output()->type().rank()) return false;
  const Shape& s = v->shape();
  for (size_t d = 0; d < s.size(); ++d)
    if (!s[d].is(1) && (s.size() - d != layer.after + 1 || !s[d].is(layer.filters))) return false;
  return true;
}

// sum(w) of each filter, and where a convolution has pads of each place of the result: pads are the zero
// point, which is 0 once it is subtracted. Nothing where the places are not known.
Result<std::optional<Tensor>> sums_of(const IntegerProduct& layer) {
  const std::vector<double> w = to_doubles(layer.weights);
  Attrs attrs = layer.node->attrs();
  const bool places = layer.conv && (!all_are(attrs.get_ints("pads"), 0) ||
                                     attrs.get_string("auto_pad", "NOTSET").starts_with("SAME"));
  Dims taps(2, 1);  // of weights summed over their channels, or over all
  taps[0] = layer.filters;
  if (places) taps.insert(taps.end(), layer.weights.dims().begin() + 2, layer.weights.dims().end());
  const size_t each = places ? static_cast<size_t>(num_elements(taps) / layer.filters) : 1;
  const size_t inner = layer.conv ? w.size() / static_cast<size_t>(layer.filters) : 1;
  std::vector<double> sums(static_cast<size_t>(layer.filters) * each);
  for (size_t i = 0; i < w.size(); ++i)
    sums[i / inner % static_cast<size_t>(layer.filters) * each + i % each] += w[i];
  Dims dims(1 + layer.after, 1);
  dims[0] = layer.filters;
  if (places) {
    Dims x(2, 1);  // of ones
    for (size_t d = 2; d < taps.size(); ++d) {
      const Dim& size = layer.node->input(0)->shape()[d];
      if (!size.is_const()) return std::optional<Tensor>();
      x.push_back(size.value());
    }
    attrs.set("group", int64_t{1});
    INGOT_ASSIGN_OR_RETURN(const auto problem, ops::ConvProblem::make(attrs, x, taps));
    sums = problem.run(std::vector<double>(static_cast<size_t>(num_elements(x)), 1), sums);
    dims = {1, layer.filters};
    dims.insert(dims.end(), problem.out.end() - static_cast<ptrdiff_t>(layer.after), problem.out.end());
  }
  INGOT_ASSIGN_OR_RETURN(Tensor t, from_doubles(DataType::kF32, dims, sums));
  return std::optional(std::move(t));
}

Status replace_product(Node* mul) {
  for (const size_t i : {size_t{0}, size_t{1}}) {
    const Node* cast = producer(mul->input(i), "Cast");
    Value* const scales = mul->input(1 - i);
    if (cast == nullptr || !used_once(cast->output()) || !used_once(cast->input(0)) ||
        cast->output()->dtype() != DataType::kF32)
      continue;
    Node* const product = cast->input(0)->producer();
    if (product == nullptr || !is_any(*product, {"MatMulInteger", "ConvInteger"})) continue;
    Value* const zero = product->input(2);
    if (!product->output()->type().ranked || !product->input(0)->type().ranked ||
        product->input(0)->type().rank() < 2)
      continue;
    const auto layer = layer_of(product);
    if (!layer || !fits(*layer, scales)) continue;
    if (zero != nullptr && (!zero->type().is_static() || !num_elements(zero->shape()).is(1))) continue;
    Graph& g = mul->graph();
    INGOT_ASSIGN_OR_RETURN(Tensor one, filled(DataType::kF32, {}, 1));
    INGOT_ASSIGN_OR_RETURN(auto sums, sums_of(*layer));
    if (!sums) continue;
    std::vector<Value*> inputs = {product->input(0),
                                  g.add_constant(product->input(1)->name() + "_narrow", layer->weights),
                                  nullptr, g.add_constant("scale", std::move(one))};
    if (zero != nullptr) inputs.insert(inputs.end(), {zero, g.add_constant("sums", std::move(*sums))});
    inputs.push_back(scales);
    Attrs attrs = layer->conv ? product->attrs() : Attrs{};
    attrs.set("epilogue", std::string(zero != nullptr ? "mul x1 x2; sub x0 t0; mul t1 x3" : "mul x0 x1"));
    attrs.set("output_dtype", ops::onnx_type_number(DataType::kF32));
    return replace_by(mul, layer->conv ? "QuantizedConv" : "QuantizedMatMul", std::move(inputs),
                      std::move(attrs))
        .status();
  }
  return {};
}

}  // namespace

Status fuse_integer_products(Graph& graph) {
  for (Node* node : graph.node_list())
    if (node->is("Mul")) INGOT_RETURN_IF_ERROR(replace_product(node));
  return {};
}

}  // namespace ingot::passes
