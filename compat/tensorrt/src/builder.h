// IBuilder: from a network definition and a configuration to an engine.
#pragma once

#include <memory>
#include <vector>

#include "builder_config.h"
#include "network.h"

namespace ingot::tensorrt {

class Builder final : public nvinfer1::IBuilder, public Unsupported<nvinfer1::apiv::VBuilder> {
 public:
  explicit Builder(nvinfer1::ILogger* logger) : log_(logger) { mImpl = this; }
  ~Builder() noexcept override { log_.set_recorder(nullptr); }

#if NV_TENSORRT_MAJOR < 11
  bool platformHasFastFp16() const noexcept override { return true; }
  bool platformHasFastInt8() const noexcept override { return true; }
  bool platformHasTf32() const noexcept override { return true; }
#endif
#if NV_TENSORRT_MAJOR == 8
  void setMaxBatchSize(int32_t size) noexcept override { max_batch_ = size; }
  int32_t getMaxBatchSize() const noexcept override { return max_batch_; }
#endif
  int32_t getMaxDLABatchSize() const noexcept override { return 0; }
  int32_t getNbDLACores() const noexcept override { return 0; }
  void setGpuAllocator(nvinfer1::IGpuAllocator* allocator) noexcept override { allocator_ = allocator; }
  nvinfer1::IBuilderConfig* createBuilderConfig() noexcept override { return new BuilderConfig(log_); }
  nvinfer1::INetworkDefinition* createNetworkV2(uint32_t flags) noexcept override;
  nvinfer1::IOptimizationProfile* createOptimizationProfile() noexcept override;
  void setErrorRecorder(nvinfer1::IErrorRecorder* recorder) noexcept override { log_.set_recorder(recorder); }
  nvinfer1::IErrorRecorder* getErrorRecorder() const noexcept override { return log_.recorder(); }
  void reset() noexcept override;
  nvinfer1::IHostMemory* buildSerializedNetwork(nvinfer1::INetworkDefinition& network,
                                                nvinfer1::IBuilderConfig& config) noexcept override;
  nvinfer1::ICudaEngine* buildEngineWithConfig(nvinfer1::INetworkDefinition& network,
                                               nvinfer1::IBuilderConfig& config) noexcept override;
#if NV_TENSORRT_MAJOR >= 10
  bool buildSerializedNetworkToStream(nvinfer1::INetworkDefinition& network, nvinfer1::IBuilderConfig& config,
                                      nvinfer1::IStreamWriter& writer) noexcept override;
#endif
  bool isNetworkSupported(const nvinfer1::INetworkDefinition& network,
                          const nvinfer1::IBuilderConfig& config) const noexcept override;
  nvinfer1::ILogger* getLogger() const noexcept override { return log_.logger(); }
  bool setMaxThreads(int32_t threads) noexcept override;
  int32_t getMaxThreads() const noexcept override { return max_threads_; }
  nvinfer1::IPluginRegistry& getPluginRegistry() noexcept override;

 private:
  Result<Engine> build(NetworkDefinition& network, const BuilderConfig& config);
#if NV_TENSORRT_MAJOR < 11
  /// Weak typing: the precisions that the client allows, with what they need.
  Status narrow(NetworkDefinition& network, const BuilderConfig& config, BuildOptions& options);
  Status quantize(NetworkDefinition& network, const BuilderConfig& config, BuildOptions& options);
#endif
  EngineNotes notes(const NetworkDefinition& network, const BuilderConfig& config) const;
  /// With the client's timing cache.
  Result<Engine> build(NetworkDefinition& network, const BuilderConfig& config, BuildOptions& options);

  Log log_;
  int32_t max_batch_ = 1, max_threads_ = 0;
  nvinfer1::IGpuAllocator* allocator_ = nullptr;
  std::vector<std::unique_ptr<OptimizationProfile>> profiles_;
};

}  // namespace ingot::tensorrt
