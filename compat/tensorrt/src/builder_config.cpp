#include "builder_config.h"

namespace ingot::tensorrt {

using nvinfer1::ErrorCode;
using nvinfer1::MemoryPoolType;

#if NV_TENSORRT_MAJOR == 8
void BuilderConfig::setMaxWorkspaceSize(uint64_t bytes) noexcept {
  pools_[MemoryPoolType::kWORKSPACE] = bytes;
}
uint64_t BuilderConfig::getMaxWorkspaceSize() const noexcept {
  return getMemoryPoolLimit(MemoryPoolType::kWORKSPACE);
}
#endif

#if NV_TENSORRT_MAJOR < 11
bool BuilderConfig::setCalibrationProfile(const nvinfer1::IOptimizationProfile* profile) noexcept {
  calibration_profile_ = profile;
  return true;
}
#endif

void BuilderConfig::setDeviceType(const nvinfer1::ILayer*, nvinfer1::DeviceType type) noexcept {
  setDefaultDeviceType(type);
}

void BuilderConfig::setDefaultDeviceType(nvinfer1::DeviceType type) noexcept {
  if (type == nvinfer1::DeviceType::kDLA)
    log_.error(ErrorCode::kUNSUPPORTED_STATE,
               "DLA is not supported by Ingot: layers run on the CPU or the GPU");
}

int32_t BuilderConfig::addOptimizationProfile(const nvinfer1::IOptimizationProfile* profile) noexcept {
  if (profile == nullptr || !profile->isValid()) {
    log_.error(ErrorCode::kINVALID_ARGUMENT,
               "the optimization profile lacks min, opt or max of an input, or min "
               "<= opt <= max does not hold");
    return -1;
  }
  profiles_.push_back(static_cast<const OptimizationProfile*>(profile));
  return static_cast<int32_t>(profiles_.size()) - 1;
}

bool BuilderConfig::setTacticSources(uint32_t sources) noexcept {
  tactic_sources_ = sources;
  return true;
}

nvinfer1::ITimingCache* BuilderConfig::createTimingCache(const void* blob, uint64_t size) const noexcept {
  if (blob == nullptr && size > 0) {
    log_.error(ErrorCode::kINVALID_ARGUMENT,
               "createTimingCache: a null blob of " + std::to_string(size) + " bytes");
    return nullptr;
  }
  return new TimingCache(log_, std::string(static_cast<const char*>(blob), size));
}

bool BuilderConfig::setTimingCache(const nvinfer1::ITimingCache& cache, bool) noexcept {
  timing_cache_ = const_cast<TimingCache*>(static_cast<const TimingCache*>(&cache));
  return true;
}

uint64_t BuilderConfig::getMemoryPoolLimit(MemoryPoolType pool) const noexcept {
  constexpr uint64_t kDefault = uint64_t{1} << 40;  // nothing is refused for want of scratch memory
  const auto it = pools_.find(pool);
  return it != pools_.end() ? it->second : pool == MemoryPoolType::kWORKSPACE ? kDefault : 0;
}

bool BuilderConfig::getPreviewFeature(nvinfer1::PreviewFeature feature) const noexcept {
  const auto it = preview_.find(feature);
  return it != preview_.end() && it->second;
}

void BuilderConfig::setBuilderOptimizationLevel(int32_t level) noexcept {
  if (level < 0 || level > 5)
    log_.error(ErrorCode::kINVALID_ARGUMENT,
               "builder optimization level " + std::to_string(level) + " is out of range, expected 0 to 5");
  else
    level_ = level;
}

void BuilderConfig::setPluginsToSerialize(const char* const* paths, int32_t count) noexcept {
  plugins_.clear();
  for (int32_t i = 0; i < count && paths != nullptr; ++i)
    if (paths[i] != nullptr) plugins_.emplace_back(paths[i]);
}

const char* BuilderConfig::getPluginToSerialize(int32_t index) const noexcept {
  return index < 0 || index >= getNbPluginsToSerialize() ? nullptr
                                                         : plugins_[static_cast<size_t>(index)].c_str();
}

#if NV_TENSORRT_MAJOR >= 10
bool BuilderConfig::setTilingOptimizationLevel(nvinfer1::TilingOptimizationLevel level) noexcept {
  tiling_ = level;
  return true;
}
#endif

}  // namespace ingot::tensorrt
