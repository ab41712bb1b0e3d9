#include "tensor.h"

#include "network.h"

namespace ingot::tensorrt {

using nvinfer1::Dims;

Tensor::Tensor(NetworkDefinition& network, Layer* producer, std::string name)
    : network_(network), producer_(producer), name_(std::move(name)) {
  mImpl = this;
}

NetworkTensor Tensor::value() const {
  if (!value_.valid() && producer_ != nullptr) network_.lower(producer_);
  return value_;
}

void Tensor::setName(const char* name) noexcept {
  if (name == nullptr) return;
  name_ = name;
  if (value_.valid()) network_.graph().rename(value_, name_);
}

void Tensor::setDimensions(DimsArgument dims) noexcept {
  if (isNetworkInput())
    network_.set_input_dims(*this, dims);
  else
    network_.log().warning("dims are given to tensor '" + name_ +
                           "', which is not an input: they follow from its layer");
}

Dims Tensor::getDimensions() const noexcept {
  const TensorInfo info = network_.graph().info(value());
  return info.dtype == DataType::kInvalid || !info.ranked ? no_dims() : to_dims(info.dims);
}

nvinfer1::DataType Tensor::getType() const noexcept {
  return to_tensorrt(network_.graph().info(value()).dtype);
}

#if NV_TENSORRT_MAJOR < 11
void Tensor::setType(nvinfer1::DataType type) noexcept {
  if (isNetworkInput())
    network_.graph().set_input_type(value_, to_ingot(type));
  else if (type != getType())
    producer_->setOutputType(producer_->index_of(this), type);
}

bool Tensor::setDynamicRange(float min, float max) noexcept {
  has_range_ = true;
  range_min_ = min;
  range_max_ = max;
  return true;
}
#endif

bool Tensor::isNetworkOutput() const noexcept { return network_.is_output(*this); }

bool Tensor::isShapeTensor() const noexcept { return network_.shape_values().contains(value().id); }

void Tensor::setDimensionName(int32_t index, const char* name) noexcept {
  if (index < 0 || index >= Dims::MAX_DIMS || name == nullptr) return;
  dimension_names_.resize(Dims::MAX_DIMS);
  dimension_names_[static_cast<size_t>(index)] = name;
}

const char* Tensor::getDimensionName(int32_t index) const noexcept {
  const auto at = static_cast<size_t>(index);
  return at >= dimension_names_.size() || dimension_names_[at].empty() ? nullptr
                                                                       : dimension_names_[at].c_str();
}

}  // namespace ingot::tensorrt
