// Pooling and Padding.
#include "emit.h"

namespace ingot::tensorrt {
namespace {

using nvinfer1::Dims;
using nvinfer1::LayerType;
using nvinfer1::PaddingMode;
using nvinfer1::PoolingType;

Dims filled(const Dims& like, Extent value) {
  Dims out = like;
  for (int32_t i = 0; i < out.nbDims; ++i) out.d[i] = value;
  return out;
}

ShapeDims joined(const Dims& before, const Dims& after) {
  ShapeDims out = to_vector(before);
  const ShapeDims rest = to_vector(after);
  out.insert(out.end(), rest.begin(), rest.end());
  return out;
}

class PoolingLayer final : public LayerOf<nvinfer1::IPoolingLayer, nvinfer1::apiv::VPoolingLayer> {
 public:
  PoolingLayer(NetworkDefinition& network, Tensor* x, PoolingType type, const Dims& window)
      : LayerOf(network, LayerType::kPOOLING, {x}),
        type_(type),
        window_(window),
        stride_(filled(window, 1)),
        pre_(filled(window, 0)),
        post_(pre_) {}

  INGOT_PARAMETER(PoolingType, PoolingType, type_)
  INGOT_PARAMETER(float, BlendFactor, blend_)
  INGOT_PARAMETER(bool, AverageCountExcludesPadding, excludes_padding_)
  INGOT_PARAMETER(PaddingMode, PaddingMode, mode_)
  INGOT_DIMS_PARAMETER(PrePadding, pre_)
  INGOT_DIMS_PARAMETER(PostPadding, post_)
  INGOT_DIMS_PARAMETER(WindowSizeNd, window_)
  INGOT_DIMS_PARAMETER(StrideNd, stride_)
  void setPaddingNd(DimsArgument dims) noexcept override { pre_ = post_ = dims, changed(); }
  Dims getPaddingNd() const noexcept override { return pre_; }
#if NV_TENSORRT_MAJOR == 8
  using HW = nvinfer1::DimsHW;
  void setWindowSize(HW v) noexcept override { setWindowSizeNd(v); }
  HW getWindowSize() const noexcept override { return {window_.d[0], window_.d[1]}; }
  void setStride(HW v) noexcept override { setStrideNd(v); }
  HW getStride() const noexcept override { return {stride_.d[0], stride_.d[1]}; }
  void setPadding(HW v) noexcept override { setPaddingNd(v); }
  HW getPadding() const noexcept override { return {pre_.d[0], pre_.d[1]}; }
#endif

  Values emit(ingot::Network& g, const Values& in) override {
    Emit e(g, name());
    NodeAttrs attrs = {{"kernel_shape", to_vector(window_)}, {"strides", to_vector(stride_)}};
    switch (mode_) {
      case PaddingMode::kSAME_UPPER:
        attrs["auto_pad"] = std::string("SAME_UPPER");
        break;
      case PaddingMode::kSAME_LOWER:
        attrs["auto_pad"] = std::string("SAME_LOWER");
        break;
      case PaddingMode::kEXPLICIT_ROUND_DOWN:
#if NV_TENSORRT_MAJOR == 8
      case PaddingMode::kCAFFE_ROUND_DOWN:
#endif
        attrs["pads"] = joined(pre_, post_);
        break;
      default:
        attrs["pads"] = joined(pre_, post_);
        attrs["ceil_mode"] = int64_t{1};
    }
    const auto maximum = [&] { return e("MaxPool", in, attrs); };
    const auto average = [&] {
      NodeAttrs counted = attrs;
      counted["count_include_pad"] = int64_t{!excludes_padding_};
      return e("AveragePool", in, counted);
    };
    if (type_ == PoolingType::kMAX) return {maximum()};
    if (type_ == PoolingType::kAVERAGE) return {average()};
    const DataType type = e.type(in[0]);  // (1 - blend) * max + blend * average
    return {e("Add", {e("Mul", {maximum(), e.scalar(1 - blend_, type)}),
                      e("Mul", {average(), e.scalar(blend_, type)})})};
  }

 private:
  PoolingType type_;
  Dims window_, stride_, pre_, post_;
  float blend_ = 0;
  bool excludes_padding_ = true;
  PaddingMode mode_ = PaddingMode::kEXPLICIT_ROUND_DOWN;
};

// Zeros around the last dims; negative padding cuts off.
class PaddingLayer final : public LayerOf<nvinfer1::IPaddingLayer, nvinfer1::apiv::VPaddingLayer> {
 public:
  PaddingLayer(NetworkDefinition& network, Tensor* x, const Dims& before, const Dims& after)
      : LayerOf(network, LayerType::kPADDING, {x}), before_(before), after_(after) {}
  INGOT_DIMS_PARAMETER(PrePaddingNd, before_)
  INGOT_DIMS_PARAMETER(PostPaddingNd, after_)
#if NV_TENSORRT_MAJOR == 8
  using HW = nvinfer1::DimsHW;
  void setPrePadding(HW v) noexcept override { setPrePaddingNd(v); }
  HW getPrePadding() const noexcept override { return {before_.d[0], before_.d[1]}; }
  void setPostPadding(HW v) noexcept override { setPostPaddingNd(v); }
  HW getPostPadding() const noexcept override { return {after_.d[0], after_.d[1]}; }
#endif

  Values emit(ingot::Network& g, const Values& in) override {
    Emit e(g, name());
    std::vector<int64_t> axes;
    for (int32_t i = 0; i < before_.nbDims; ++i) axes.push_back(i - before_.nbDims);
    return {e("Pad", {in[0], e.ints(joined(before_, after_)), {}, e.ints(axes)})};
  }

 private:
  Dims before_, after_;
};

}  // namespace

nvinfer1::IPoolingLayer* NetworkDefinition::addPoolingNd(nvinfer1::ITensor& x, PoolingType type,
                                                         DimsArgument window) noexcept {
  return add<PoolingLayer>(tensor(x), type, window);
}
nvinfer1::IPaddingLayer* NetworkDefinition::addPaddingNd(nvinfer1::ITensor& x, DimsArgument before,
                                                         DimsArgument after) noexcept {
  return add<PaddingLayer>(tensor(x), before, after);
}
#if NV_TENSORRT_MAJOR == 8
nvinfer1::IPoolingLayer* NetworkDefinition::addPooling(nvinfer1::ITensor& x, PoolingType type,
                                                       nvinfer1::DimsHW window) noexcept {
  return addPoolingNd(x, type, window);
}
nvinfer1::IPaddingLayer* NetworkDefinition::addPadding(nvinfer1::ITensor& x, nvinfer1::DimsHW before,
                                                       nvinfer1::DimsHW after) noexcept {
  return addPaddingNd(x, before, after);
}
#endif

}  // namespace ingot::tensorrt
