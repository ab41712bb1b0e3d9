// IBuilderConfig: what the client wants of a build. Options of NVIDIA's tactics are kept and handed back, and
// have no effect here; those that change results or speed are read by the builder.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "profile.h"
#include "timing_cache.h"

namespace ingot::tensorrt {

/// What a client may set, with the defaults.
struct BuilderSettings {
  uint32_t flags_ = 1U << static_cast<uint32_t>(nvinfer1::BuilderFlag::kTF32);
  uint32_t quantization_flags_ = 0, tactic_sources_ = 0;
  int32_t min_timing_ = 1, average_timing_ = 1, level_ = 3, aux_streams_ = -1, dla_core_ = -1,
          max_tactics_ = -1;
  int64_t tiling_limit_ = -1;
  nvinfer1::EngineCapability capability_ = nvinfer1::EngineCapability::kSTANDARD;
  nvinfer1::DeviceType device_type_ = nvinfer1::DeviceType::kGPU;
  nvinfer1::ProfilingVerbosity verbosity_ = nvinfer1::ProfilingVerbosity::kLAYER_NAMES_ONLY;
  nvinfer1::HardwareCompatibilityLevel hardware_ = nvinfer1::HardwareCompatibilityLevel::kNONE;
  cudaStream_t profile_stream_ = nullptr;
  std::vector<const OptimizationProfile*> profiles_;
  std::map<nvinfer1::MemoryPoolType, uint64_t> pools_;
  std::map<nvinfer1::PreviewFeature, bool> preview_;
  std::vector<std::string> plugins_;
  TimingCache* timing_cache_ = nullptr;  // the client's
#if NV_TENSORRT_MAJOR < 11
  nvinfer1::IInt8Calibrator* calibrator_ = nullptr;
  nvinfer1::IAlgorithmSelector* algorithm_selector_ = nullptr;
  const nvinfer1::IOptimizationProfile* calibration_profile_ = nullptr;
#endif
#if NV_TENSORRT_MAJOR >= 10
  nvinfer1::IProgressMonitor* monitor_ = nullptr;
  nvinfer1::RuntimePlatform platform_ = nvinfer1::RuntimePlatform::kSAME_AS_BUILD;
  nvinfer1::TilingOptimizationLevel tiling_ = nvinfer1::TilingOptimizationLevel::kNONE;
#endif
};

class BuilderConfig final : public nvinfer1::IBuilderConfig,
                            public Unsupported<nvinfer1::apiv::VBuilderConfig>,
                            private BuilderSettings {
 public:
  explicit BuilderConfig(const Log& log) : log_(log) { mImpl = this; }
  ~BuilderConfig() noexcept override = default;

#if NV_TENSORRT_MAJOR == 8
  void setMinTimingIterations(int32_t n) noexcept override { min_timing_ = n; }
  int32_t getMinTimingIterations() const noexcept override { return min_timing_; }
  void setMaxWorkspaceSize(uint64_t bytes) noexcept override;
  uint64_t getMaxWorkspaceSize() const noexcept override;
#endif
  void setAvgTimingIterations(int32_t n) noexcept override { average_timing_ = n; }
  int32_t getAvgTimingIterations() const noexcept override { return average_timing_; }
  void setEngineCapability(nvinfer1::EngineCapability c) noexcept override { capability_ = c; }
  nvinfer1::EngineCapability getEngineCapability() const noexcept override { return capability_; }

  void setFlags(uint32_t flags) noexcept override { flags_ = flags; }
  uint32_t getFlags() const noexcept override { return flags_; }
  void setFlag(nvinfer1::BuilderFlag flag) noexcept override { flags_ |= bit(flag); }
  void clearFlag(nvinfer1::BuilderFlag flag) noexcept override { flags_ &= ~bit(flag); }
  bool getFlag(nvinfer1::BuilderFlag flag) const noexcept override { return (flags_ & bit(flag)) != 0; }

#if NV_TENSORRT_MAJOR < 11
  void setInt8Calibrator(nvinfer1::IInt8Calibrator* calibrator) noexcept override {
    calibrator_ = calibrator;
  }
  nvinfer1::IInt8Calibrator* getInt8Calibrator() const noexcept override { return calibrator_; }
  bool setCalibrationProfile(const nvinfer1::IOptimizationProfile* profile) noexcept override;
  const nvinfer1::IOptimizationProfile* getCalibrationProfile() noexcept override {
    return calibration_profile_;
  }
  void setQuantizationFlags(uint32_t flags) noexcept override { quantization_flags_ = flags; }
  uint32_t getQuantizationFlags() const noexcept override { return quantization_flags_; }
  void setQuantizationFlag(nvinfer1::QuantizationFlag flag) noexcept override {
    quantization_flags_ |= bit(flag);
  }
  void clearQuantizationFlag(nvinfer1::QuantizationFlag f) noexcept override {
    quantization_flags_ &= ~bit(f);
  }
  bool getQuantizationFlag(nvinfer1::QuantizationFlag flag) const noexcept override {
    return (quantization_flags_ & bit(flag)) != 0;
  }
  void setAlgorithmSelector(nvinfer1::IAlgorithmSelector* s) noexcept override { algorithm_selector_ = s; }
  nvinfer1::IAlgorithmSelector* getAlgorithmSelector() const noexcept override { return algorithm_selector_; }
#endif

  // One kind of device: the one that the engine is built for.
  void setDeviceType(const nvinfer1::ILayer* layer, nvinfer1::DeviceType type) noexcept override;
  nvinfer1::DeviceType getDeviceType(const nvinfer1::ILayer*) const noexcept override { return device_type_; }
  bool isDeviceTypeSet(const nvinfer1::ILayer*) const noexcept override { return false; }
  void resetDeviceType(const nvinfer1::ILayer*) noexcept override {}
  bool canRunOnDLA(const nvinfer1::ILayer*) const noexcept override { return false; }
  void setDLACore(int32_t core) noexcept override { dla_core_ = core; }
  int32_t getDLACore() const noexcept override { return dla_core_; }
  void setDefaultDeviceType(nvinfer1::DeviceType type) noexcept override;
  nvinfer1::DeviceType getDefaultDeviceType() const noexcept override { return device_type_; }
  void reset() noexcept override { static_cast<BuilderSettings&>(*this) = {}; }

  void setProfileStream(cudaStream_t const stream) noexcept override { profile_stream_ = stream; }
  cudaStream_t getProfileStream() const noexcept override { return profile_stream_; }
  int32_t addOptimizationProfile(const nvinfer1::IOptimizationProfile* profile) noexcept override;
  int32_t getNbOptimizationProfiles() const noexcept override {
    return static_cast<int32_t>(profiles_.size());
  }
  void setProfilingVerbosity(nvinfer1::ProfilingVerbosity v) noexcept override { verbosity_ = v; }
  nvinfer1::ProfilingVerbosity getProfilingVerbosity() const noexcept override { return verbosity_; }

  bool setTacticSources(uint32_t sources) noexcept override;
  uint32_t getTacticSources() const noexcept override { return tactic_sources_; }
  nvinfer1::ITimingCache* createTimingCache(const void* blob, uint64_t size) const noexcept override;
  bool setTimingCache(const nvinfer1::ITimingCache& cache, bool ignore_mismatch) noexcept override;
  const nvinfer1::ITimingCache* getTimingCache() const noexcept override { return timing_cache_; }
  void setMemoryPoolLimit(nvinfer1::MemoryPoolType pool, uint64_t bytes) noexcept override {
    pools_[pool] = bytes;
  }
  uint64_t getMemoryPoolLimit(nvinfer1::MemoryPoolType pool) const noexcept override;
  void setPreviewFeature(nvinfer1::PreviewFeature feature, bool on) noexcept override {
    preview_[feature] = on;
  }
  bool getPreviewFeature(nvinfer1::PreviewFeature feature) const noexcept override;
  void setBuilderOptimizationLevel(int32_t level) noexcept override;
  int32_t getBuilderOptimizationLevel() const noexcept override { return level_; }
  void setHardwareCompatibilityLevel(nvinfer1::HardwareCompatibilityLevel l) noexcept override {
    hardware_ = l;
  }
  nvinfer1::HardwareCompatibilityLevel getHardwareCompatibilityLevel() const noexcept override {
    return hardware_;
  }
  void setPluginsToSerialize(const char* const* paths, int32_t count) noexcept override;
  const char* getPluginToSerialize(int32_t index) const noexcept override;
  int32_t getNbPluginsToSerialize() const noexcept override { return static_cast<int32_t>(plugins_.size()); }
#if NV_TENSORRT_MAJOR >= 11
  bool setMaxAuxStreams(int32_t count) noexcept override { return aux_streams_ = count, count >= 0; }
#else
  void setMaxAuxStreams(int32_t count) noexcept override { aux_streams_ = count; }
#endif
  int32_t getMaxAuxStreams() const noexcept override { return aux_streams_; }
#if NV_TENSORRT_MAJOR >= 10
  void setProgressMonitor(nvinfer1::IProgressMonitor* monitor) noexcept override { monitor_ = monitor; }
  nvinfer1::IProgressMonitor* getProgressMonitor() const noexcept override { return monitor_; }
  void setRuntimePlatform(nvinfer1::RuntimePlatform platform) noexcept override { platform_ = platform; }
  nvinfer1::RuntimePlatform getRuntimePlatform() const noexcept override { return platform_; }
  void setMaxNbTactics(int32_t count) noexcept override { max_tactics_ = count; }
  int32_t getMaxNbTactics() const noexcept override { return max_tactics_; }
  bool setTilingOptimizationLevel(nvinfer1::TilingOptimizationLevel level) noexcept override;
  nvinfer1::TilingOptimizationLevel getTilingOptimizationLevel() const noexcept override { return tiling_; }
  bool setL2LimitForTiling(int64_t bytes) noexcept override { return tiling_limit_ = bytes, bytes >= 0; }
  int64_t getL2LimitForTiling() const noexcept override { return tiling_limit_; }
#endif

  const std::vector<const OptimizationProfile*>& profiles() const { return profiles_; }
#if NV_TENSORRT_MAJOR < 11
  const nvinfer1::IOptimizationProfile* calibration_profile() const { return calibration_profile_; }
#endif
  TimingCache* timing_cache() const { return timing_cache_; }

 private:
  template <class Flag>
  static uint32_t bit(Flag flag) {
    const auto at = static_cast<uint32_t>(flag);
    return at < 32 ? 1U << at : 0;
  }

  Log log_;
};

}  // namespace ingot::tensorrt
