#include "passes/quantization.h"

#include <algorithm>

#include "ir/interpreter.h"
#include "passes/weights.h"

namespace ingot::passes {
namespace {

constexpr int kDeepest = 4;  // nodes from a quantizer back to the constant: a cast, a reshape

std::optional<Tensor> computed(const Value* v, int depth) {
  if (v == nullptr) return std::nullopt;
  if (v->is_constant()) return v->constant();
  const Node* node = v->producer();
  if (node == nullptr || depth == 0 || !node->op().deterministic || !node->subgraphs().empty())
    return std::nullopt;
  std::vector<Tensor> inputs;
  for (const Value* in : node->inputs()) {
    auto known = in == nullptr ? Tensor() : computed(in, depth - 1);
    if (!known) return std::nullopt;
    inputs.push_back(std::move(*known));
  }
  auto results = interpret_node(*node, inputs);
  if (!results.ok()) return std::nullopt;
  for (size_t i = 0; i < node->outputs().size(); ++i)
    if (node->output(i) == v) return (*results)[i];
  return std::nullopt;
}

bool is_quantized(DataType type) {
  return type == DataType::kI8 || type == DataType::kU8 || type == DataType::kF8E4M3;
}

// The zero points, all 0 where there are none.
std::optional<std::vector<double>> zeros_of(const Node& node) {
  if (node.input(2) == nullptr) return std::vector<double>{0};
  const auto zero = constant_of(node.input(2));
  if (!zero || !is_quantized(zero->dtype())) return std::nullopt;
  return to_doubles(*zero);
}

}  // namespace

std::optional<Tensor> constant_of(const Value* v) { return computed(v, kDeepest); }

std::optional<Scale> scale_of(const Node& node) {
  if (node.attrs().get_int("block_size") != 0) return std::nullopt;
  const bool quantizes = node.is("QuantizeLinear");
  const Value* narrow = quantizes ? node.output() : node.input(0);
  if (!is_quantized(narrow->dtype()) || (quantizes && node.attrs().get_int("saturate", 1) == 0))
    return std::nullopt;
  const auto scale = constant_of(node.input(1));
  const auto zeros = zeros_of(node);
  if (!scale || scale->size() != 1 || !zeros || zeros->size() != 1) return std::nullopt;
  const Scale out{to_doubles(*scale)[0], (*zeros)[0]};
  return out.scale > 0 && (out.zero == 0 || !is_float(narrow->dtype())) ? std::optional(out) : std::nullopt;
}

Node* dequantizer(const Value* v) {
  Node* node = producer(v, "DequantizeLinear");
  return node != nullptr && scale_of(*node) ? node : nullptr;
}

std::optional<QuantizedWeights> weights_of(const Value* v) {
  const Node* node = producer(v, "DequantizeLinear");
  if (node == nullptr || node->attrs().get_int("block_size") != 0 || !is_quantized(node->input(0)->dtype()))
    return std::nullopt;
  auto data = constant_of(node->input(0));
  const auto scale = constant_of(node->input(1));
  const auto zeros = zeros_of(*node);
  if (!data || !scale || !zeros || scale->size() == 0) return std::nullopt;
  const double zero = data->dtype() == DataType::kU8 ? 128 : 0;
  if (std::any_of(zeros->begin(), zeros->end(), [&](double z) { return z != zero; })) return std::nullopt;
  if (zero != 0) {
    auto signed_data = Tensor::allocate(DataType::kI8, data->dims());
    if (!signed_data.ok()) return std::nullopt;
    std::transform(data->span<uint8_t>().begin(), data->span<uint8_t>().end(),
                   signed_data->mutable_span<int8_t>().begin(),
                   [](uint8_t w) { return static_cast<int8_t>(w - 128); });
    data = std::move(*signed_data);
  }
  QuantizedWeights out{std::move(*data), to_doubles(*scale), 0};
  if (out.scales.size() > 1) {
    out.axis = axis_of(*node, "axis", 1, node->input(0));
    if (out.axis < 0 || out.data.dims()[static_cast<size_t>(out.axis)] != scale->size()) return std::nullopt;
  }
  return out;
}

}  // namespace ingot::passes
