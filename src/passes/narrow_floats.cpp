// Weak typing: float32 becomes float16 or bfloat16 inside a graph. Nodes whose kernels sum in float32 anyway
// (products, normalisations, softmax, means) work on narrow operands; the others, and the graph's inputs and
// outputs, keep their types, with a Cast between. Sums, which may be large, and what is made of them alone
// (the statistics of a normalisation that no pass has recognized) stay in float32, too.
#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "base/half.h"
#include "ir/infer.h"
#include "passes/pass.h"
#include "passes/rewrite.h"

namespace ingot::passes {
namespace {

constexpr int64_t kOnnxFloat = 1, kOnnxFloat16 = 10, kOnnxBFloat16 = 16;

bool works_on_narrow(const Node& node) {
  return is_any(node, {"AveragePool",
                       "ChannelLayerNorm",
                       "Concat",
                       "Conv",
                       "ConvChain",
                       "ConvGates",
                       "ConvTranspose",
                       "DepthToSpace",
                       "DequantizeLinear",
                       "Expand",
                       "Flatten",
                       "FusedMatMul",
                       "Gather",
                       "Gemm",
                       "GlobalAveragePool",
                       "GlobalMaxPool",
                       "GroupNormalization",
                       "Identity",
                       "InstanceNormalization",
                       "LayerNormalization",
                       "LogSoftmax",
                       "MatMul",
                       "MaxPool",
                       "MultiHeadAttention",
                       "Pad",
                       "Pointwise",
                       "QuantizeLinear",
                       "QuantizedConv",
                       "QuantizedMatMul",
                       "QuantizedPointwise",
                       "RMSNormalization",
                       "ReduceMax",
                       "ReduceMean",
                       "ReduceMin",
                       "Reshape",
                       "SkipLayerNormalization",
                       "Slice",
                       "Softmax",
                       "SpaceToDepth",
                       "Split",
                       "Squeeze",
                       "SqueezeExcitation",
                       "Tile",
                       "Transpose",
                       "Unsqueeze"});
}

// Scales, the bias of quantized layers, and whatever else is not as large as their results, are what sums in
// float32 meet.
bool stays_wide(const Node& node, size_t input) {
  if (is_any(node, {"QuantizeLinear", "DequantizeLinear"})) return input > 0;
  return is_any(node, {"QuantizedConv", "QuantizedMatMul"}) &&
         (input < 4 || node.input(input)->shape() != node.output()->shape());
}

// Values beyond the type's range take its largest: an additive mask of -1e30 must not become an infinity,
// which gives NaN where a whole row is masked.
template <class T>
Result<Tensor> narrow(const Tensor& wide, float largest) {
  INGOT_ASSIGN_OR_RETURN(
      Tensor out, Tensor::allocate(std::is_same_v<T, Half> ? DataType::kF16 : DataType::kBF16, wide.dims()));
  const std::span<const float> from = wide.span<float>();
  std::transform(from.begin(), from.end(), out.mutable_span<T>().begin(),
                 [&](float v) { return T(std::isfinite(v) ? std::clamp(v, -largest, largest) : v); });
  return out;
}

class Narrowing {
 public:
  Narrowing(Graph& graph, DataType type) : graph_(graph), type_(type) {}

  Status run() {
    for (Node* node : graph_.node_list()) {
      if (node->is("DynamicQuantizeLinear")) statistics_.insert(node->output(1));  // the scale
      if (is_statistic(*node))
        statistics_.insert(node->output());
      else if (works_on_narrow(*node) && node->subgraphs().empty())
        INGOT_RETURN_IF_ERROR(convert(*node));
    }
    return {};
  }

 private:
  int64_t onnx_number() const { return type_ == DataType::kF16 ? kOnnxFloat16 : kOnnxBFloat16; }
  static bool is_wide(const Value* v) { return v != nullptr && v->dtype() == DataType::kF32; }

