// Gather, Scatter, Select, OneHot, NonZero, ReverseSequence: elements by position.
#include "emit.h"

namespace ingot::tensorrt {
namespace {

using nvinfer1::GatherMode;
using nvinfer1::LayerType;
using nvinfer1::ScatterMode;

class GatherLayer final : public LayerOf<nvinfer1::IGatherLayer, nvinfer1::apiv::VGatherLayer> {
 public:
  GatherLayer(NetworkDefinition& network, Tensor* x, Tensor* indices, GatherMode mode, int32_t axis)
      : LayerOf(network, LayerType::kGATHER, {x, indices}), mode_(mode), axis_(axis) {}
  INGOT_PARAMETER(int32_t, GatherAxis, axis_)
  INGOT_PARAMETER(int32_t, NbElementWiseDims, batch_dims_)
  INGOT_PARAMETER(GatherMode, Mode, mode_)

  Values emit(ingot::Network& g, const Values& in) override {
    Emit e(g, name());
    if (mode_ == GatherMode::kND)
      return {e("GatherND", {in[0], e.shape_tensor(in[1])}, {{"batch_dims", int64_t{batch_dims_}}})};
    if (mode_ == GatherMode::kELEMENT) return {e("GatherElements", in, {{"axis", int64_t{axis_}}})};
    if (batch_dims_ == 0) return {e("Gather", in, {{"axis", int64_t{axis_}}})};
    return {with_batches(e, in)};
  }

 private:
  // The first dims of both go in step: the axis moves behind them, GatherND does it, and the dims that lay
  // between go back before those of the indices.
  NetworkTensor with_batches(Emit& e, const Values& in) const {
    const int64_t rank = e.rank(in[0]), batch = batch_dims_, axis = axis_ < 0 ? axis_ + rank : axis_;
    std::vector<int64_t> order;
    for (int64_t d = 0; d < batch; ++d) order.push_back(d);
    order.push_back(axis);
    for (int64_t d = batch; d < rank; ++d)
      if (d != axis) order.push_back(d);
    const NetworkTensor at = e.unsqueeze(e.shape_tensor(in[1]), {-1});
    const NetworkTensor y = e("GatherND", {e.transpose(in[0], order), at}, {{"batch_dims", batch}});
    const int64_t found = e.rank(in[1]) - batch;  // dims of the indices
    std::vector<int64_t> back;
    for (int64_t d = 0; d < batch; ++d) back.push_back(d);
    for (int64_t d = batch; d < axis; ++d) back.push_back(found + d);
    for (int64_t d = 0; d < found; ++d) back.push_back(batch + d);
    for (int64_t d = axis; d < rank - 1; ++d) back.push_back(found + d);
    return e.transpose(y, back);
  }

  GatherMode mode_;
  int32_t axis_, batch_dims_ = 0;
};

class ScatterLayer final : public LayerOf<nvinfer1::IScatterLayer, nvinfer1::apiv::VScatterLayer> {
 public:
  ScatterLayer(NetworkDefinition& network, Tensor* x, Tensor* indices, Tensor* updates, ScatterMode mode)
      : LayerOf(network, LayerType::kSCATTER, {x, indices, updates}), mode_(mode) {}
  INGOT_PARAMETER(ScatterMode, Mode, mode_)
  INGOT_PARAMETER(int32_t, Axis, axis_)
  Values emit(ingot::Network& g, const Values& in) override {
    Emit e(g, name());
    if (mode_ == ScatterMode::kELEMENT) return {e("ScatterElements", in, {{"axis", int64_t{axis_}}})};
    return {e("ScatterND", {in[0], e.shape_tensor(in[1]), in[2]})};
  }

 private:
  ScatterMode mode_;
  int32_t axis_ = 0;
};

class SelectLayer final : public LayerOf<nvinfer1::ISelectLayer, nvinfer1::apiv::VSelectLayer> {
 public:
  SelectLayer(NetworkDefinition& network, Tensor* condition, Tensor* yes, Tensor* no)
      : LayerOf(network, LayerType::kSELECT, {condition, yes, no}) {}
  Values emit(ingot::Network& g, const Values& in) override { return {g.op("Where", in, {}, name())}; }
};

// Inputs: indices, the values off and on, depth.
class OneHotLayer final : public LayerOf<nvinfer1::IOneHotLayer, nvinfer1::apiv::VOneHotLayer> {
 public:
  OneHotLayer(NetworkDefinition& network, Tensor* indices, Tensor* values, Tensor* depth, int32_t axis)
      : LayerOf(network, LayerType::kONE_HOT, {indices, values, depth}), axis_(axis) {}
  INGOT_PARAMETER(int32_t, Axis, axis_)
  Values emit(ingot::Network& g, const Values& in) override {
    return {g.op("OneHot", {in[0], in[2], in[1]}, {{"axis", int64_t{axis_}}}, name())};
  }

