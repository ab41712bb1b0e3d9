// Quantize and Dequantize: with one scale, one for each channel of an axis, or one for each block.
#include "emit.h"

namespace ingot::tensorrt {
namespace {

using nvinfer1::Dims;
using nvinfer1::LayerType;

template <class Interface, class Implementation>
class QuantizeBase : public LayerOf<Interface, Implementation> {
 public:
  QuantizeBase(NetworkDefinition& network, LayerType layer, Tensor* x, Tensor* scale, nvinfer1::DataType type)
      : LayerOf<Interface, Implementation>(network, layer, {x, scale}), type_(type) {}
  INGOT_PARAMETER(int32_t, Axis, axis_)
#if NV_TENSORRT_MAJOR >= 10
  INGOT_PARAMETER(nvinfer1::DataType, ToType, type_)
  bool setBlockShape(const Dims& dims) noexcept override { return block_ = dims, this->changed(), true; }
  Dims getBlockShape() const noexcept override { return block_; }
#endif

 protected:
  NodeAttrs attrs() const {
    NodeAttrs out = {{"axis", int64_t{axis_ < 0 ? 1 : axis_}}};
    for (int32_t d = 0; d < block_.nbDims; ++d)
      if (block_.d[d] > 1) out = {{"axis", int64_t{d}}, {"block_size", static_cast<int64_t>(block_.d[d])}};
    return out;
  }
  nvinfer1::DataType type_;
  int32_t axis_ = -1;
  Dims block_{};
};

class QuantizeLayer final : public QuantizeBase<nvinfer1::IQuantizeLayer, nvinfer1::apiv::VQuantizeLayer> {
 public:
  QuantizeLayer(NetworkDefinition& network, Tensor* x, Tensor* scale, nvinfer1::DataType type)
      : QuantizeBase(network, LayerType::kQUANTIZE, x, scale, type) {}
  Values emit(ingot::Network& g, const Values& in) override {
    NodeAttrs attributes = attrs();
    Values values = in;
    if (!input_at(in, 2).valid()) {  // no zero point: the type is asked for
      values.resize(2);
      attributes["output_dtype"] = onnx_number(to_ingot(type_));
    }
    return {g.op("QuantizeLinear", values, attributes, name())};
  }
};

class DequantizeLayer final
    : public QuantizeBase<nvinfer1::IDequantizeLayer, nvinfer1::apiv::VDequantizeLayer> {
 public:
  DequantizeLayer(NetworkDefinition& network, Tensor* x, Tensor* scale, nvinfer1::DataType type)
      : QuantizeBase(network, LayerType::kDEQUANTIZE, x, scale, type) {}
  Values emit(ingot::Network& g, const Values& in) override {
    Emit e(g, name());
    return {e.cast(e("DequantizeLinear", in, attrs()), to_ingot(type_))};
  }
};

constexpr auto kQuantized = nvinfer1::DataType::kINT8, kWide = nvinfer1::DataType::kFLOAT;

}  // namespace

#if NV_TENSORRT_MAJOR < 11
nvinfer1::IQuantizeLayer* NetworkDefinition::addQuantize(nvinfer1::ITensor& x,
                                                         nvinfer1::ITensor& scale) noexcept {
  return add<QuantizeLayer>(tensor(x), tensor(scale), kQuantized);
}
nvinfer1::IDequantizeLayer* NetworkDefinition::addDequantize(nvinfer1::ITensor& x,
                                                             nvinfer1::ITensor& scale) noexcept {
  return add<DequantizeLayer>(tensor(x), tensor(scale), kWide);
}
#endif
#if NV_TENSORRT_MAJOR >= 10
nvinfer1::IQuantizeLayer* NetworkDefinition::addQuantizeV2(nvinfer1::ITensor& x, nvinfer1::ITensor& scale,
                                                           nvinfer1::DataType type) noexcept {
  return add<QuantizeLayer>(tensor(x), tensor(scale), type);
}
nvinfer1::IDequantizeLayer* NetworkDefinition::addDequantizeV2(nvinfer1::ITensor& x, nvinfer1::ITensor& scale,
                                                               nvinfer1::DataType type) noexcept {
  return add<DequantizeLayer>(tensor(x), tensor(scale), type);
}
#endif

}  // namespace ingot::tensorrt