  // A sum, or what is made of sums and constants.
  bool is_statistic(const Node& node) const {
    if (is_any(node, {"ReduceL1", "ReduceL2", "ReduceSum", "ReduceSumSquare"})) return true;
    if (!is_any(node, {"Pointwise", "Reshape", "Squeeze", "Unsqueeze"})) return false;
    bool any = false;
    for (const Value* v : node.inputs()) {
      if (!is_wide(v) || v->is_constant()) continue;
      if (!statistics_.contains(v)) return false;
      any = true;
    }
    return any;
  }

  Result<Value*> cast(Value* v, int64_t to, Node* before) {
    Node* node = graph_.add_node(*find_op("Cast"), {v}, {{"to", to}}, 1, "", before);
    INGOT_RETURN_IF_ERROR(infer_node(*node));
    return node->output();
  }

  Result<Value*> narrowed(Value* v, Node* before) {
    Value*& known = narrow_[v];
    if (known != nullptr) return known;
    if (v->is_constant()) {
      INGOT_ASSIGN_OR_RETURN(Tensor data, type_ == DataType::kF16
                                              ? narrow<Half>(v->constant(), 65504.0f)
                                              : narrow<BFloat16>(v->constant(), 3.38e38f));
      return known = graph_.add_constant(v->name(), std::move(data));
    }
    INGOT_ASSIGN_OR_RETURN(Value* const made, cast(v, onnx_number(), before));
    return narrow_[v] = made;
  }

  // A first layer reads its image as it is given: a copy of its own would cost more than the wider reads.
  bool reads_wide(const Node& node, size_t i) const {
    constexpr int64_t kMostChannels = 4, kMostTaps = 64;
    Value* const v = node.input(i);
    if (i != 0 || !node.is("Conv") || narrow_.contains(v) || !node.input(1)->is_constant()) return false;
    const Dims& w = node.input(1)->constant().dims();
    return w.size() == 4 && w[1] <= kMostChannels && w[2] * w[3] <= kMostTaps &&
           node.attrs().get_int("group", 1) == 1;
  }

  // The node anew on narrow operands; whoever needs its results wide reads them through Casts, which nobody
  // does who is converted as well.
  Status convert(Node& node) {
    std::vector<Value*> inputs = node.inputs();
    bool changes = std::any_of(node.outputs().begin(), node.outputs().end(), is_wide);
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (!is_wide(inputs[i]) || stays_wide(node, i) || reads_wide(node, i)) continue;
      // What only reads floats (a quantizer) reads them as they are where nobody makes them narrow.
      if (!changes && !narrow_.contains(inputs[i])) continue;
      INGOT_ASSIGN_OR_RETURN(inputs[i], narrowed(inputs[i], &node));
    }
    changes = changes || inputs != node.inputs();
    if (!changes) return {};
    Attrs attrs = node.attrs();
    const bool names_type = node.op().name.starts_with("Quantized") || node.is("DequantizeLinear");
    if (names_type && is_wide(node.output())) attrs.set("output_dtype", onnx_number());
    Node* made = graph_.add_node(node.op(), std::move(inputs), std::move(attrs), node.outputs().size(),
                                 node.name(), &node);
    INGOT_RETURN_IF_ERROR(infer_node(*made));
    for (size_t i = 0; i < node.outputs().size(); ++i) {
      Value* const old = node.output(i);
      if (old == nullptr) {
        graph_.drop_output(made, i);
        continue;
      }
      Value* wide = made->output(i);
      if (is_wide(old)) {
        INGOT_ASSIGN_OR_RETURN(wide, cast(made->output(i), kOnnxFloat, &node));
        narrow_[wide] = made->output(i);
      }
      graph_.replace_uses(old, wide);
    }
    graph_.erase(&node);
    return {};
  }

  Graph& graph_;
  DataType type_;
  std::map<Value*, Value*> narrow_;
  std::set<const Value*> statistics_;
};

}  // namespace

Status narrow_to_f16(Graph& graph) { return Narrowing(graph, DataType::kF16).run(); }
Status narrow_to_bf16(Graph& graph) { return Narrowing(graph, DataType::kBF16).run(); }

}  // namespace ingot::passes
