// Scale, ParametricReLU, LRN, Normalization.
#include "emit.h"

namespace ingot::tensorrt {
namespace {

using nvinfer1::LayerType;
using nvinfer1::ScaleMode;
using nvinfer1::Weights;

// (x * scale + shift) ^ power, with one value, one for each channel, or one for each element.
class ScaleLayer final : public LayerOf<nvinfer1::IScaleLayer, nvinfer1::apiv::VScaleLayer> {
 public:
  ScaleLayer(NetworkDefinition& network, Tensor* x, ScaleMode mode, Weights shift, Weights scale,
             Weights power, int32_t axis)
      : LayerOf(network, LayerType::kSCALE, {x}),
        mode_(mode),
        shift_(shift),
        scale_(scale),
        power_(power),
        axis_(axis) {}
  INGOT_PARAMETER(ScaleMode, Mode, mode_)
  INGOT_PARAMETER(Weights, Shift, shift_)
  INGOT_PARAMETER(Weights, Scale, scale_)
  INGOT_PARAMETER(Weights, Power, power_)
  INGOT_PARAMETER(int32_t, ChannelAxis, axis_)

  Values emit(ingot::Network& g, const Values& in) override {
    Emit e(g, name());
    NetworkTensor y = in[0];
    using Role = nvinfer1::WeightsRole;
    const struct {
      const char* op;
      const Weights& given;
      Role role;
    } steps[] = {{"Mul", scale_, Role::kSCALE}, {"Add", shift_, Role::kSHIFT}, {"Pow", power_, Role::kANY}};
    for (const auto& [op, given, role] : steps) {
      if (given.count == 0) continue;
      const NetworkTensor w = weights(e, role, given, dims_of(e, in[0], given.count), e.type(in[0]));
      if (!w.valid()) {
        network_.log().error(nvinfer1::ErrorCode::kINVALID_ARGUMENT,
                             "layer '" + name() + "': got " + std::to_string(given.count) +
                                 " weights, which do not match the input and the mode");
        return {};
      }
      y = e(op, {y, w});
    }
    return {y.id == in[0].id ? e("Identity", {y}) : y};
  }

 private:
  ShapeDims dims_of(Emit& e, NetworkTensor x, int64_t count) const {
    if (mode_ == ScaleMode::kUNIFORM) return {};
    ShapeDims dims = e.dims(x);
    const auto axis = std::min(static_cast<size_t>(std::max(axis_, 0)), dims.size());
    if (mode_ == ScaleMode::kELEMENTWISE) return {dims.begin() + static_cast<int64_t>(axis), dims.end()};
    ShapeDims out(dims.size() - axis, 1);
    if (!out.empty()) out[0] = count;
    return out;
  }

  ScaleMode mode_;
  Weights shift_, scale_, power_;
  int32_t axis_;
};

class ParametricReLULayer final
    : public LayerOf<nvinfer1::IParametricReLULayer, nvinfer1::apiv::VParametricReLULayer> {
 public:
  ParametricReLULayer(NetworkDefinition& network, Tensor* x, Tensor* slopes)
      : LayerOf(network, LayerType::kPARAMETRIC_RELU, {x, slopes}) {}
  Values emit(ingot::Network& g, const Values& in) override { return {g.op("PRelu", in, {}, name())}; }
};

class LRNLayer final : public LayerOf<nvinfer1::ILRNLayer, nvinfer1::apiv::VLRNLayer> {
 public:
  LRNLayer(NetworkDefinition& network, Tensor* x, Extent window, float alpha, float beta, float k)
      : LayerOf(network, LayerType::kLRN, {x}), window_(window), alpha_(alpha), beta_(beta), k_(k) {}
  INGOT_PARAMETER(Extent, WindowSize, window_)
  INGOT_PARAMETER(float, Alpha, alpha_)
  INGOT_PARAMETER(float, Beta, beta_)
  INGOT_PARAMETER(float, K, k_)
  Values emit(ingot::Network& g, const Values& in) override {
    const NodeAttrs attrs = {{"size", int64_t{window_}}, {"alpha", alpha_}, {"beta", beta_}, {"bias", k_}};
    return {g.op("LRN", in, attrs, name())};
  }

