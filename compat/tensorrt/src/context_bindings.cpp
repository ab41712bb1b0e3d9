// Execution contexts of TensorRT 8: bindings by number.
#include "context.h"

#if NV_TENSORRT_MAJOR == 8

#include <algorithm>
#include <utility>

namespace ingot::tensorrt {

using nvinfer1::Dims;
using nvinfer1::ErrorCode;

bool ExecutionContext::execute(int32_t, void* const* bindings) noexcept { return executeV2(bindings); }
bool ExecutionContext::enqueue(int32_t, void* const* bindings, cudaStream_t stream,
                               cudaEvent_t* consumed) noexcept {
  return enqueueV2(bindings, stream, consumed);
}
bool ExecutionContext::enqueueV2(void* const* bindings, cudaStream_t stream, cudaEvent_t* consumed) noexcept {
  if (!bind(bindings)) return false;
  const cudaEvent_t before = std::exchange(consumed_, consumed == nullptr ? nullptr : *consumed);
  const bool done = enqueue(stream);
  consumed_ = before;
  return done;
}
bool ExecutionContext::setInputShapeBinding(int32_t index, const int32_t* values) noexcept {
  const int32_t i = engine_.find(engine_.getBindingName(index));
  if (i < 0 || values == nullptr || !engine_.tensors()[static_cast<size_t>(i)].input) return false;
  Binding& b = bindings_[static_cast<size_t>(i)];
  if (!b.has_dims) {
    log_.error(ErrorCode::kINVALID_STATE, "setInputShapeBinding: the binding's dims are not known yet");
    return false;
  }
  b.values.assign(values, values + TensorRef{DataType::kI32, b.dims, nullptr}.size());
  b.data = b.values.data();
  return b.changed = true;
}
bool ExecutionContext::getShapeBinding(int32_t index, int32_t* values) const noexcept {
  const int32_t i = engine_.find(engine_.getBindingName(index));
  if (i < 0 || values == nullptr || bindings_[static_cast<size_t>(i)].values.empty()) return false;
  const auto& held = bindings_[static_cast<size_t>(i)].values;
  std::copy(held.begin(), held.end(), values);
  return true;
}
bool ExecutionContext::setOptimizationProfile(int32_t profile) noexcept {
  return setOptimizationProfileAsync(profile, nullptr);
}
bool ExecutionContext::setBindingDimensions(int32_t index, Dims dims) noexcept {
  return setInputShape(engine_.getBindingName(index), dims);
}
Dims ExecutionContext::getBindingDimensions(int32_t index) const noexcept {
  return getTensorShape(engine_.getBindingName(index));
}
Dims ExecutionContext::getStrides(int32_t index) const noexcept {
  return getTensorStrides(engine_.getBindingName(index));
}

}  // namespace ingot::tensorrt

#endif
