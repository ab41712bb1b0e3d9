#include "engine.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "context.h"
#include "host_memory.h"
#include "inspector.h"
#include "layer_json.h"
#include "refitter.h"
#include "runtime_config.h"

namespace ingot::tensorrt {

using nvinfer1::Dims;
using nvinfer1::ErrorCode;

CudaEngine::CudaEngine(nvinfer1::ILogger* logger, nvinfer1::IGpuAllocator* allocator, Engine engine)
    : log_(logger), allocator_(allocator), engine_(std::move(engine)) {
  mImpl = this;
  if (!notes_.read(engine_.metadata())) {  // not built through this interface: weights have names alone
    notes_.verbosity = static_cast<int32_t>(nvinfer1::ProfilingVerbosity::kDETAILED);
    if (const auto weights = engine_.weights(); weights.ok()) {
      notes_.refittable = true;
      for (const TensorInfo& w : *weights)
        notes_.weights.push_back(
            {w.name, w.name, w.name, static_cast<int32_t>(nvinfer1::WeightsRole::kCONSTANT)});
    }
  }
  for (const auto& profile : notes_.shape_values)
    for (const auto& [name, values] : profile)
      for (const auto& list : values) narrow_[&list].assign(list.begin(), list.end());
  for (const auto* infos : {&engine_.inputs(), &engine_.outputs()})
    for (const TensorInfo& i : *infos) {
      if (i.name.starts_with(kDebugPrefix))
        debug_tensors_.push_back(i.name.substr(kDebugPrefix.size()));
      else if (i.name.starts_with(kAssertPrefix))
        assertions_.push_back(i.name);
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
  weight_bytes_ = static_cast<int64_t>(report.value("weight_bytes", 0.0));
  if (notes_.streams_weights) streaming_budget_ = weight_bytes_;
  layers_.clear();
  profiles_.clear();
  for (const auto& plan : report.value("plans", nlohmann::ordered_json::array())) {
    Profile profile;
    for (const auto& p : plan.value("profile", nlohmann::ordered_json::array()))
      profile[p.value("input", "")] = {p.value("min", ShapeDims{}), p.value("opt", ShapeDims{}),
                                       p.value("max", ShapeDims{})};
    profiles_.push_back(std::move(profile));
    if (profiles_.size() > 1) continue;
    for (const auto& step : plan.value("steps", nlohmann::ordered_json::array())) {
      nlohmann::ordered_json layer = inspector_layer(step, NV_TENSORRT_MAJOR);
      const std::string name = step.value("name", "");
      const auto metadata = notes_.layer_metadata.find(name);
      layer["StreamId"] = 0;
      layer["Metadata"] = metadata == notes_.layer_metadata.end() ? "" : metadata->second;
      layers_.push_back({name, layer.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)});
    }
  }
}

int32_t CudaEngine::find(const char* name, bool complain) const {
  for (size_t i = 0; i < tensors_.size(); ++i)
    if (name != nullptr && tensors_[i].name == name) return static_cast<int32_t>(i);
  std::string names;
  for (const IoTensor& t : tensors_) names += (names.empty() ? "'" : ", '") + t.name + "'";
  if (complain)
    log_.error(ErrorCode::kINVALID_ARGUMENT, std::string("no tensor '") + (name == nullptr ? "" : name) +
                                                 "' goes in or out, expected one of " + names);
  return -1;
}

nvinfer1::IHostMemory* CudaEngine::serialize() const noexcept {
  return log_.guard("serialize",
                    [&]() -> nvinfer1::IHostMemory* { return new HostMemory(engine_.serialize()); });
}

int32_t CudaEngine::getNbOptimizationProfiles() const noexcept {
  return static_cast<int32_t>(profiles_.size());
}
nvinfer1::EngineCapability CudaEngine::getEngineCapability() const noexcept {
  return static_cast<nvinfer1::EngineCapability>(notes_.capability);
}
nvinfer1::ProfilingVerbosity CudaEngine::getProfilingVerbosity() const noexcept {
  return static_cast<nvinfer1::ProfilingVerbosity>(notes_.verbosity);
}
nvinfer1::HardwareCompatibilityLevel CudaEngine::getHardwareCompatibilityLevel() const noexcept {
  return static_cast<nvinfer1::HardwareCompatibilityLevel>(notes_.hardware_level);
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

nvinfer1::TensorLocation CudaEngine::getTensorLocation(const char* name) const noexcept {
  return isShapeInferenceIO(name) ? nvinfer1::TensorLocation::kHOST : nvinfer1::TensorLocation::kDEVICE;
}

bool CudaEngine::isShapeInferenceIO(const char* name) const noexcept {
  return name != nullptr && notes_.shape_tensors.contains(name);
}

const std::vector<int64_t>* CudaEngine::shape_values(const char* name, int32_t profile,
                                                     Selector select) const {
  const auto p = static_cast<size_t>(profile), which = static_cast<size_t>(select);
  if (find(name) < 0 || which > 2 || p >= notes_.shape_values.size()) return nullptr;
  const auto it = notes_.shape_values[p].find(name);
  return it == notes_.shape_values[p].end() ? nullptr : &it->second[which];
}

const int32_t* CudaEngine::profile_values(const char* name, int32_t profile, Selector select) const {
  const auto it = narrow_.find(shape_values(name, profile, select));
  return it == narrow_.end() ? nullptr : it->second.data();
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

Result<Context> CudaEngine::make_ingot_context() const {
  ContextOptions options;
  if (allocator_ != nullptr) {
    constexpr uint64_t kAlignment = 256;
    options.allocate = [a = allocator_](size_t bytes) { return a->allocate(bytes, kAlignment, 0); };
    options.free = [a = allocator_](void* memory) { a->deallocate(memory); };
  }
  return engine_.context(options);
}

int64_t CudaEngine::device_memory(int32_t profile) const noexcept {
  return log_.guard("getDeviceMemorySize", [&]() -> int64_t {
    const auto p = static_cast<size_t>(profile);
    if (p >= profiles_.size()) {
      log_.error(ErrorCode::kINVALID_ARGUMENT, "there is no optimization profile " + std::to_string(profile) +
                                                   ", the engine has " + std::to_string(profiles_.size()));
      return 0;
    }
    auto context = make_ingot_context();
    if (!log_.check(context.status())) return 0;
    for (const auto& [name, range] : profiles_[p])
      if (!log_.check(context->set_input_shape(name, range.max))) return 0;
    const auto bytes = context->memory_bytes();
    return log_.check(bytes.status()) ? static_cast<int64_t>(*bytes) : 0;
  });
}

int64_t CudaEngine::device_memory() const noexcept {
  int64_t most = 0;
  for (int32_t p = 0; p < getNbOptimizationProfiles(); ++p) most = std::max(most, device_memory(p));
  return most;
}

nvinfer1::IExecutionContext* CudaEngine::make_context() const noexcept {
  return log_.guard("createExecutionContext", [&]() -> nvinfer1::IExecutionContext* {
    auto context = make_ingot_context();
    return log_.check(context.status()) ? new ExecutionContext(*this, std::move(*context)) : nullptr;
  });
}

Status CudaEngine::refit(const std::map<std::string, TensorRef>& weights) {
  auto refitted = engine_.refit(weights);
  if (!refitted.ok()) return refitted.status();
  engine_ = std::move(*refitted);
  ++generation_;
  read_report();
  return {};
}

#if NV_TENSORRT_MAJOR >= 10
int64_t CudaEngine::getStreamableWeightsSize() const noexcept {
  return notes_.streams_weights ? weight_bytes_ : 0;
}
bool CudaEngine::isDebugTensor(const char* name) const noexcept {
  return name != nullptr &&
         std::find(debug_tensors_.begin(), debug_tensors_.end(), name) != debug_tensors_.end();
}
nvinfer1::IExecutionContext* CudaEngine::createExecutionContext(
    nvinfer1::ExecutionContextAllocationStrategy) noexcept {
  return make_context();
}
nvinfer1::IExecutionContext* CudaEngine::createExecutionContextWithRuntimeConfig(
    nvinfer1::IRuntimeConfig* config) noexcept {
  nvinfer1::IExecutionContext* made = make_context();
  if (made != nullptr) static_cast<ExecutionContext*>(made)->keep_config(config);
  return made;
}
nvinfer1::IRefitter* CudaEngine::createRefitter(nvinfer1::ILogger& logger) noexcept {
  return log_.guard("createRefitter", [&]() -> nvinfer1::IRefitter* { return new Refitter(*this, &logger); });
}
const int64_t* CudaEngine::getProfileTensorValuesV2(const char* name, int32_t profile,
                                                    Selector select) const noexcept {
  const auto* values = shape_values(name, profile, select);
  return values == nullptr ? nullptr : values->data();
}
int64_t CudaEngine::getEngineStat(nvinfer1::EngineStat stat) const noexcept {
  return stat == nvinfer1::EngineStat::kTOTAL_WEIGHTS_SIZE ? weight_bytes_ : 0;  // none is ever stripped
}
bool CudaEngine::setWeightStreamingBudgetV2(int64_t bytes) noexcept {
  if (bytes < 0 || !notes_.streams_weights) {
    log_.error(ErrorCode::kINVALID_ARGUMENT,
               notes_.streams_weights
                   ? "setWeightStreamingBudgetV2: got " + std::to_string(bytes) + ", expected 0 or more"
                   : "setWeightStreamingBudgetV2: the engine was built without kWEIGHT_STREAMING");
    return false;
  }
  if (bytes < getStreamableWeightsSize())
    log_.warning("setWeightStreamingBudgetV2: a budget of " + std::to_string(bytes) +
                 " bytes has no effect: all " + std::to_string(getStreamableWeightsSize()) +
                 " bytes of weights stay in memory");
  streaming_budget_ = bytes;
  return true;
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
