// com.microsoft: fused and quantized operators that onnxruntime writes, taken apart again; passes fuse anew.
#include "frontend/onnx/node_builder.h"

namespace ingot::onnx_import {
namespace {

// The activation that a fused operator names, with its parameters.
Value* activate(NodeBuilder& b, Value* x, const std::string& name, const Floats& parameters) {
  const auto parameter = [&](size_t i, float fallback) {
    return i < parameters.size() ? parameters[i] : fallback;
  };
  if (name.empty()) return x;
  if (name == "Clip") return b.add("Clip", {x, b.scalar(parameter(0, 0), x), b.scalar(parameter(1, 0), x)});
  if (name == "LeakyRelu") return b.add(name, {x}, {{"alpha", parameter(0, 0.01f)}});
  if (name == "HardSigmoid")
    return b.add(name, {x}, {{"alpha", parameter(0, 0.2f)}, {"beta", parameter(1, 0.5f)}});
  if (name == "Relu" || name == "Sigmoid" || name == "Tanh") return b.add(name, {x});
  b.fail(unsupported("activation '", name, "' is not supported"));
  return x;
}

Value* scaled(NodeBuilder& b, Value* x, float factor) {
  return factor == 1 ? x : b.add("Mul", {x, b.scalar(factor, x)});
}

Value* swap_last_two(NodeBuilder& b, Value* x) {
  Ints perm;
  for (int d = 0; d < b.known_rank(x); ++d) perm.push_back(d);
  if (perm.size() < 2) {
    b.fail(invalid_argument("a transposed operand has rank ", perm.size()));
    return x;
  }
  std::swap(perm[perm.size() - 1], perm[perm.size() - 2]);
  return b.add("Transpose", {x}, {{"perm", perm}});
}

Value* dequantize(NodeBuilder& b, size_t first) {
  return b.add("DequantizeLinear", {b.required(first), b.required(first + 1), b.input(first + 2)});
}
void set_quantized(NodeBuilder& b, Value* y, size_t scale) {
  b.set_output(0, b.add("QuantizeLinear", {y, b.required(scale), b.input(scale + 1)}));
}

}  // namespace

void build_ms_fused_conv(NodeBuilder& b) {
  const std::string activation = b.take<std::string>("activation");
  const Floats parameters = b.take<Floats>("activation_params");
  Value* y = b.add("Conv", {b.input(0), b.input(1), b.input(2)}, b.attrs);
  if (b.input(3)) y = b.add("Add", {y, b.input(3)});
  b.set_output(0, activate(b, y, activation, parameters));
}

void build_ms_fused_gemm(NodeBuilder& b) {
  const std::string activation = b.take<std::string>("activation");
  const float alpha = b.take<float>("activation_alpha", 0.01f), beta = b.take<float>("activation_beta");
  b.set_output(0, activate(b, b.add("Gemm", b.inputs, b.attrs), activation, {alpha, beta}));
}

void build_ms_fused_matmul(NodeBuilder& b) {
  if (b.attrs.get_int("transBatchA") != 0 || b.attrs.get_int("transBatchB") != 0)
    return b.fail(unsupported("transBatchA and transBatchB are not supported"));
  Value* a = b.required(0);
  Value* c = b.required(1);
  if (b.attrs.get_int("transA") != 0) a = swap_last_two(b, a);
  if (b.attrs.get_int("transB") != 0) c = swap_last_two(b, c);
  b.set_output(0, scaled(b, b.add("MatMul", {a, c}), b.attrs.get_float("alpha", 1)));
}

void build_ms_bias_gelu(NodeBuilder& b) { b.set_output(0, b.add("Gelu", {b.add("Add", b.inputs)})); }

void build_ms_fast_gelu(NodeBuilder& b) {
  Value* x = b.input(1) ? b.add("Add", b.inputs) : b.required(0);
  b.set_output(0, b.add("Gelu", {x}, {{"approximate", std::string("tanh")}}));
}

void build_ms_quick_gelu(NodeBuilder& b) {
  Value* x = b.required(0);
  Value* gate = b.add("Sigmoid", {scaled(b, x, b.attrs.get_float("alpha", 1.702f))});
  b.set_output(0, b.add("Mul", {x, gate}));
}

// Outputs: the normalised sum, two that only training reads, the sum itself.
void build_ms_skip_layer_norm(NodeBuilder& b) {
  const bool simplified = b.proto.op_type == "SkipSimplifiedLayerNormalization";
  Value* sum = b.add("Add", {b.input(0), b.input(1)});
  if (Value* bias = b.input(simplified ? 3 : 4)) sum = b.add("Add", {sum, bias});
  Attrs attrs{{"axis", int64_t{-1}}, {"epsilon", b.attrs.get_float("epsilon", 1e-12f)}};
  b.set_output(0, simplified ? b.add("RMSNormalization", {sum, b.input(2)}, attrs)
                             : b.add("LayerNormalization", {sum, b.input(2), b.input(3)}, attrs));
  b.set_output(3, sum);
}

void build_rms_norm(NodeBuilder& b) { b.same("RMSNormalization"); }

void build_ms_qlinear_binary(NodeBuilder& b) {
  const char* op = b.proto.op_type == "QLinearAdd" ? "Add" : "Mul";
  set_quantized(b, b.add(op, {dequantize(b, 0), dequantize(b, 3)}), 6);
}

void build_ms_qlinear_unary(NodeBuilder& b) {
  const std::string_view op = std::string_view(b.proto.op_type).substr(std::string_view("QLinear").size());
  set_quantized(b, b.add(op, {dequantize(b, 0)}, b.attrs), 3);
}

void build_ms_qlinear_global_pool(NodeBuilder& b) {
  if (b.attrs.get_int("channels_last") != 0) return b.fail(unsupported("channels_last is not supported"));
  set_quantized(b, b.add("GlobalAveragePool", {dequantize(b, 0)}), 3);
}

// Inputs: the result's scale and zero point, then data, scale and zero point of each part.
void build_ms_qlinear_concat(NodeBuilder& b) {
  std::vector<Value*> parts;
  for (size_t i = 2; i < b.inputs.size(); i += 3) parts.push_back(dequantize(b, i));
  set_quantized(b, b.add("Concat", parts, b.attrs), 0);
}

}  // namespace ingot::onnx_import
