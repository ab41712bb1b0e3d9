// ITensor: a value of a network definition. Owned by its network.
#pragma once

#include <string>

#include "convert.h"
#include "ingot/network.h"
#include "unsupported.h"

namespace ingot::tensorrt {

class Layer;
class NetworkDefinition;

class Tensor final : public nvinfer1::ITensor, public Unsupported<nvinfer1::apiv::VTensor> {
 public:
  /// `producer` is null for inputs of the network.
  Tensor(NetworkDefinition& network, Layer* producer, std::string name);

  void setName(const char* name) noexcept override;
  const char* getName() const noexcept override { return name_.c_str(); }
  void setDimensions(DimsArgument dims) noexcept override;
  nvinfer1::Dims getDimensions() const noexcept override;
  nvinfer1::DataType getType() const noexcept override;
#if NV_TENSORRT_MAJOR < 11
  void setType(nvinfer1::DataType type) noexcept override;
  bool setDynamicRange(float min, float max) noexcept override;
  bool dynamicRangeIsSet() const noexcept override { return has_range_; }
  void resetDynamicRange() noexcept override { has_range_ = false; }
  float getDynamicRangeMin() const noexcept override { return has_range_ ? range_min_ : kNoRange; }
  float getDynamicRangeMax() const noexcept override { return has_range_ ? range_max_ : kNoRange; }
#endif
  bool isNetworkInput() const noexcept override { return producer_ == nullptr; }
  bool isNetworkOutput() const noexcept override;
  void setBroadcastAcrossBatch(bool) noexcept override {
  }  // a notion of implicit batches, which there are none of
  bool getBroadcastAcrossBatch() const noexcept override { return false; }
  nvinfer1::TensorLocation getLocation() const noexcept override { return location_; }
  void setLocation(nvinfer1::TensorLocation location) noexcept override { location_ = location; }
  void setAllowedFormats(uint32_t formats) noexcept override { formats_ = formats; }
  uint32_t getAllowedFormats() const noexcept override { return formats_; }
  bool isShapeTensor() const noexcept override;
  bool isExecutionTensor() const noexcept override { return !isShapeTensor(); }
  void setDimensionName(int32_t index, const char* name) noexcept override;
  const char* getDimensionName(int32_t index) const noexcept override;

  Layer* producer() const { return producer_; }
  NetworkDefinition& network() const { return network_; }
  /// The value in Ingot's network; its layer is lowered first if it was not.
  NetworkTensor value() const;
  void set_value(NetworkTensor value) { value_ = value; }
  NetworkTensor lowered_value() const { return value_; }

 private:
  static constexpr float kNoRange = -1;

  NetworkDefinition& network_;
  Layer* producer_;
  std::string name_;
  NetworkTensor value_;
  std::vector<std::string> dimension_names_;
  nvinfer1::TensorLocation location_ = nvinfer1::TensorLocation::kDEVICE;
  uint32_t formats_ = 1U << static_cast<uint32_t>(nvinfer1::TensorFormat::kLINEAR);
  bool has_range_ = false;
  float range_min_ = 0, range_max_ = 0;
};

}  // namespace ingot::tensorrt
