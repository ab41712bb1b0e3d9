// Convolutions and matrix products whose operands come from DequantizeLinear work on the quantized elements:
// QuantizedConv, QuantizedMatMul. Weights become constants of the narrow type, scales one factor for each
// filter, the zero point of the input a part of the bias. Results are floats as before.
#include <algorithm>
#include <numeric>

#include "ops/types.h"
#include "passes/pass.h"
#include "passes/quantization.h"
#include "passes/weights.h"

namespace ingot::passes {
namespace {

struct Operands {
  Value *x = nullptr, *weights = nullptr;
  double zero = 0;             // of x
  std::vector<double> scales;  // of the products: one, or one for each filter
  std::optional<Tensor> data;  // of the weights, where they are constants
};

// Where the filters of constant weights lie: the axis along which scales may differ.
bool set_weights(Operands& out, Graph& graph, const Value* v, int filter_axis) {
  auto w = weights_of(v);
  if (!w || (w->scales.size() > 1 && w->axis != filter_axis)) return false;
  out.scales = std::move(w->scales);
  out.weights = graph.add_constant(v->name() + "_quantized", w->data);
  out.data = std::move(w->data);
  return true;
}

// A product of two tensors that the run computes. Tensor cores read 8-bit factors along the depth: the second
// one comes transposed.
bool set_tensor(Operands& out, const Value* v) {
  const Node* q = dequantizer(v);
  if (q == nullptr || scale_of(*q)->zero != 0 || q->input(0)->dtype() == DataType::kU8) return false;
  out.scales = {scale_of(*q)->scale};
  out.weights = q->input(0);
  return true;
}

bool set_input(Operands& out, const Value* v) {
  const Node* q = dequantizer(v);
  if (q == nullptr) return false;
  out.x = q->input(0);
  out.zero = scale_of(*q)->zero;
  return is_float(out.x->dtype()) == is_float(out.weights->dtype());
}

void scale_all(Operands& o, double factor) {
  for (double& s : o.scales) s *= factor;
}

// sum((x - zero) * w) = sum(x * w) - zero * sum(w), for each filter, which has `outer * inner` elements.
std::vector<double> zero_shift(const Operands& o, size_t axis, int64_t filters) {
  const std::vector<double> w = to_doubles(*o.data);
  const Dims& dims = o.data->dims();
  int64_t inner = 1;
  for (size_t d = axis + 1; d < dims.size(); ++d) inner *= dims[d];
  std::vector<double> shift(static_cast<size_t>(filters));
  for (size_t i = 0; i < w.size(); ++i) shift[i / static_cast<size_t>(inner) % shift.size()] -= o.zero * w[i];
  for (size_t k = 0; k < shift.size(); ++k) shift[k] *= o.scales[k % o.scales.size()];
  return shift;
}

// The bias as float32, with `shift` added; null where there is neither. Nothing where that cannot be said.
Result<std::optional<Value*>> bias_of(Node* before, Value* bias, const std::vector<double>& shift,
                                      int64_t filters) {
  Graph& g = before->graph();
  if (const auto known = constant_of(bias)) {
    std::vector<double> values = to_doubles(*known);
    if (filters > 0 && values.size() == 1) values.assign(static_cast<size_t>(filters), values[0]);
    if (!shift.empty() && values.size() != shift.size()) return std::optional<Value*>();
    for (size_t i = 0; i < shift.size(); ++i) values[i] += shift[i];
    INGOT_ASSIGN_OR_RETURN(Tensor t,
                           from_doubles(DataType::kF32, {static_cast<int64_t>(values.size())}, values));
    return std::optional<Value*>(g.add_constant(bias->name(), std::move(t)));
  }
  if (bias != nullptr) {
    if (!shift.empty() || bias->dtype() != DataType::kF32) return std::optional<Value*>();
    return std::optional<Value*>(bias);
  }
  if (shift.empty()) return std::optional<Value*>(nullptr);
  INGOT_ASSIGN_OR_RETURN(Tensor t, from_doubles(DataType::kF32, {static_cast<int64_t>(shift.size())}, shift));
  return std::optional<Value*>(g.add_constant("bias", std::move(t)));
}

Status replace_layer(Node* node, std::string_view op, const Operands& o, Value* bias, Attrs attrs) {
  const Dims scales = o.scales.size() == 1 ? Dims{} : Dims{static_cast<int64_t>(o.scales.size())};
  INGOT_ASSIGN_OR_RETURN(Tensor scale, from_doubles(DataType::kF32, scales, o.scales));
  attrs.set("output_dtype", ops::onnx_type_number(node->output()->dtype()));
  Value* const factor = node->graph().add_constant("scale", std::move(scale));
  return replace_by(node, op, {o.x, o.weights, bias, factor}, std::move(attrs)).status();
}

// The input with the convolution's pads around it, in which the zero point stands for 0.
Result<Value*> padded(Node* conv, const Operands& o, const Ints& pads) {
  Graph& g = conv->graph();
  const auto half = static_cast<ptrdiff_t>(pads.size() / 2);
  Ints all(2, 0);  // of images and channels
  all.insert(all.end(), pads.begin(), pads.begin() + half);
  all.insert(all.end(), 2, 0);
  all.insert(all.end(), pads.begin() + half, pads.end());
  const std::vector<double> numbers(all.begin(), all.end());
  INGOT_ASSIGN_OR_RETURN(Tensor amounts,
                         from_doubles(DataType::kI64, {static_cast<int64_t>(all.size())}, numbers));
  INGOT_ASSIGN_OR_RETURN(Tensor zero, filled(o.x->dtype(), {}, o.zero));
  return insert(conv, "Pad",
                {o.x, g.add_constant("pads", std::move(amounts)), g.add_constant("zero", std::move(zero))});
}

Status quantize_conv(Node* node) {
  Operands o;
  if (!set_weights(o, node->graph(), node->input(1), 0) || !set_input(o, node->input(0))) return {};
  Attrs attrs = node->attrs();
  const std::string automatic = attrs.get_string("auto_pad", "NOTSET");
  if (o.zero != 0 && automatic != "NOTSET" && automatic != "VALID") return {};
  scale_all(o, scale_of(*node->input(0)->producer())->scale);
  const std::vector<double> shift = o.zero == 0 ? std::vector<double>() : zero_shift(o, 0, o.data->dims()[0]);
  INGOT_ASSIGN_OR_RETURN(const auto bias, bias_of(node, node->input(2), shift, o.data->dims()[0]));
  if (!bias) return {};
  const Ints pads = attrs.get_ints("pads");
  if (o.zero != 0 && std::any_of(pads.begin(), pads.end(), [](int64_t p) { return p != 0; })) {
    INGOT_ASSIGN_OR_RETURN(o.x, padded(node, o, pads));
    attrs.set("pads", Ints(pads.size(), 0));
  }
  return replace_layer(node, "QuantizedConv", o, *bias, std::move(attrs));
}

// The value before a Transpose of a matrix, which `transposed` then says; exporters write weights so.
const Value* before_transpose(const Value* v, bool& transposed) {
  const Node* t = producer(v, "Transpose");
  if (t == nullptr || v->type().rank() != 2 || t->attrs().get_ints("perm") == Ints{0, 1}) return v;
  transposed = !transposed;
  return t->input(0);
}

// The last two dims swapped.
Result<Value*> transposed(Node* before, Value* v) {
  Ints perm(static_cast<size_t>(v->type().rank()));
  std::iota(perm.begin(), perm.end(), 0);
  std::swap(perm[perm.size() - 1], perm[perm.size() - 2]);
  return insert(before, "Transpose", {v}, {{"perm", perm}});
}

// Gemm's C as one number for each column.
bool is_row(const Value* c, int64_t columns) {
  const auto known = constant_of(c);
  return c == nullptr ||
         (known && (known->size() == 1 || (known->size() == columns && known->dims().back() == columns)));
}

Status quantize_product(Node* node) {
  const Attrs& attrs = node->attrs();
  const bool gemm = node->is("Gemm");
  bool trans_b = attrs.get_int("transB") != 0;
  if (!node->input(0)->type().ranked || node->input(0)->type().rank() < 2 || !node->output()->type().ranked ||
      node->input(1)->type().rank() < 2)
    return {};
  Operands o;
  const Value* w = before_transpose(node->input(1), trans_b);
  if (!set_weights(o, node->graph(), w, w->type().rank() - (trans_b ? 2 : 1)) &&
      !set_tensor(o, node->input(1)))
    return {};
  if (!set_input(o, node->input(0)) || (o.zero != 0 && (!o.data || o.data->rank() != 2))) return {};
  const Dim& last = node->output()->shape().back();
  if (o.scales.size() > 1 && !last.is(static_cast<int64_t>(o.scales.size()))) return {};
  scale_all(o, scale_of(*node->input(0)->producer())->scale * (gemm ? attrs.get_float("alpha", 1) : 1));
  std::vector<double> shift;
  if (o.zero != 0) shift = zero_shift(o, trans_b ? 0 : 1, last.value());
  Value* c = gemm ? node->input(2) : nullptr;
  if (!is_row(c, last.is_const() ? last.value() : -1) || (c && attrs.get_float("beta", 1) != 1)) return {};
  INGOT_ASSIGN_OR_RETURN(const auto bias, bias_of(node, c, shift, last.is_const() ? last.value() : 0));
  if (!bias) return {};
  if (!o.data && attrs.get_int("transB") == 0) {
    INGOT_ASSIGN_OR_RETURN(o.weights, transposed(node, o.weights));
  }
  Attrs made;
  if (attrs.get_int("transA") != 0) made.set("trans_a", int64_t{1});
  if (trans_b || !o.data) made.set("trans_b", int64_t{1});
  return replace_layer(node, "QuantizedMatMul", o, *bias, std::move(made));
}

// A constant that is added to a product, one number for each column, becomes its bias.
Status take_in_bias(Node* add) {
  for (size_t i : {size_t{0}, size_t{1}}) {
    const Node* product = producer(add->input(i), "QuantizedMatMul");
    Value* constant = add->input(1 - i);
    const Dim columns = product != nullptr ? add->input(i)->shape().back() : Dim(0);
    if (product == nullptr || !used_once(add->input(i)) || product->input(2) != nullptr) continue;
    if (!columns.is_const() || !is_row(constant, columns.value()) || constant->type().rank() > 1) continue;
    INGOT_ASSIGN_OR_RETURN(const auto bias, bias_of(add, constant, {}, columns.value()));
    if (!bias) continue;
    return replace_by(add, "QuantizedMatMul",
                      {product->input(0), product->input(1), *bias, product->input(3)}, product->attrs())
        .status();
  }
  return {};
}

}  // namespace

Status quantize_layers(Graph& graph) {
  for (Node* node : graph.node_list()) {
    if (node->is("Conv") && node->attrs().get_string("epilogue").empty())
      INGOT_RETURN_IF_ERROR(quantize_conv(node));
    else if (is_any(*node, {"MatMul", "Gemm"}))
      INGOT_RETURN_IF_ERROR(quantize_product(node));
  }
  for (Node* node : graph.node_list())
    if (node->is("Add")) INGOT_RETURN_IF_ERROR(take_in_bias(node));
  return {};
}

}  // namespace ingot::passes