 private:
  Extent window_;
  float alpha_, beta_, k_;
};

// (x - mean) / sqrt(variance + epsilon) * scale + bias over the axes of a mask; with groups the channels are
// split, and scale and bias are given for each group, or (V2) for each channel.
class NormalizationLayer final
    : public LayerOf<nvinfer1::INormalizationLayer, nvinfer1::apiv::VNormalizationLayer> {
 public:
  NormalizationLayer(NetworkDefinition& network, Tensor* x, Tensor* scale, Tensor* bias, uint32_t axes,
                     bool v2)
      : LayerOf(network, LayerType::kNORMALIZATION, {x, scale, bias}), axes_(axes), v2_(v2) {}
  INGOT_PARAMETER(float, Epsilon, epsilon_)
  INGOT_PARAMETER(uint32_t, Axes, axes_)
  INGOT_PARAMETER(Extent, NbGroups, groups_)
#if NV_TENSORRT_MAJOR < 11
  // Sums are always kept in 32 bits.
  INGOT_PARAMETER(nvinfer1::DataType, ComputePrecision, precision_)
#endif
#if NV_TENSORRT_MAJOR >= 10
  bool isV2() const noexcept override { return v2_; }
#endif

  Values emit(ingot::Network& g, const Values& in) override {
    Emit e(g, name());
    const std::vector<int64_t> axes = axes_of(axes_);
    if (axes.empty()) return {};
    if (groups_ > 1) return {grouped(e, in)};
    if (of_trailing_dims(e, in, axes)) {
      std::vector<int64_t> ones;
      for (int64_t d = 0; d < axes[0]; ++d) ones.push_back(d);
      return {e("LayerNormalization", {in[0], e.squeeze(in[1], ones), e.squeeze(in[2], ones)},
                {{"axis", axes[0]}, {"epsilon", epsilon_}})};
    }
    return {e("Add", {e("Mul", {normalized(e, in[0], axes), in[1]}), in[2]})};
  }

 private:
  // One scale for each element of the last dims.
  static bool of_trailing_dims(Emit& e, const Values& in, const std::vector<int64_t>& axes) {
    const ShapeDims scale = e.dims(in[1]), bias = e.dims(in[2]);
    const auto rank = static_cast<size_t>(e.rank(in[0])), first = static_cast<size_t>(axes[0]);
    if (axes.size() != rank - first || scale.size() != rank || bias.size() != rank) return false;
    for (size_t d = 0; d < first; ++d)
      if (scale[d] != 1 || bias[d] != 1) return false;
    return true;
  }

  NetworkTensor normalized(Emit& e, NetworkTensor x, const std::vector<int64_t>& axes) const {
    const NetworkTensor over = e.ints(axes), centred = e("Sub", {x, e("ReduceMean", {x, over})});
    const NetworkTensor variance = e("ReduceMean", {e("Mul", {centred, centred}), over});
    return e("Div", {centred, e("Sqrt", {e("Add", {variance, e.scalar(epsilon_, e.type(x))})})});
  }

  NetworkTensor grouped(Emit& e, const Values& in) const {
    const NetworkTensor rows = e.reshape(in[0], {0, groups_, -1});
    NetworkTensor y = normalized(e, rows, {2});
    const ShapeDims scale = e.dims(in[1]);
    const bool by_group = scale.size() > 1 && scale[1] == groups_;
    if (by_group) y = e("Add", {e("Mul", {y, e.reshape(in[1], {1, -1, 1})}), e.reshape(in[2], {1, -1, 1})});
    y = e("Reshape", {y, e.shape(in[0])});
    return by_group ? y : e("Add", {e("Mul", {y, in[1]}), in[2]});
  }

  uint32_t axes_;
  bool v2_;
  float epsilon_ = 1e-5f;
  Extent groups_ = 1;
  nvinfer1::DataType precision_ = nvinfer1::DataType::kFLOAT;
};

}  // namespace

nvinfer1::IScaleLayer* NetworkDefinition::addScale(nvinfer1::ITensor& x, ScaleMode mode, Weights shift,
                                                   Weights scale, Weights power) noexcept {
  return addScaleNd(x, mode, shift, scale, power, 1);
}
nvinfer1::IScaleLayer* NetworkDefinition::addScaleNd(nvinfer1::ITensor& x, ScaleMode mode, Weights shift,
                                                     Weights scale, Weights power, int32_t axis) noexcept {
  return add<ScaleLayer>(tensor(x), mode, shift, scale, power, axis);
}
nvinfer1::IParametricReLULayer* NetworkDefinition::addParametricReLU(nvinfer1::ITensor& x,
                                                                     nvinfer1::ITensor& slopes) noexcept {
  return add<ParametricReLULayer>(tensor(x), tensor(slopes));
}
nvinfer1::ILRNLayer* NetworkDefinition::addLRN(nvinfer1::ITensor& x, Extent window, float alpha, float beta,
                                               float k) noexcept {
  return add<LRNLayer>(tensor(x), window, alpha, beta, k);
}
nvinfer1::INormalizationLayer* NetworkDefinition::addNormalization(nvinfer1::ITensor& x,
                                                                   nvinfer1::ITensor& scale,
                                                                   nvinfer1::ITensor& bias,
                                                                   uint32_t axes) noexcept {
  return add<NormalizationLayer>(tensor(x), tensor(scale), tensor(bias), axes, false);
}
#if NV_TENSORRT_MAJOR >= 10
nvinfer1::INormalizationLayer* NetworkDefinition::addNormalizationV2(nvinfer1::ITensor& x,
                                                                     nvinfer1::ITensor& scale,
                                                                     nvinfer1::ITensor& bias,
                                                                     uint32_t axes) noexcept {
  return add<NormalizationLayer>(tensor(x), tensor(scale), tensor(bias), axes, true);
}
#endif

}  // namespace ingot::tensorrt
