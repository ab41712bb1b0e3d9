// Nodes of an imported model as the layers that a client would have added for them, so that it finds their
// kinds and parameters. Where a node says more than a layer can, it stays a generic layer.
#include "emit.h"

namespace ingot::tensorrt {
namespace {

using nvinfer1::ActivationType;
using nvinfer1::Dims;
using nvinfer1::ElementWiseOperation;
using nvinfer1::ReduceOperation;
using nvinfer1::UnaryOperation;
using nvinfer1::Weights;

// One node with what its layer needs to know of it.
struct Node {
  NetworkDefinition& network;
  const NetworkNode& node;
  std::vector<Tensor*> in;  // as the node's inputs; null: not given

  int64_t integer(const char* name, int64_t fallback) const { return attr<int64_t>(name, fallback); }
  float number(const char* name, float fallback) const { return attr<float>(name, fallback); }
  std::vector<int64_t> list(const char* name) const { return attr<std::vector<int64_t>>(name, {}); }
  bool has(const char* name) const { return node.attrs.contains(name); }
  template <class T>
  T attr(const char* name, T fallback) const {
    const auto it = node.attrs.find(name);
    const T* value = it == node.attrs.end() ? nullptr : std::get_if<T>(&it->second);
    return value == nullptr ? fallback : *value;
  }
  bool given(size_t i) const { return i < in.size() && in[i] != nullptr; }
  int32_t rank(size_t i = 0) const { return in[i]->getDimensions().nbDims; }
  /// The elements of an integer constant.
  std::optional<std::vector<int64_t>> ints(size_t i) const {
    if (i >= node.inputs.size()) return std::nullopt;
    const TensorRef c = network.graph().constant_value(node.inputs[i]);
    if (c.dtype != DataType::kI64) return std::nullopt;
    const auto* data = static_cast<const int64_t*>(c.data);
    return std::vector<int64_t>(data, data + c.size());
  }
  Weights weights(size_t i) const {
    if (i >= node.inputs.size()) return {};
    const TensorRef c = network.graph().constant_value(node.inputs[i]);
    if (c.dtype == DataType::kInvalid) return {};
    return {to_tensorrt(c.dtype), c.data, c.size()};
  }
  /// Bits of these axes; those of all where there are none.
  uint32_t mask(const std::vector<int64_t>& axes) const {
    uint32_t out = 0;
    for (int64_t a : axes) out |= 1U << (a < 0 ? a + rank() : a);
    return axes.empty() ? (1U << rank()) - 1 : out;
  }
};

using Make = bool (*)(const Node&);

template <ActivationType type>
bool activation(const Node& n) {
  auto* layer = n.network.addActivation(*n.in[0], type);
  layer->setAlpha(n.number("alpha", type == ActivationType::kLEAKY_RELU     ? 0.01f
                                    : type == ActivationType::kHARD_SIGMOID ? 0.2f
                                                                            : 1.0f));
  layer->setBeta(n.number(type == ActivationType::kSELU ? "gamma" : "beta",
                          type == ActivationType::kHARD_SIGMOID ? 0.5f : 1.0f));
  return true;
}
template <ElementWiseOperation operation>
bool elementwise(const Node& n) {
  return n.in.size() == 2 && n.network.addElementWise(*n.in[0], *n.in[1], operation) != nullptr;
}
template <UnaryOperation operation>
bool unary(const Node& n) {
  return n.network.addUnary(*n.in[0], operation) != nullptr;
}
template <ReduceOperation operation>
bool reduce(const Node& n) {
  const auto axes = n.ints(1);
  if (n.given(1) && !axes) return false;
  const uint32_t mask = n.mask(axes.value_or(std::vector<int64_t>()));
  return n.network.addReduce(*n.in[0], operation, mask, n.integer("keepdims", 1) != 0) != nullptr;
}

// Strides, padding and so on, which convolutions and poolings have in common.
template <class L>
void set_window(L& layer, const Node& n, size_t spatial) {
  const std::vector<int64_t> strides = n.list("strides"), pads = n.list("pads");
  const auto mode = n.attr<std::string>("auto_pad", "NOTSET");
  if (strides.size() == spatial) layer.setStrideNd(to_dims(strides));
  if (pads.size() == 2 * spatial) {
    const auto half = pads.begin() + static_cast<int64_t>(spatial);
    layer.setPrePadding(to_dims(ShapeDims(pads.begin(), half)));
    layer.setPostPadding(to_dims(ShapeDims(half, pads.end())));
  }
  if (mode == "SAME_UPPER") layer.setPaddingMode(nvinfer1::PaddingMode::kSAME_UPPER);
  if (mode == "SAME_LOWER") layer.setPaddingMode(nvinfer1::PaddingMode::kSAME_LOWER);
}

bool convolution(const Node& n) {
  const TensorInfo w = n.network.graph().info(n.node.inputs[1]);
  const Dims dims = to_dims(w.dims);
  const ShapeDims all = to_vector(dims);
  if (all.size() < 3 || n.weights(1).count == 0 || n.has("epilogue")) return false;
  auto* layer =
      n.network.addConvolutionNd(*n.in[0], static_cast<Extent>(all[0]),
                                 to_dims(ShapeDims(all.begin() + 2, all.end())), n.weights(1), n.weights(2));
  set_window(*layer, n, all.size() - 2);
  layer->setNbGroups(static_cast<Extent>(n.integer("group", 1)));
  if (const auto dilations = n.list("dilations"); dilations.size() == all.size() - 2)
    layer->setDilationNd(to_dims(dilations));
  return true;
}

template <nvinfer1::PoolingType type>
bool pooling(const Node& n) {
  const std::vector<int64_t> window = n.list("kernel_shape");
  if (n.node.outputs.size() != 1 || !n.list("dilations").empty()) return false;
  auto* layer = n.network.addPoolingNd(*n.in[0], type, to_dims(window));
  set_window(*layer, n, window.size());
  if (n.integer("ceil_mode", 0) != 0) layer->setPaddingMode(nvinfer1::PaddingMode::kEXPLICIT_ROUND_UP);
  layer->setAverageCountExcludesPadding(n.integer("count_include_pad", 0) == 0);
  return true;
}

bool matmul(const Node& n) {
  constexpr auto kNone = nvinfer1::MatrixOperation::kNONE;
  return n.rank(0) >= 2 && n.rank(1) >= 2 && n.network.addMatrixMultiply(*n.in[0], kNone, *n.in[1], kNone);
}
bool softmax(const Node& n) {
  n.network.addSoftMax(*n.in[0])->setAxes(n.mask({n.integer("axis", -1)}));
  return true;
}
bool reshape(const Node& n) {
  const auto dims = n.ints(1);
  if (!dims || dims->size() > Dims::MAX_DIMS) return false;
  auto* layer = n.network.addShuffle(*n.in[0]);
  layer->setReshapeDimensions(to_dims(*dims));
  layer->setZeroIsPlaceholder(n.integer("allowzero", 0) == 0);
  return true;
}
bool transpose(const Node& n) {
  const std::vector<int64_t> order = n.list("perm");
  nvinfer1::Permutation p{};
  for (int32_t i = 0; i < Dims::MAX_DIMS; ++i)
    p.order[i] =
        static_cast<size_t>(i) < order.size() ? static_cast<int32_t>(order[static_cast<size_t>(i)]) : i;
  n.network.addShuffle(*n.in[0])->setFirstTranspose(p);
  return !order.empty();
}
bool concat(const Node& n) {
  std::vector<nvinfer1::ITensor*> parts(n.in.begin(), n.in.end());
  const auto axis = static_cast<int32_t>(n.integer("axis", 0));
  n.network.addConcatenation(parts.data(), static_cast<int32_t>(parts.size()))
      ->setAxis(axis < 0 ? axis + n.rank() : axis);
  return true;
}
bool gather(const Node& n) {
  return n.network.addGather(*n.in[0], *n.in[1], static_cast<int32_t>(n.integer("axis", 0))) != nullptr;
}
bool cast(const Node& n) {
  return n.network.addCast(*n.in[0], to_tensorrt(n.network.graph().info(n.node.outputs[0]).dtype)) != nullptr;
}
bool shape(const Node& n) { return n.node.attrs.empty() && n.network.addShape(*n.in[0]) != nullptr; }
bool select(const Node& n) { return n.network.addSelect(*n.in[0], *n.in[1], *n.in[2]) != nullptr; }
bool top_k(const Node& n) {
  const auto k = n.ints(1);
  using Operation = nvinfer1::TopKOperation;
  return k && k->size() == 1 &&
         n.network.addTopK(*n.in[0], n.integer("largest", 1) != 0 ? Operation::kMAX : Operation::kMIN,
                           static_cast<int32_t>((*k)[0]), n.mask({n.integer("axis", -1)}));
}
bool identity(const Node& n) { return n.network.addIdentity(*n.in[0]) != nullptr; }

const std::map<std::string, Make>& kinds() {
  using A = ActivationType;
  using E = ElementWiseOperation;
  using U = UnaryOperation;
  using R = ReduceOperation;
  using P = nvinfer1::PoolingType;
  static const std::map<std::string, Make> kKinds = {{"Relu", activation<A::kRELU>},
                                                     {"Sigmoid", activation<A::kSIGMOID>},
                                                     {"Tanh", activation<A::kTANH>},
                                                     {"LeakyRelu", activation<A::kLEAKY_RELU>},
                                                     {"Elu", activation<A::kELU>},
                                                     {"Selu", activation<A::kSELU>},
                                                     {"Softsign", activation<A::kSOFTSIGN>},
                                                     {"Softplus", activation<A::kSOFTPLUS>},
                                                     {"HardSigmoid", activation<A::kHARD_SIGMOID>},
                                                     {"ThresholdedRelu", activation<A::kTHRESHOLDED_RELU>},
                                                     {"Add", elementwise<E::kSUM>},
                                                     {"Mul", elementwise<E::kPROD>},
                                                     {"Max", elementwise<E::kMAX>},
                                                     {"Min", elementwise<E::kMIN>},
                                                     {"Sub", elementwise<E::kSUB>},
                                                     {"Div", elementwise<E::kDIV>},
                                                     {"Pow", elementwise<E::kPOW>},
                                                     {"And", elementwise<E::kAND>},
                                                     {"Or", elementwise<E::kOR>},
                                                     {"Xor", elementwise<E::kXOR>},
                                                     {"Equal", elementwise<E::kEQUAL>},
                                                     {"Greater", elementwise<E::kGREATER>},
                                                     {"Less", elementwise<E::kLESS>},
                                                     {"Exp", unary<U::kEXP>},
                                                     {"Log", unary<U::kLOG>},
                                                     {"Sqrt", unary<U::kSQRT>},
                                                     {"Reciprocal", unary<U::kRECIP>},
                                                     {"Abs", unary<U::kABS>},
                                                     {"Neg", unary<U::kNEG>},
                                                     {"Sin", unary<U::kSIN>},
                                                     {"Cos", unary<U::kCOS>},
                                                     {"Erf", unary<U::kERF>},
                                                     {"Not", unary<U::kNOT>},
                                                     {"Ceil", unary<U::kCEIL>},
                                                     {"Floor", unary<U::kFLOOR>},
                                                     {"Round", unary<U::kROUND>},
                                                     {"Sign", unary<U::kSIGN>},
                                                     {"ReduceSum", reduce<R::kSUM>},
                                                     {"ReduceProd", reduce<R::kPROD>},
                                                     {"ReduceMax", reduce<R::kMAX>},
                                                     {"ReduceMin", reduce<R::kMIN>},
                                                     {"ReduceMean", reduce<R::kAVG>},
                                                     {"Conv", convolution},
                                                     {"MaxPool", pooling<P::kMAX>},
                                                     {"AveragePool", pooling<P::kAVERAGE>},
                                                     {"MatMul", matmul},
                                                     {"Softmax", softmax},
                                                     {"Reshape", reshape},
                                                     {"Transpose", transpose},
                                                     {"Concat", concat},
                                                     {"Gather", gather},
                                                     {"Cast", cast},
                                                     {"Shape", shape},
                                                     {"Where", select},
                                                     {"TopK", top_k},
                                                     {"Identity", identity}};
  return kKinds;
}

}  // namespace

bool NetworkDefinition::add_like(const NetworkNode& node, const std::vector<Tensor*>& inputs) {
  const auto kind = kinds().find(node.op);
  if (kind == kinds().end() || inputs.empty() || inputs[0] == nullptr) return false;
  const size_t before = layers_.size();
  const bool made = kind->second({*this, node, inputs}) && layers_.size() == before + 1 &&
                    layers_.back()->outputs().size() == node.outputs.size();
  if (!made) layers_.resize(before);
  return made;
}

}  // namespace ingot::tensorrt
