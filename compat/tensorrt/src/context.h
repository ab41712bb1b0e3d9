// IExecutionContext over an ingot::Context.
#pragma once

#include <deque>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine.h"

namespace ingot::tensorrt {

class ExecutionContext final : public nvinfer1::IExecutionContext,
                               public Unsupported<nvinfer1::apiv::VExecutionContext> {
 public:
  ExecutionContext(const CudaEngine& engine, Context context);
  ~ExecutionContext() noexcept override { log_.set_recorder(nullptr); }

  nvinfer1::IExecutionContext* getPImpl() noexcept override { return this; }
  const nvinfer1::ICudaEngine& getEngine() const noexcept override { return engine_; }
  void setDebugSync(bool on) noexcept override { debug_sync_ = on; }
  bool getDebugSync() const noexcept override { return debug_sync_; }
  void setProfiler(nvinfer1::IProfiler* profiler) noexcept override;
  nvinfer1::IProfiler* getProfiler() const noexcept override { return profiler_; }
  void setName(const char* name) noexcept override { name_ = name == nullptr ? "" : name; }
  const char* getName() const noexcept override { return name_.c_str(); }
  void setDeviceMemory(void* memory) noexcept override { give_memory(memory, engine_.device_memory()); }
  int32_t getOptimizationProfile() const noexcept override { return profile_; }
  bool setOptimizationProfileAsync(int32_t profile, cudaStream_t stream) noexcept override;
  bool allInputDimensionsSpecified() const noexcept override;
  void setErrorRecorder(nvinfer1::IErrorRecorder* recorder) noexcept override { log_.set_recorder(recorder); }
  nvinfer1::IErrorRecorder* getErrorRecorder() const noexcept override { return log_.recorder(); }
  bool executeV2(void* const* bindings) noexcept override;
  bool enqueueV3(cudaStream_t stream) noexcept override;
  void setEnqueueEmitsProfile(bool on) noexcept override { emits_profile_ = on; }
  bool getEnqueueEmitsProfile() const noexcept override { return emits_profile_; }
  bool reportToProfiler() const noexcept override;
  bool setInputShape(const char* name, const nvinfer1::Dims& dims) noexcept override;
  nvinfer1::Dims getTensorShape(const char* name) const noexcept override;
  nvinfer1::Dims getTensorStrides(const char* name) const noexcept override;
  bool setTensorAddress(const char* name, void* data) noexcept override;
  const void* getTensorAddress(const char* name) const noexcept override;
  bool setInputTensorAddress(const char* name, const void* data) noexcept override;
  void* getOutputTensorAddress(const char* name) const noexcept override;
  int32_t inferShapes(int32_t capacity, const char** missing) noexcept override;
  bool setInputConsumedEvent(cudaEvent_t event) noexcept override { return consumed_ = event, true; }
  cudaEvent_t getInputConsumedEvent() const noexcept override { return consumed_; }
  bool setOutputAllocator(const char* name, nvinfer1::IOutputAllocator* allocator) noexcept override;
  nvinfer1::IOutputAllocator* getOutputAllocator(const char* name) noexcept override;
  int64_t getMaxOutputSize(const char* name) const noexcept override;
  bool setTemporaryStorageAllocator(nvinfer1::IGpuAllocator* allocator) noexcept override;
  nvinfer1::IGpuAllocator* getTemporaryStorageAllocator() const noexcept override { return temporary_; }
  void setPersistentCacheLimit(uint64_t bytes) noexcept override { cache_limit_ = bytes; }
  uint64_t getPersistentCacheLimit() const noexcept override { return cache_limit_; }
  bool setNvtxVerbosity(nvinfer1::ProfilingVerbosity verbosity) noexcept override {
    return nvtx_ = verbosity, true;
  }
  nvinfer1::ProfilingVerbosity getNvtxVerbosity() const noexcept override { return nvtx_; }
  void setAuxStreams(cudaStream_t*, int32_t) noexcept override {}  // the engine uses none
#if NV_TENSORRT_MAJOR < 11
  bool allInputShapesSpecified() const noexcept override { return allInputDimensionsSpecified(); }
#endif
#if NV_TENSORRT_MAJOR >= 10
  bool setOutputTensorAddress(const char* name, void* data) noexcept override;
  uint64_t updateDeviceMemorySizeForShapes() noexcept override;
  void setDeviceMemoryV2(void* memory, int64_t size) noexcept override { give_memory(memory, size); }
  bool setDebugListener(nvinfer1::IDebugListener* listener) noexcept override {
    return debug_listener_ = listener, true;
  }
  nvinfer1::IDebugListener* getDebugListener() noexcept override { return debug_listener_; }
  bool setTensorDebugState(const char* name, bool on) noexcept override;
  bool getDebugState(const char* name) const noexcept override;
  nvinfer1::IRuntimeConfig* getRuntimeConfig() const noexcept override { return config_; }
  void keep_config(nvinfer1::IRuntimeConfig* config) { config_ = config; }
  bool setAllTensorsDebugState(bool on) noexcept override;
#else
  bool execute(int32_t batch, void* const* bindings) noexcept override;
  bool enqueue(int32_t batch, void* const* bindings, cudaStream_t stream,
               cudaEvent_t* consumed) noexcept override;
  bool enqueueV2(void* const* bindings, cudaStream_t stream, cudaEvent_t* consumed) noexcept override;
  bool setOptimizationProfile(int32_t profile) noexcept override;
  bool setBindingDimensions(int32_t index, nvinfer1::Dims dims) noexcept override;
  nvinfer1::Dims getBindingDimensions(int32_t index) const noexcept override;
  nvinfer1::Dims getStrides(int32_t index) const noexcept override;
  bool setInputShapeBinding(int32_t index, const int32_t* values) noexcept override;
  bool getShapeBinding(int32_t index, int32_t* values) const noexcept override;
#endif

 private:
  struct Binding {
    void* data = nullptr;
    bool has_dims = false, changed = true;  // changed: Ingot's context has not been told yet
    ShapeDims dims;                         // of inputs
    size_t told_bytes = 0;                  // of outputs
    std::optional<nvinfer1::Dims> shape;    // of outputs, for the inputs' present dims
    nvinfer1::IOutputAllocator* allocator = nullptr;
#if NV_TENSORRT_MAJOR == 8
    std::vector<int32_t> values;  // of a shape tensor, where the client gave them and no address
#endif
  };
  nvinfer1::Dims shape(size_t i) const;
  bool tell(size_t i);
  bool bind(void* const* bindings);
  bool enqueue(cudaStream_t stream);
  bool run(cudaStream_t stream, bool wait);
  /// Puts a run, with the shapes and addresses of now, into the graph that the stream is recorded into; for a
  /// stand-in of CUDA, as a GPU records what `run` enqueues.
  bool capture(cudaStream_t stream);
  void replay(std::vector<Binding>& bindings);
  bool assertions_hold();
  bool hand_out(size_t i);
  /// The client's memory for an output, from its allocator.
  void* reallocate(const Binding& binding, const std::string& name, size_t bytes);
  /// Another Ingot context where the engine was refitted.
  bool keep_up();
  /// The client's memory for tensors between the layers.
  void give_memory(void* memory, int64_t bytes);
#if NV_TENSORRT_MAJOR >= 10
  bool tell_debug_listener();
  nvinfer1::IDebugListener* debug_listener_ = nullptr;
  std::set<std::string, std::less<>> debugged_;  // tensors whose listener is on
  nvinfer1::IRuntimeConfig* config_ = nullptr;
#endif

  const CudaEngine& engine_;
  mutable Context context_;
  int64_t generation_;  // of the engine, when the context was made
  Log log_;
  const bool on_cpu_;
  mutable std::vector<Binding> bindings_;  // as the engine's tensors
  struct CapturedRun {
    ExecutionContext& context;
    std::vector<Binding> bindings;
  };
  std::deque<CapturedRun> captured_;  // graphs hold their addresses
  std::string name_;
  nvinfer1::IProfiler* profiler_ = nullptr;
  struct Reported {
    double seconds = 0;
    int64_t runs = 0;
  };
  mutable std::vector<Reported> reported_;  // what the profiler was told of each layer, over all runs
  nvinfer1::IGpuAllocator* temporary_ = nullptr;
  void* memory_ = nullptr;  // the client's
  int64_t memory_bytes_ = 0;
  int32_t profile_ = 0;
  bool debug_sync_ = false, emits_profile_ = true;
  cudaEvent_t consumed_ = nullptr;
  cudaStream_t stream_ = nullptr;  // of the run that goes on
  uint64_t cache_limit_ = 0;
  nvinfer1::ProfilingVerbosity nvtx_ = nvinfer1::ProfilingVerbosity::kLAYER_NAMES_ONLY;
};

}  // namespace ingot::tensorrt
