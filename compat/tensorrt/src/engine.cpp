#include "engine.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "context.h"
#include "host_memory.h"
#include "inspector.h"
#include "layer_json.h"
#include "runtime_config.h"

namespace ingot::tensorrt {

using nvinfer1::Dims;
using nvinfer1::ErrorCode;

namespace {

Dims no_dims() {
  Dims out{};
  out.nbDims = -1;
  return out;
}

}  // namespace

CudaEngine::CudaEngine(const Log& log, Engine engine) : log_(log.logger()), engine_(std::move(engine)) {
  mImpl = this;
  for (const auto* infos : {&engine_.inputs(), &engine_.outputs()})
    for (const TensorInfo& i : *infos) {
      if (i.name.starts_with(kDebugPrefix))
        debug_tensors_.push_back(i.name.substr(kDebugPrefix.size()));
      else
        tensors_.push_back(
            {i.name, infos == &engine_.inputs(), i.dtype, i.ranked ? to_dims(i.dims) : no_dims()});
    }
  read_report();
  for (const std::string& text : engine_.warnings()) log_.warning(text);
}

// What only the report tells: profiles and layers.
void CudaEngine::read_report() {
  const auto report = nlohmann::ordered_json::parse(engine_.report_json(), nullptr, false);
  for (const auto& plan : report.value("plans", nlohmann::ordered_json::array())) {
    Profile profile;
    for (const auto& p : plan.value("profile", nlohmann::ordered_json::array()))
      profile[p.value("input", "")] = {p.value("min", ShapeDims{}), p.value("opt", ShapeDims{}),
                                       p.value("max", ShapeDims{})};
    profiles_.push_back(std::move(profile));
    if (profiles_.size() > 1) continue;
    for (const auto& step : plan.value("steps", nlohmann::ordered_json::array()))
      layers_.push_back({step.value("name", ""), inspector_layer(step, NV_TENSORRT_MAJOR).dump()});
  }
}

int32_t CudaEngine::find(const char* name, bool complain) const {
  std::string names;
  for (size_t i = 0; i < tensors_.size(); ++i) {
    if (name != nullptr && tensors_[i].name == name) return static_cast<int32_t>(i);
    names += (names.empty() ? "'" : ", '") + tensors_[i].name + "'";
  }
  if (complain)
    log_.error(ErrorCode::kINVALID_ARGUMENT, std::string("no tensor '") + (name == nullptr ? "" : name) +
                                                 "' goes in or out, expected one of " + names);
  return -1;
}

nvinfer1::IHostMemory* CudaEngine::serialize() const noexcept { return new HostMemory(engine_.serialize()); }

int32_t CudaEngine::getNbOptimizationProfiles() const noexcept {
  return static_cast<int32_t>(profiles_.size());
}
nvinfer1::EngineCapability CudaEngine::getEngineCapability() const noexcept {
  return nvinfer1::EngineCapability::kSTANDARD;
}
nvinfer1::ProfilingVerbosity CudaEngine::getProfilingVerbosity() const noexcept {
  return nvinfer1::ProfilingVerbosity::kDETAILED;
}
nvinfer1::HardwareCompatibilityLevel CudaEngine::getHardwareCompatibilityLevel() const noexcept {
  return nvinfer1::HardwareCompatibilityLevel::kNONE;
}
nvinfer1::IEngineInspector* CudaEngine::createEngineInspector() const noexcept {
  return new EngineInspector(*this);
}

const char* CudaEngine::getIOTensorName(int32_t index) const noexcept {
  const auto at = static_cast<size_t>(index);
  if (at < tensors_.size()) return tensors_[at].name.c_str();
  log_.error(ErrorCode::kINVALID_ARGUMENT, "there is no tensor " + std::to_string(index) +
                                               ", expected 0 to " +
                                               std::to_string(static_cast<int64_t>(tensors_.size()) - 1));
  return nullptr;
}

Dims CudaEngine::getTensorShape(const char* name) const noexcept {
  const int32_t i = find(name);
  return i < 0 ? no_dims() : tensors_[static_cast<size_t>(i)].dims;
}

nvinfer1::DataType CudaEngine::getTensorDataType(const char* name) const noexcept {
  const int32_t i = find(name);
  return i < 0 ? nvinfer1::DataType::kFLOAT : to_tensorrt(tensors_[static_cast<size_t>(i)].dtype);
}

nvinfer1::TensorLocation CudaEngine::getTensorLocation(const char*) const noexcept {
  return nvinfer1::TensorLocation::kDEVICE;
}

nvinfer1::TensorIOMode CudaEngine::getTensorIOMode(const char* name) const noexcept {
  const int32_t i = find(name, false);
  return i < 0                                    ? nvinfer1::TensorIOMode::kNONE
         : tensors_[static_cast<size_t>(i)].input ? nvinfer1::TensorIOMode::kINPUT
                                                  : nvinfer1::TensorIOMode::kOUTPUT;
}

int32_t CudaEngine::getTensorBytesPerComponent(const char* name) const noexcept {
  const int32_t i = find(name);
  return i < 0 ? -1 : bit_width(tensors_[static_cast<size_t>(i)].dtype) / 8;
}
int32_t CudaEngine::getTensorBytesPerComponentV2(const char* name, int32_t) const noexcept {
  return getTensorBytesPerComponent(name);
}
nvinfer1::TensorFormat CudaEngine::getTensorFormat(const char*) const noexcept {
  return nvinfer1::TensorFormat::kLINEAR;
}
nvinfer1::TensorFormat CudaEngine::getTensorFormatV2(const char* name, int32_t) const noexcept {
  return getTensorFormat(name);
}

const char* CudaEngine::getTensorFormatDesc(const char* name) const noexcept {
  const int32_t i = find(name);
  if (i < 0) return nullptr;
  switch (tensors_[static_cast<size_t>(i)].dtype) {
    case DataType::kF32:
      return "Row major linear FP32 format (kLINEAR)";
    case DataType::kF16:
      return "Row major linear FP16 format (kLINEAR)";
    case DataType::kBF16:
      return "Row major linear BFloat16 format (kLINEAR)";
    case DataType::kI8:
      return "Row major linear INT8 format (kLINEAR)";
    case DataType::kI32:
      return "Row major linear INT32 format (kLINEAR)";
    case DataType::kI64:
      return "Row major linear INT64 format (kLINEAR)";
    case DataType::kBool:
      return "Row major linear BOOL format (kLINEAR)";
    default:
      return "Row major linear format (kLINEAR)";
  }
}
const char* CudaEngine::getTensorFormatDescV2(const char* name, int32_t) const noexcept {
  return getTensorFormatDesc(name);
}

Dims CudaEngine::getProfileShape(const char* name, int32_t profile, Selector select) const noexcept {
  const int32_t i = find(name);
  const auto p = static_cast<size_t>(profile), which = static_cast<size_t>(select);
  if (i < 0 || p >= profiles_.size() || which > 2) return no_dims();
  const auto it = profiles_[p].find(name);
  if (it == profiles_[p].end()) return tensors_[static_cast<size_t>(i)].dims;
  return to_dims(which == 0 ? it->second.min : which == 1 ? it->second.opt : it->second.max);
}

nvinfer1::IExecutionContext* CudaEngine::make_context() noexcept {
  auto context = engine_.context();
  return log_.check(context.status()) ? new ExecutionContext(*this, std::move(*context)) : nullptr;
}

#if NV_TENSORRT_MAJOR >= 10
bool CudaEngine::isDebugTensor(const char* name) const noexcept {
  return name != nullptr &&
         std::find(debug_tensors_.begin(), debug_tensors_.end(), name) != debug_tensors_.end();
}
nvinfer1::IExecutionContext* CudaEngine::createExecutionContext(
    nvinfer1::ExecutionContextAllocationStrategy) noexcept {
  return make_context();
}
nvinfer1::IExecutionContext* CudaEngine::createExecutionContextWithRuntimeConfig(
    nvinfer1::IRuntimeConfig*) noexcept {
  return make_context();
}
nvinfer1::IRuntimeConfig* CudaEngine::createRuntimeConfig() noexcept { return new RuntimeConfig; }
nvinfer1::ISerializationConfig* CudaEngine::createSerializationConfig() noexcept {
  return new SerializationConfig;
}
nvinfer1::IHostMemory* CudaEngine::serializeWithConfig(nvinfer1::ISerializationConfig&) const noexcept {
  return serialize();
}
#else
nvinfer1::IExecutionContext* CudaEngine::createExecutionContext() noexcept { return make_context(); }
#endif
#if NV_TENSORRT_MAJOR < 11
nvinfer1::IExecutionContext* CudaEngine::createExecutionContextWithoutDeviceMemory() noexcept {
  return make_context();
}
#endif

#if NV_TENSORRT_MAJOR == 8
int32_t CudaEngine::getBindingIndex(const char* name) const noexcept { return find(name); }

const char* CudaEngine::getBindingName(int32_t index) const noexcept {
  const int32_t count = getNbIOTensors();
  return index < 0 || index >= getNbBindings() ? nullptr
                                               : tensors_[static_cast<size_t>(index % count)].name.c_str();
}
bool CudaEngine::bindingIsInput(int32_t index) const noexcept {
  return getTensorIOMode(getBindingName(index)) == nvinfer1::TensorIOMode::kINPUT;
}
Dims CudaEngine::getBindingDimensions(int32_t index) const noexcept {
  return getTensorShape(getBindingName(index));
}
nvinfer1::DataType CudaEngine::getBindingDataType(int32_t index) const noexcept {
  return getTensorDataType(getBindingName(index));
}
nvinfer1::TensorLocation CudaEngine::getLocation(int32_t) const noexcept {
  return nvinfer1::TensorLocation::kDEVICE;
}
int32_t CudaEngine::getBindingBytesPerComponent(int32_t index) const noexcept {
  return getTensorBytesPerComponent(getBindingName(index));
}
const char* CudaEngine::getBindingFormatDesc(int32_t index) const noexcept {
  return getTensorFormatDesc(getBindingName(index));
}
Dims CudaEngine::getProfileDimensions(int32_t index, int32_t profile, Selector select) const noexcept {
  return getProfileShape(getBindingName(index), profile, select);
}
#endif

}  // namespace ingot::tensorrt
