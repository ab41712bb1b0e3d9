// Convolution, Deconvolution, FullyConnected. Kernel and bias are weights, or tensors at inputs 1 and 2.
#include "emit.h"

namespace ingot::tensorrt {
namespace {

using nvinfer1::Dims;
using nvinfer1::LayerType;
using nvinfer1::PaddingMode;
using nvinfer1::Weights;

Dims filled(const Dims& like, Extent value) {
  Dims out = like;
  for (int32_t i = 0; i < out.nbDims; ++i) out.d[i] = value;
  return out;
}

template <class Interface, class Implementation>
class ConvolutionBase : public LayerOf<Interface, Implementation> {
 public:
  ConvolutionBase(NetworkDefinition& network, LayerType type, Tensor* x, Extent maps, const Dims& kernel,
                  Weights weights, Weights bias)
      : LayerOf<Interface, Implementation>(network, type, {x}),
        maps_(maps),
        kernel_(kernel),
        stride_(filled(kernel, 1)),
        dilation_(stride_),
        pre_(filled(kernel, 0)),
        post_(pre_),
        weights_(weights),
        bias_(bias) {}

  INGOT_PARAMETER(Extent, NbOutputMaps, maps_)
  INGOT_PARAMETER(Extent, NbGroups, groups_)
  INGOT_PARAMETER(Weights, KernelWeights, weights_)
  INGOT_PARAMETER(Weights, BiasWeights, bias_)
  INGOT_PARAMETER(PaddingMode, PaddingMode, mode_)
  INGOT_DIMS_PARAMETER(PrePadding, pre_)
  INGOT_DIMS_PARAMETER(PostPadding, post_)
  INGOT_DIMS_PARAMETER(KernelSizeNd, kernel_)
  INGOT_DIMS_PARAMETER(StrideNd, stride_)
  INGOT_DIMS_PARAMETER(DilationNd, dilation_)
  void setPaddingNd(DimsArgument dims) noexcept override { pre_ = post_ = dims, this->changed(); }
  Dims getPaddingNd() const noexcept override { return pre_; }
#if NV_TENSORRT_MAJOR == 8
  using HW = nvinfer1::DimsHW;
  void setKernelSize(HW v) noexcept override { setKernelSizeNd(v); }
  HW getKernelSize() const noexcept override { return {kernel_.d[0], kernel_.d[1]}; }
  void setStride(HW v) noexcept override { setStrideNd(v); }
  HW getStride() const noexcept override { return {stride_.d[0], stride_.d[1]}; }
  void setPadding(HW v) noexcept override { setPaddingNd(v); }
  HW getPadding() const noexcept override { return {pre_.d[0], pre_.d[1]}; }
#endif

 protected:
  // The kernel; `outer` is the first dim of its weights, the second follows from their count.
  NetworkTensor kernel(Emit& e, const Values& in, int64_t outer) {
    if (const NetworkTensor given = input_at(in, 1); given.valid()) return given;
    ShapeDims dims = to_vector(kernel_);
    int64_t rest = outer;
    for (int64_t d : dims) rest *= d;
    dims.insert(dims.begin(), {outer, rest > 0 ? weights_.count / rest : 0});
    const NetworkTensor made =
        this->weights(e, nvinfer1::WeightsRole::kKERNEL, weights_, dims, e.type(in[0]));
    if (!made.valid())
      this->network_.log().error(nvinfer1::ErrorCode::kINVALID_ARGUMENT,
                                 "layer '" + this->name() + "': " + std::to_string(weights_.count) +
                                     " kernel weights do not make " + std::to_string(maps_) +
                                     " output maps with a kernel of " + to_string(kernel_));
    return made;
  }
  NetworkTensor bias(Emit& e, const Values& in) {
    if (const NetworkTensor given = input_at(in, 2); given.valid()) return given;
    if (bias_.count == 0) return {};
    return this->weights(e, nvinfer1::WeightsRole::kBIAS, bias_, {bias_.count}, e.type(in[0]));
  }
  NodeAttrs attrs() const {
    NodeAttrs out = {{"strides", to_vector(stride_)},
                     {"dilations", to_vector(dilation_)},
                     {"group", static_cast<int64_t>(groups_)}};
    if (mode_ == PaddingMode::kSAME_UPPER || mode_ == PaddingMode::kSAME_LOWER) {
      out["auto_pad"] = std::string(mode_ == PaddingMode::kSAME_UPPER ? "SAME_UPPER" : "SAME_LOWER");
    } else {
      ShapeDims pads = to_vector(pre_);
      const ShapeDims after = to_vector(post_);
      pads.insert(pads.end(), after.begin(), after.end());
      out["pads"] = pads;
    }
    return out;
  }

