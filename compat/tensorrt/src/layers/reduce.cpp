// Reduce, TopK, SoftMax, RaggedSoftMax, Cumulative: along axes, given as bit masks.
#include "emit.h"

namespace ingot::tensorrt {
namespace {

using nvinfer1::LayerType;
using nvinfer1::ReduceOperation;
using nvinfer1::TopKOperation;

class ReduceLayer final : public LayerOf<nvinfer1::IReduceLayer, nvinfer1::apiv::VReduceLayer> {
 public:
  ReduceLayer(NetworkDefinition& network, Tensor* x, ReduceOperation operation, uint32_t axes, bool keep)
      : LayerOf(network, LayerType::kREDUCE, {x}), operation_(operation), axes_(axes), keep_(keep) {}
  INGOT_PARAMETER(ReduceOperation, Operation, operation_)
  INGOT_PARAMETER(uint32_t, ReduceAxes, axes_)
  INGOT_PARAMETER(bool, KeepDimensions, keep_)

  Values emit(ingot::Network& g, const Values& in) override {
    static constexpr const char* kOps[] = {"ReduceSum", "ReduceProd", "ReduceMax", "ReduceMin", "ReduceMean"};
    Emit e(g, name());
    const auto at = static_cast<size_t>(operation_);
    if (at >= std::size(kOps) || axes_ == 0) return {e("Identity", in)};
    return {e(kOps[at], {in[0], e.ints(axes_of(axes_))}, {{"keepdims", int64_t{keep_}}})};
  }

 private:
  ReduceOperation operation_;
  uint32_t axes_;
  bool keep_;
};

class TopKLayer final : public LayerOf<nvinfer1::ITopKLayer, nvinfer1::apiv::VTopKLayer> {
 public:
  TopKLayer(NetworkDefinition& network, Tensor* x, TopKOperation operation, int32_t k, uint32_t axes)
      : LayerOf(network, LayerType::kTOPK, {x}), operation_(operation), k_(k), axes_(axes) {}
  INGOT_PARAMETER(TopKOperation, Operation, operation_)
  INGOT_PARAMETER(int32_t, K, k_)
  INGOT_PARAMETER(uint32_t, ReduceAxes, axes_)
#if NV_TENSORRT_MAJOR >= 10
  INGOT_ACCEPTED_PARAMETER(nvinfer1::DataType, IndicesType, type_)
#endif

  Values emit(ingot::Network& g, const Values& in) override {
    Emit e(g, name());
    const std::vector<int64_t> axes = axes_of(axes_);
    if (axes.size() != 1) return {};
    const NetworkTensor given = input_at(in, 1);
    const NetworkTensor k = given.valid() ? e.reshape(e.shape_tensor(given), {1}) : e.ints({k_});
    Values out =
        g.add("TopK", {in[0], k},
              {{"axis", axes[0]}, {"largest", int64_t{operation_ == TopKOperation::kMAX}}}, 2, name());
    out[1] = e.cast(out[1], to_ingot(type_));
    return out;
  }

 private:
  TopKOperation operation_;
  int32_t k_;
  uint32_t axes_;
  nvinfer1::DataType type_ = nvinfer1::DataType::kINT32;
};

class SoftMaxLayer final : public LayerOf<nvinfer1::ISoftMaxLayer, nvinfer1::apiv::VSoftMaxLayer> {
 public:
  SoftMaxLayer(NetworkDefinition& network, Tensor* x) : LayerOf(network, LayerType::kSOFTMAX, {x}) {}
  void setAxes(uint32_t axes) noexcept override { axes_ = axes, changed(); }
  // Without a choice: the channels of an image, or the first axis where there are fewer dims.
  uint32_t getAxes() const noexcept override {
    return axes_ != 0 ? axes_ : 1U << std::max(inputs()[0]->getDimensions().nbDims - 3, 0);
  }
  Values emit(ingot::Network& g, const Values& in) override {
    const std::vector<int64_t> axes = axes_of(getAxes());
    return axes.size() != 1 ? Values{} : Values{g.op("Softmax", in, {{"axis", axes[0]}}, name())};
  }

