// Shuffle, Slice, Concatenation, Shape, Squeeze, Unsqueeze, Cast: tensors in another form.
#include "emit.h"

namespace ingot::tensorrt {
namespace {

using nvinfer1::Dims;
using nvinfer1::LayerType;
using nvinfer1::Permutation;
using nvinfer1::SampleMode;

Permutation identity() {
  Permutation out{};
  for (int32_t i = 0; i < Dims::MAX_DIMS; ++i) out.order[i] = i;
  return out;
}

// A transpose, a reshape, another transpose. Dims may come as a tensor, at input 1.
class ShuffleLayer final : public LayerOf<nvinfer1::IShuffleLayer, nvinfer1::apiv::VShuffleLayer> {
 public:
  ShuffleLayer(NetworkDefinition& network, Tensor* x) : LayerOf(network, LayerType::kSHUFFLE, {x}) {}

  void setFirstTranspose(const Permutation& p) noexcept override { first_ = p, changed(); }
  const Permutation& getFirstTranspose() const noexcept override { return first_; }
  void setSecondTranspose(const Permutation& p) noexcept override { second_ = p, changed(); }
  const Permutation& getSecondTranspose() const noexcept override { return second_; }
  INGOT_PARAMETER(bool, ZeroIsPlaceholder, zero_is_placeholder_)
  void setReshapeDimensions(DimsArgument dims) noexcept override {
    dims_ = dims, has_dims_ = dims.nbDims >= 0, changed();
  }
  Dims getReshapeDimensions() const noexcept override { return dims_; }

  Values emit(ingot::Network& g, const Values& in) override {
    Emit e(g, name());
    NetworkTensor y = transpose(e, in[0], first_);
    const NodeAttrs attrs = {{"allowzero", int64_t{!zero_is_placeholder_}}};
    if (const NetworkTensor dims = input_at(in, 1); dims.valid())
      y = e("Reshape", {y, e.shape_tensor(dims)}, attrs);
    else if (has_dims_)
      y = e("Reshape", {y, e.ints(to_vector(dims_))}, attrs);
    y = transpose(e, y, second_);
    return {y.id == in[0].id ? e("Identity", {y}) : y};
  }

 private:
  static NetworkTensor transpose(Emit& e, NetworkTensor x, const Permutation& p) {
    return e.transpose(x, {p.order, p.order + e.rank(x)});
  }

  Permutation first_ = identity(), second_ = identity();
  Dims dims_{};
  bool has_dims_ = false, zero_is_placeholder_ = true;
};

// Inputs 1 to 5, where given, stand for start, size, stride, fill value and axes.
class SliceLayer final : public LayerOf<nvinfer1::ISliceLayer, nvinfer1::apiv::VSliceLayer> {
 public:
  SliceLayer(NetworkDefinition& network, Tensor* x, const Dims& start, const Dims& size, const Dims& stride)
      : LayerOf(network, LayerType::kSLICE, {x}), start_(start), size_(size), stride_(stride) {}

  INGOT_DIMS_PARAMETER(Start, start_)
  INGOT_DIMS_PARAMETER(Size, size_)
  INGOT_DIMS_PARAMETER(Stride, stride_)
  INGOT_PARAMETER(SampleMode, Mode, mode_)
#if NV_TENSORRT_MAJOR >= 10
  INGOT_DIMS_PARAMETER(Axes, axes_)
#endif

  Values emit(ingot::Network& g, const Values& in) override {
    Emit e(g, name());
    const NetworkTensor start = given(e, in, 1, start_), size = given(e, in, 2, size_),
                        stride = given(e, in, 3, stride_);
    if (mode_ != SampleMode::kSTRICT_BOUNDS) return {sample(e, in, start, size, stride)};
    const NetworkTensor axes = axes_tensor(e, in);
    // TensorRT gives sizes, ONNX ends: one before the first element is the least number there is.
    NetworkTensor end;
    if (!input_at(in, 1).valid() && !input_at(in, 2).valid() && !input_at(in, 3).valid()) {
      std::vector<int64_t> ends;
      for (int32_t i = 0; i < start_.nbDims; ++i) {
        const int64_t at = int64_t{start_.d[i]} + int64_t{size_.d[i]} * stride_.d[i];
        ends.push_back(at < 0 ? INT64_MIN + 1 : at);
      }
      end = e.ints(ends);
    } else {
      end = e("Add", {start, e("Mul", {size, stride})});
      end = e("Where", {e("Less", {end, e.index(0)}), e.index(INT32_MIN), end});
    }
    return {e("Slice", {in[0], start, end, axes, stride})};
  }

