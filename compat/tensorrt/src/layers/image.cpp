// Resize, GridSample, NMS.
#include "emit.h"

namespace ingot::tensorrt {
namespace {

using nvinfer1::BoundingBoxFormat;
using nvinfer1::Dims;
using nvinfer1::InterpolationMode;
using nvinfer1::LayerType;
using nvinfer1::ResizeCoordinateTransformation;
using nvinfer1::ResizeRoundMode;
using nvinfer1::ResizeSelector;
using nvinfer1::SampleMode;

std::string mode_name(InterpolationMode mode) {
  return mode == InterpolationMode::kNEAREST  ? "nearest"
         : mode == InterpolationMode::kLINEAR ? "linear"
                                              : "cubic";
}

class ResizeLayer final : public LayerOf<nvinfer1::IResizeLayer, nvinfer1::apiv::VResizeLayer> {
 public:
  ResizeLayer(NetworkDefinition& network, Tensor* x) : LayerOf(network, LayerType::kRESIZE, {x}) {}
  void setOutputDimensions(DimsArgument dims) noexcept override { dims_ = dims, scales_.clear(), changed(); }
  Dims getOutputDimensions() const noexcept override { return dims_; }
  void setScales(const float* scales, int32_t count) noexcept override {
    if (scales != nullptr && count > 0) scales_.assign(scales, scales + count);
    dims_ = {};
    changed();
  }
  int32_t getScales(int32_t size, float* scales) const noexcept override {
    const auto count = static_cast<int32_t>(scales_.size());
    if (scales != nullptr && size >= count) std::copy(scales_.begin(), scales_.end(), scales);
    return count == 0 ? -1 : count;
  }
  INGOT_PARAMETER(InterpolationMode, ResizeMode, mode_)
  INGOT_PARAMETER(ResizeCoordinateTransformation, CoordinateTransformation, coordinates_)
  INGOT_PARAMETER(ResizeSelector, SelectorForSinglePixel, selector_)
  INGOT_PARAMETER(ResizeRoundMode, NearestRounding, rounding_)
  INGOT_PARAMETER(float, CubicCoeff, cubic_)
  INGOT_PARAMETER(bool, ExcludeOutside, exclude_outside_)
#if NV_TENSORRT_MAJOR == 8
  void setAlignCorners(bool on) noexcept override {
    setCoordinateTransformation(on ? ResizeCoordinateTransformation::kALIGN_CORNERS
                                   : ResizeCoordinateTransformation::kASYMMETRIC);
  }
  bool getAlignCorners() const noexcept override {
    return coordinates_ == ResizeCoordinateTransformation::kALIGN_CORNERS;
  }
#endif

  Values emit(ingot::Network& g, const Values& in) override {
    static constexpr const char* kRounding[] = {"round_prefer_ceil", "round_prefer_floor", "floor", "ceil"};
    using Coordinates = ResizeCoordinateTransformation;
    Emit e(g, name());
    const std::string coordinates = coordinates_ == Coordinates::kALIGN_CORNERS ? "align_corners"
                                    : coordinates_ == Coordinates::kASYMMETRIC  ? "asymmetric"
                                    : selector_ == ResizeSelector::kUPPER       ? "pytorch_half_pixel"
                                                                                : "half_pixel";
    const NodeAttrs attrs = {{"mode", mode_name(mode_)},
                             {"coordinate_transformation_mode", coordinates},
                             {"nearest_mode", std::string(kRounding[static_cast<size_t>(rounding_) % 4])},
                             {"cubic_coeff_a", cubic_},
                             {"exclude_outside", int64_t{exclude_outside_}}};
    if (const NetworkTensor dims = input_at(in, 1); dims.valid())
      return {e("Resize", {in[0], {}, {}, e.shape_tensor(dims)}, attrs)};
    if (scales_.empty()) return {e("Resize", {in[0], {}, {}, e.ints(to_vector(dims_))}, attrs)};
    const NetworkTensor scales =
        g.constant({DataType::kF32, {static_cast<int64_t>(scales_.size())}, scales_.data()});
    return {e("Resize", {in[0], {}, scales}, attrs)};
  }