 private:
  uint32_t axes_ = 0;
};

// Softmax over the first elements of each row only, as many as `bounds` says; the rest is zero.
class RaggedSoftMaxLayer final
    : public LayerOf<nvinfer1::IRaggedSoftMaxLayer, nvinfer1::apiv::VRaggedSoftMaxLayer> {
 public:
  RaggedSoftMaxLayer(NetworkDefinition& network, Tensor* x, Tensor* bounds)
      : LayerOf(network, LayerType::kRAGGED_SOFTMAX, {x, bounds}) {}
  Values emit(ingot::Network& g, const Values& in) override {
    Emit e(g, name());
    const DataType type = e.type(in[0]);
    const NetworkTensor inside =
        e("Less", {e.range(e.size(in[0], e.rank(in[0]) - 1)), e.shape_tensor(in[1])});
    const NetworkTensor x = e("Where", {inside, in[0], e.scalar(-65504, type)});
    return {e("Where", {inside, e("Softmax", {x}, {{"axis", int64_t{-1}}}), e.scalar(0, type)})};
  }
};

#if NV_TENSORRT_MAJOR >= 10
using nvinfer1::CumulativeOperation;

class CumulativeLayer final : public LayerOf<nvinfer1::ICumulativeLayer, nvinfer1::apiv::VCumulativeLayer> {
 public:
  CumulativeLayer(NetworkDefinition& network, Tensor* x, Tensor* axis, CumulativeOperation operation,
                  bool exclusive, bool reverse)
      : LayerOf(network, LayerType::kCUMULATIVE, {x, axis}),
        operation_(operation),
        exclusive_(exclusive),
        reverse_(reverse) {}
  INGOT_ACCEPTED_PARAMETER(CumulativeOperation, Operation, operation_)
  INGOT_PARAMETER(bool, Exclusive, exclusive_)
  INGOT_PARAMETER(bool, Reverse, reverse_)
  Values emit(ingot::Network& g, const Values& in) override {
    return {g.op("CumSum", in, {{"exclusive", int64_t{exclusive_}}, {"reverse", int64_t{reverse_}}}, name())};
  }

 private:
  CumulativeOperation operation_;
  bool exclusive_, reverse_;
};
#endif

}  // namespace

nvinfer1::IReduceLayer* NetworkDefinition::addReduce(nvinfer1::ITensor& x, ReduceOperation operation,
                                                     uint32_t axes, bool keep) noexcept {
  return add<ReduceLayer>(tensor(x), operation, axes, keep);
}
nvinfer1::ITopKLayer* NetworkDefinition::addTopK(nvinfer1::ITensor& x, TopKOperation operation, int32_t k,
                                                 uint32_t axes) noexcept {
  return add_with_outputs<TopKLayer>(2, tensor(x), operation, k, axes);
}
nvinfer1::ISoftMaxLayer* NetworkDefinition::addSoftMax(nvinfer1::ITensor& x) noexcept {
  return add<SoftMaxLayer>(tensor(x));
}
nvinfer1::IRaggedSoftMaxLayer* NetworkDefinition::addRaggedSoftMax(nvinfer1::ITensor& x,
                                                                   nvinfer1::ITensor& bounds) noexcept {
  return add<RaggedSoftMaxLayer>(tensor(x), tensor(bounds));
}
#if NV_TENSORRT_MAJOR >= 10
nvinfer1::ITopKLayer* NetworkDefinition::addTopKV2(nvinfer1::ITensor& x, TopKOperation operation, int32_t k,
                                                   uint32_t axes, nvinfer1::DataType indices) noexcept {
  nvinfer1::ITopKLayer* layer = addTopK(x, operation, k, axes);
  layer->setIndicesType(indices);
  return layer;
}
nvinfer1::ICumulativeLayer* NetworkDefinition::addCumulative(nvinfer1::ITensor& x, nvinfer1::ITensor& axis,
                                                             CumulativeOperation operation, bool exclusive,
                                                             bool reverse) noexcept {
  return add<CumulativeLayer>(tensor(x), tensor(axis), operation, exclusive, reverse);
}
#endif

}  // namespace ingot::tensorrt