 private:
  NetworkTensor given(Emit& e, const Values& in, size_t i, const Dims& dims) const {
    const NetworkTensor tensor = input_at(in, i);
    return tensor.valid() ? e.shape_tensor(tensor) : e.ints(to_vector(dims));
  }
  NetworkTensor axes_tensor(Emit& e, const Values& in) const {
    if (const NetworkTensor axes = input_at(in, 5); axes.valid()) return e.shape_tensor(axes);
    return axes_.nbDims > 0 ? e.ints(to_vector(axes_)) : NetworkTensor{};
  }

  // Samples beyond the bounds: along each axis elements are gathered at positions that the mode folds back
  // into the tensor, or that a fill value covers.
  NetworkTensor sample(Emit& e, const Values& in, NetworkTensor start, NetworkTensor size,
                       NetworkTensor stride) {
    NetworkTensor y = in[0];
    const int64_t rank = axes_.nbDims > 0 ? axes_.nbDims : e.rank(y);
    for (int64_t i = 0; i < rank; ++i) {
      const int64_t axis = axes_.nbDims > 0 ? int64_t{axes_.d[i]} : i;
      const NetworkTensor extent = e.size(in[0], axis), last = e("Sub", {extent, e.index(1)});
      const NetworkTensor count = input_at(in, 2).valid() ? e.element(size, i) : e.index(int64_t{size_.d[i]});
      const NetworkTensor at =
          e("Add", {e.element(start, i), e("Mul", {e.range(count), e.element(stride, i)})});
      const NetworkTensor inside = e("Max", {e("Min", {at, last}), e.index(0)});
      NetworkTensor from = inside;
      if (mode_ == SampleMode::kWRAP) {
        from = e("Mod", {at, extent});
      } else if (mode_ == SampleMode::kREFLECT) {  // 0 1 2 1 0 1 ...: the period is twice the last position
        const NetworkTensor period = e("Max", {e("Mul", {last, e.index(2)}), e.index(1)});
        const NetworkTensor phase = e("Mod", {at, period});
        from = e("Min", {phase, e("Sub", {period, phase})});
        from = e("Min", {from, last});
      }
      y = e("Gather", {y, from}, {{"axis", axis}});
      if (mode_ != SampleMode::kFILL) continue;
      std::vector<int64_t> column(static_cast<size_t>(e.rank(in[0]) - axis), 1);
      column[0] = -1;
      const NetworkTensor covered = e.reshape(e("Equal", {at, inside}), column);
      const NetworkTensor value = input_at(in, 4);
      y = e("Where", {covered, y, value.valid() ? value : e.scalar(0, e.type(y))});
    }
    return y;
  }