  Extent maps_, groups_ = 1;
  Dims kernel_, stride_, dilation_, pre_, post_;
  PaddingMode mode_ = PaddingMode::kEXPLICIT_ROUND_DOWN;
  Weights weights_, bias_;
};

class ConvolutionLayer final
    : public ConvolutionBase<nvinfer1::IConvolutionLayer, nvinfer1::apiv::VConvolutionLayer> {
 public:
  ConvolutionLayer(NetworkDefinition& n, Tensor* x, Extent maps, const Dims& kernel, Weights w, Weights b)
      : ConvolutionBase(n, LayerType::kCONVOLUTION, x, maps, kernel, w, b) {}
#if NV_TENSORRT_MAJOR == 8
  void setDilation(HW v) noexcept override { setDilationNd(v); }
  HW getDilation() const noexcept override { return {dilation_.d[0], dilation_.d[1]}; }
#endif

  Values emit(ingot::Network& g, const Values& in) override {
    Emit e(g, name());
    const NetworkTensor w = kernel(e, in, maps_);
    if (!w.valid()) return {};
    NodeAttrs attributes = attrs();
    if (rounds_up()) std::get<std::vector<int64_t>>(attributes["pads"]) = rounded_up(e.dims(in[0]));
    const NetworkTensor b = bias(e, in);
    return {e("Conv", b.valid() ? Values{in[0], w, b} : Values{in[0], w}, attributes)};
  }

 private:
  bool rounds_up() const {
#if NV_TENSORRT_MAJOR == 8
    if (mode_ == PaddingMode::kCAFFE_ROUND_UP) return true;
#endif
    return mode_ == PaddingMode::kEXPLICIT_ROUND_UP;
  }
  // ONNX rounds down: what the last window lacks is added behind. Sizes have to be known.
  std::vector<int64_t> rounded_up(const ShapeDims& dims) const {
    std::vector<int64_t> before = to_vector(pre_), after = to_vector(post_);
    for (size_t i = 0; i < after.size(); ++i) {
      const int64_t size = i + 2 < dims.size() ? dims[i + 2] : -1;
      if (size < 0) {
        network_.log().warning("layer '" + name() + "': sizes are open, so they are rounded down");
        continue;
      }
      const int64_t window = (kernel_.d[i] - 1) * dilation_.d[i] + 1;
      const int64_t left = (size + before[i] + after[i] - window) % stride_.d[i];
      if (left > 0) after[i] += stride_.d[i] - left;
    }
    before.insert(before.end(), after.begin(), after.end());
    return before;
  }
};

class DeconvolutionLayer final
    : public ConvolutionBase<nvinfer1::IDeconvolutionLayer, nvinfer1::apiv::VDeconvolutionLayer> {
 public:
  DeconvolutionLayer(NetworkDefinition& n, Tensor* x, Extent maps, const Dims& kernel, Weights w, Weights b)
      : ConvolutionBase(n, LayerType::kDECONVOLUTION, x, maps, kernel, w, b) {}

  Values emit(ingot::Network& g, const Values& in) override {
    Emit e(g, name());
    int64_t per_channel = maps_ / std::max<int64_t>(groups_, 1);
    for (int32_t i = 0; i < kernel_.nbDims; ++i) per_channel *= kernel_.d[i];
    const NetworkTensor w = kernel(e, in, per_channel > 0 ? weights_.count / per_channel : 0);
    if (!w.valid()) return {};
    const NetworkTensor b = bias(e, in);
    return {e("ConvTranspose", b.valid() ? Values{in[0], w, b} : Values{in[0], w}, attrs())};
  }
};

#if NV_TENSORRT_MAJOR == 8
class FullyConnectedLayer final
    : public LayerOf<nvinfer1::IFullyConnectedLayer, nvinfer1::apiv::VFullyConnectedLayer> {
 public:
  FullyConnectedLayer(NetworkDefinition& n, Tensor* x, int32_t channels, Weights w, Weights b)
      : LayerOf(n, LayerType::kFULLY_CONNECTED, {x}), channels_(channels), weights_(w), bias_(b) {}
  INGOT_PARAMETER(int32_t, NbOutputChannels, channels_)
  INGOT_PARAMETER(Weights, KernelWeights, weights_)
  INGOT_PARAMETER(Weights, BiasWeights, bias_)

  // [N, C, H, W] -> [N, K, 1, 1]
  Values emit(ingot::Network& g, const Values& in) override {
    Emit e(g, name());
    const int64_t rank = e.rank(in[0]);
    if (rank < 3 || channels_ <= 0) return {};
    using Role = nvinfer1::WeightsRole;
    const NetworkTensor w =
        weights(e, Role::kKERNEL, weights_, {channels_, weights_.count / channels_}, e.type(in[0]));
    if (!w.valid()) return {};
    std::vector<int64_t> rows(static_cast<size_t>(rank - 3), 0);  // batch dims stay
    rows.push_back(-1);
    NetworkTensor y = e("MatMul", {e.reshape(in[0], rows), e.transpose(w, {1, 0})});
    if (bias_.count > 0) y = e("Add", {y, weights(e, Role::kBIAS, bias_, {bias_.count}, e.type(in[0]))});
    return {e.unsqueeze(y, {-1, -2})};
  }

 private:
  int32_t channels_;
  Weights weights_, bias_;
};
#endif

}  // namespace

nvinfer1::IConvolutionLayer* NetworkDefinition::addConvolutionNd(nvinfer1::ITensor& x, Extent maps,
                                                                 DimsArgument kernel, Weights weights,
                                                                 Weights bias) noexcept {
  return add<ConvolutionLayer>(tensor(x), maps, kernel, weights, bias);
}
nvinfer1::IDeconvolutionLayer* NetworkDefinition::addDeconvolutionNd(nvinfer1::ITensor& x, Extent maps,
                                                                     DimsArgument kernel, Weights weights,
                                                                     Weights bias) noexcept {
  return add<DeconvolutionLayer>(tensor(x), maps, kernel, weights, bias);
}
#if NV_TENSORRT_MAJOR == 8
nvinfer1::IConvolutionLayer* NetworkDefinition::addConvolution(nvinfer1::ITensor& x, int32_t maps,
                                                               nvinfer1::DimsHW kernel, Weights weights,
                                                               Weights bias) noexcept {
  return addConvolutionNd(x, maps, kernel, weights, bias);
}
nvinfer1::IDeconvolutionLayer* NetworkDefinition::addDeconvolution(nvinfer1::ITensor& x, int32_t maps,
                                                                   nvinfer1::DimsHW kernel, Weights weights,
                                                                   Weights bias) noexcept {
  return addDeconvolutionNd(x, maps, kernel, weights, bias);
}
nvinfer1::IFullyConnectedLayer* NetworkDefinition::addFullyConnected(nvinfer1::ITensor& x, int32_t channels,
                                                                     Weights weights, Weights bias) noexcept {
  return add<FullyConnectedLayer>(tensor(x), channels, weights, bias);
}
#endif

}  // namespace ingot::tensorrt