 private:
  int32_t axis_;
};

class NonZeroLayer final : public LayerOf<nvinfer1::INonZeroLayer, nvinfer1::apiv::VNonZeroLayer> {
 public:
  NonZeroLayer(NetworkDefinition& network, Tensor* x, nvinfer1::DataType type)
      : LayerOf(network, LayerType::kNON_ZERO, {x}), type_(type) {}
#if NV_TENSORRT_MAJOR >= 10
  INGOT_ACCEPTED_PARAMETER(nvinfer1::DataType, IndicesType, type_)
#endif
  Values emit(ingot::Network& g, const Values& in) override {
    Emit e(g, name());
    return {e.cast(e("NonZero", in), to_ingot(type_))};
  }

 private:
  nvinfer1::DataType type_;
};

class ReverseSequenceLayer final
    : public LayerOf<nvinfer1::IReverseSequenceLayer, nvinfer1::apiv::VReverseSequenceLayer> {
 public:
  ReverseSequenceLayer(NetworkDefinition& network, Tensor* x, Tensor* lengths)
      : LayerOf(network, LayerType::kREVERSE_SEQUENCE, {x, lengths}) {}
  INGOT_PARAMETER(int32_t, BatchAxis, batch_axis_)
  INGOT_PARAMETER(int32_t, SequenceAxis, sequence_axis_)
  Values emit(ingot::Network& g, const Values& in) override {
    Emit e(g, name());
    return {e("ReverseSequence", {in[0], e.shape_tensor(in[1])},
              {{"batch_axis", int64_t{batch_axis_}}, {"time_axis", int64_t{sequence_axis_}}})};
  }

 private:
  int32_t batch_axis_ = 1, sequence_axis_ = 0;
};

}  // namespace

nvinfer1::IGatherLayer* NetworkDefinition::addGather(nvinfer1::ITensor& x, nvinfer1::ITensor& indices,
                                                     int32_t axis) noexcept {
  return add<GatherLayer>(tensor(x), tensor(indices), GatherMode::kDEFAULT, axis);
}
nvinfer1::IGatherLayer* NetworkDefinition::addGatherV2(nvinfer1::ITensor& x, nvinfer1::ITensor& indices,
                                                       GatherMode mode) noexcept {
  return add<GatherLayer>(tensor(x), tensor(indices), mode, 0);
}
nvinfer1::IScatterLayer* NetworkDefinition::addScatter(nvinfer1::ITensor& x, nvinfer1::ITensor& indices,
                                                       nvinfer1::ITensor& updates,
                                                       ScatterMode mode) noexcept {
  return add<ScatterLayer>(tensor(x), tensor(indices), tensor(updates), mode);
}
nvinfer1::ISelectLayer* NetworkDefinition::addSelect(nvinfer1::ITensor& condition, nvinfer1::ITensor& yes,
                                                     nvinfer1::ITensor& no) noexcept {
  return add<SelectLayer>(tensor(condition), tensor(yes), tensor(no));
}
nvinfer1::IOneHotLayer* NetworkDefinition::addOneHot(nvinfer1::ITensor& indices, nvinfer1::ITensor& values,
                                                     nvinfer1::ITensor& depth, int32_t axis) noexcept {
  return add<OneHotLayer>(tensor(indices), tensor(values), tensor(depth), axis);
}
nvinfer1::INonZeroLayer* NetworkDefinition::addNonZero(nvinfer1::ITensor& x) noexcept {
  return add<NonZeroLayer>(tensor(x), nvinfer1::DataType::kINT32);
}
#if NV_TENSORRT_MAJOR >= 10
nvinfer1::INonZeroLayer* NetworkDefinition::addNonZeroV2(nvinfer1::ITensor& x,
                                                         nvinfer1::DataType indices) noexcept {
  return add<NonZeroLayer>(tensor(x), indices);
}
#endif
nvinfer1::IReverseSequenceLayer* NetworkDefinition::addReverseSequence(nvinfer1::ITensor& x,
                                                                       nvinfer1::ITensor& lengths) noexcept {
  return add<ReverseSequenceLayer>(tensor(x), tensor(lengths));
}

}  // namespace ingot::tensorrt
