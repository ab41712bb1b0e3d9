// IRuntime: engine files back to engines.
#pragma once

#include "log.h"
#include "unsupported.h"

namespace ingot::tensorrt {

class Runtime final : public nvinfer1::IRuntime, public Unsupported<nvinfer1::apiv::VRuntime> {
 public:
  explicit Runtime(nvinfer1::ILogger* logger);
  ~Runtime() noexcept override { log_.set_recorder(nullptr); }

  nvinfer1::IRuntime* getPImpl() noexcept override { return this; }
#if NV_TENSORRT_MAJOR == 8
  nvinfer1::ICudaEngine* deserializeCudaEngine(const void* data, uint64_t size,
                                               nvinfer1::IPluginFactory*) noexcept override {
    return load(data, size);
  }
#else
  nvinfer1::ICudaEngine* deserializeCudaEngine(const void* data, uint64_t size) noexcept override {
    return load(data, size);
  }
  nvinfer1::ICudaEngine* deserializeCudaEngineV2(nvinfer1::IStreamReaderV2& reader) noexcept override;
#endif
#if NV_TENSORRT_MAJOR == 10
  nvinfer1::ICudaEngine* deserializeCudaEngine(nvinfer1::IStreamReader& reader) noexcept override;
#endif
  void setDLACore(int32_t core) noexcept override { dla_core_ = core; }
  int32_t getDLACore() const noexcept override { return dla_core_; }
  int32_t getNbDLACores() const noexcept override { return 0; }
  void setGpuAllocator(nvinfer1::IGpuAllocator* allocator) noexcept override { allocator_ = allocator; }
  void setErrorRecorder(nvinfer1::IErrorRecorder* recorder) noexcept override { log_.set_recorder(recorder); }
  nvinfer1::IErrorRecorder* getErrorRecorder() const noexcept override { return log_.recorder(); }
  nvinfer1::ILogger* getLogger() const noexcept override { return log_.logger(); }
  bool setMaxThreads(int32_t threads) noexcept override { return max_threads_ = threads, threads > 0; }
  int32_t getMaxThreads() const noexcept override { return max_threads_; }
  void setTemporaryDirectory(const char* path) noexcept override { directory_ = path == nullptr ? "" : path; }
  const char* getTemporaryDirectory() const noexcept override { return directory_.c_str(); }
  void setTempfileControlFlags(uint32_t flags) noexcept override { tempfile_flags_ = flags; }
  uint32_t getTempfileControlFlags() const noexcept override { return tempfile_flags_; }
  nvinfer1::IPluginRegistry& getPluginRegistry() noexcept override;
  void setPluginRegistryParent(nvinfer1::IPluginRegistry*) noexcept override {}
  /// Every runtime reads the engines of all versions: another one like this.
  nvinfer1::IRuntime* loadRuntime(const char* path) noexcept override;
  void setEngineHostCodeAllowed(bool allowed) noexcept override { host_code_ = allowed; }
  bool getEngineHostCodeAllowed() const noexcept override { return host_code_; }

 private:
  nvinfer1::ICudaEngine* load(const void* data, uint64_t size) noexcept;

  Log log_;
  int32_t dla_core_ = -1, max_threads_ = 1;
  nvinfer1::IGpuAllocator* allocator_ = nullptr;
  std::string directory_;
  uint32_t tempfile_flags_ = 3;
  bool host_code_ = false;
};

}  // namespace ingot::tensorrt