  Dims start_, size_, stride_, axes_{};
  SampleMode mode_ = SampleMode::kSTRICT_BOUNDS;
};

class ConcatenationLayer final
    : public LayerOf<nvinfer1::IConcatenationLayer, nvinfer1::apiv::VConcatenationLayer> {
 public:
  ConcatenationLayer(NetworkDefinition& network, std::vector<Tensor*> parts)
      : LayerOf(network, LayerType::kCONCATENATION, std::move(parts)) {}
  void setAxis(int32_t axis) noexcept override { axis_ = axis, changed(); }
  int32_t getAxis() const noexcept override { return axis_ == kUsual ? usual_axis() : axis_; }
  Values emit(ingot::Network& g, const Values& in) override {
    return {g.op("Concat", in, {{"axis", int64_t{getAxis()}}}, name())};
  }

 private:
  // The channels of an image; the first where there are fewer dims.
  int32_t usual_axis() const {
    const int32_t rank = inputs().empty() ? 0 : inputs()[0]->getDimensions().nbDims;
    return std::max(rank - 3, 0);
  }
  static constexpr int32_t kUsual = INT32_MIN;
  int32_t axis_ = kUsual;
};

class ShapeLayer final : public LayerOf<nvinfer1::IShapeLayer, nvinfer1::apiv::VShapeLayer> {
 public:
  ShapeLayer(NetworkDefinition& network, Tensor* x) : LayerOf(network, LayerType::kSHAPE, {x}) {}
  Values emit(ingot::Network& g, const Values& in) override { return {g.op("Shape", in, {}, name())}; }
};

class CastLayer final : public LayerOf<nvinfer1::ICastLayer, nvinfer1::apiv::VCastLayer> {
 public:
  CastLayer(NetworkDefinition& network, Tensor* x, nvinfer1::DataType to)
      : LayerOf(network, LayerType::kCAST, {x}), to_(to) {}
  INGOT_PARAMETER(nvinfer1::DataType, ToType, to_)
  Values emit(ingot::Network& g, const Values& in) override {
    return {g.op("Cast", in, {{"to", onnx_number(to_ingot(to_))}}, name())};
  }

 private:
  nvinfer1::DataType to_;
};

#if NV_TENSORRT_MAJOR >= 10
template <class Interface, class Implementation>
class AxesLayer final : public LayerOf<Interface, Implementation> {
 public:
  AxesLayer(NetworkDefinition& network, LayerType type, Tensor* x, Tensor* axes)
      : LayerOf<Interface, Implementation>(network, type, {x, axes}) {}
  Values emit(ingot::Network& g, const Values& in) override {
    Emit e(g, this->name());
    const bool adds = Layer::getType() == LayerType::kUNSQUEEZE;
    return {e(adds ? "Unsqueeze" : "Squeeze", {in[0], e.shape_tensor(in[1])})};
  }
};
#endif

}  // namespace

nvinfer1::IShuffleLayer* NetworkDefinition::addShuffle(nvinfer1::ITensor& x) noexcept {
  return add<ShuffleLayer>(tensor(x));
}
nvinfer1::ISliceLayer* NetworkDefinition::addSlice(nvinfer1::ITensor& x, DimsArgument start,
                                                   DimsArgument size, DimsArgument stride) noexcept {
  return add<SliceLayer>(tensor(x), start, size, stride);
}
nvinfer1::IConcatenationLayer* NetworkDefinition::addConcatenation(nvinfer1::ITensor* const* parts,
                                                                   int32_t count) noexcept {
  auto given = tensors(log_, "addConcatenation", parts, count);
  return given ? add<ConcatenationLayer>(std::move(*given)) : nullptr;
}
nvinfer1::IShapeLayer* NetworkDefinition::addShape(nvinfer1::ITensor& x) noexcept {
  return add<ShapeLayer>(tensor(x));
}
nvinfer1::ICastLayer* NetworkDefinition::addCast(nvinfer1::ITensor& x, nvinfer1::DataType to) noexcept {
  return add<CastLayer>(tensor(x), to);
}
#if NV_TENSORRT_MAJOR >= 10
nvinfer1::ISqueezeLayer* NetworkDefinition::addSqueeze(nvinfer1::ITensor& x,
                                                       nvinfer1::ITensor& axes) noexcept {
  using Squeeze = AxesLayer<nvinfer1::ISqueezeLayer, nvinfer1::apiv::VSqueezeLayer>;
  return add<Squeeze>(LayerType::kSQUEEZE, tensor(x), tensor(axes));
}
nvinfer1::IUnsqueezeLayer* NetworkDefinition::addUnsqueeze(nvinfer1::ITensor& x,
                                                           nvinfer1::ITensor& axes) noexcept {
  using Unsqueeze = AxesLayer<nvinfer1::IUnsqueezeLayer, nvinfer1::apiv::VUnsqueezeLayer>;
  return add<Unsqueeze>(LayerType::kUNSQUEEZE, tensor(x), tensor(axes));
}
#endif

}  // namespace ingot::tensorrt