 private:
  Dims dims_{};
  std::vector<float> scales_;
  InterpolationMode mode_ = InterpolationMode::kNEAREST;
  ResizeCoordinateTransformation coordinates_ = ResizeCoordinateTransformation::kASYMMETRIC;
  ResizeSelector selector_ = ResizeSelector::kFORMULA;
  ResizeRoundMode rounding_ = ResizeRoundMode::kFLOOR;
  float cubic_ = -0.75f;
  bool exclude_outside_ = false;
};

class GridSampleLayer final : public LayerOf<nvinfer1::IGridSampleLayer, nvinfer1::apiv::VGridSampleLayer> {
 public:
  GridSampleLayer(NetworkDefinition& network, Tensor* x, Tensor* grid)
      : LayerOf(network, LayerType::kGRID_SAMPLE, {x, grid}) {}
  INGOT_PARAMETER(InterpolationMode, InterpolationMode, mode_)
  INGOT_PARAMETER(bool, AlignCorners, align_corners_)
  INGOT_ACCEPTED_PARAMETER(SampleMode, SampleMode, outside_)
  Values emit(ingot::Network& g, const Values& in) override {
    const char* padding = outside_ == SampleMode::kFILL      ? "zeros"
                          : outside_ == SampleMode::kCLAMP   ? "border"
                          : outside_ == SampleMode::kREFLECT ? "reflection"
                                                             : nullptr;
    if (padding == nullptr) return {};
    return {g.op("GridSample", in,
                 {{"mode", mode_name(mode_)},
                  {"align_corners", int64_t{align_corners_}},
                  {"padding_mode", std::string(padding)}},
                 name())};
  }

 private:
  InterpolationMode mode_ = InterpolationMode::kLINEAR;
  bool align_corners_ = false;
  SampleMode outside_ = SampleMode::kFILL;
};

// Inputs: boxes [B, N, 4] or [B, N, 1, 4], scores [B, N, C], boxes per class, IoU threshold, score threshold.
// Outputs: rows of (batch, class, box), and how many.
class NMSLayer final : public LayerOf<nvinfer1::INMSLayer, nvinfer1::apiv::VNMSLayer> {
 public:
  NMSLayer(NetworkDefinition& network, Tensor* boxes, Tensor* scores, Tensor* most, nvinfer1::DataType type)
      : LayerOf(network, LayerType::kNMS, {boxes, scores, most}), type_(type) {}
  INGOT_PARAMETER(BoundingBoxFormat, BoundingBoxFormat, format_)
  INGOT_PARAMETER(int32_t, TopKBoxLimit, limit_)
#if NV_TENSORRT_MAJOR >= 10
  INGOT_ACCEPTED_PARAMETER(nvinfer1::DataType, IndicesType, type_)
#endif

  Values emit(ingot::Network& g, const Values& in) override {
    Emit e(g, name());
    const NetworkTensor boxes = e.rank(in[0]) == 4 ? e.squeeze(in[0], {2}) : in[0];
    Values all = {boxes, e.transpose(in[1], {0, 2, 1}), e.shape_tensor(in[2])};
    for (size_t i : {3, 4})
      if (const NetworkTensor t = input_at(in, i); t.valid()) all.resize(i), all.push_back(t);
    const NetworkTensor selected =
        e("NonMaxSuppression", all,
          {{"center_point_box", int64_t{format_ == BoundingBoxFormat::kCENTER_SIZES}}});
    return {e.cast(selected, to_ingot(type_)), e.cast(e.size(selected, 0), DataType::kI32)};
  }

 private:
  BoundingBoxFormat format_ = BoundingBoxFormat::kCORNER_PAIRS;
  int32_t limit_ = 2000;
  nvinfer1::DataType type_;
};

}  // namespace

nvinfer1::IResizeLayer* NetworkDefinition::addResize(nvinfer1::ITensor& x) noexcept {
  return add<ResizeLayer>(tensor(x));
}
nvinfer1::IGridSampleLayer* NetworkDefinition::addGridSample(nvinfer1::ITensor& x,
                                                             nvinfer1::ITensor& grid) noexcept {
  return add<GridSampleLayer>(tensor(x), tensor(grid));
}
nvinfer1::INMSLayer* NetworkDefinition::addNMS(nvinfer1::ITensor& boxes, nvinfer1::ITensor& scores,
                                               nvinfer1::ITensor& most) noexcept {
  return add_with_outputs<NMSLayer>(2, tensor(boxes), tensor(scores), tensor(most),
                                    nvinfer1::DataType::kINT32);
}
#if NV_TENSORRT_MAJOR >= 10
nvinfer1::INMSLayer* NetworkDefinition::addNMSV2(nvinfer1::ITensor& boxes, nvinfer1::ITensor& scores,
                                                 nvinfer1::ITensor& most,
                                                 nvinfer1::DataType indices) noexcept {
  return add_with_outputs<NMSLayer>(2, tensor(boxes), tensor(scores), tensor(most), indices);
}
#endif

}  // namespace ingot::tensorrt
