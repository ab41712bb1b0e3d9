// ICudaEngine over an ingot::Engine. Tensors that go in and out are numbered inputs first, as TensorRT does.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "convert.h"
#include "engine_notes.h"
#include "ingot/engine.h"
#include "log.h"
#include "unsupported.h"

namespace ingot::tensorrt {

class CudaEngine final : public nvinfer1::ICudaEngine, public Unsupported<nvinfer1::apiv::VCudaEngine> {
 public:
  using Selector = nvinfer1::OptProfileSelector;

  CudaEngine(nvinfer1::ILogger* logger, nvinfer1::IGpuAllocator* allocator, Engine engine);
  ~CudaEngine() noexcept override { log_.set_recorder(nullptr); }

  nvinfer1::ICudaEngine* getPImpl() noexcept override { return this; }
  int32_t getNbLayers() const noexcept override { return static_cast<int32_t>(layers_.size()); }
  nvinfer1::IHostMemory* serialize() const noexcept override;
  bool isRefittable() const noexcept override { return notes_.refittable; }
  const char* getName() const noexcept override { return notes_.network.c_str(); }
  int32_t getNbOptimizationProfiles() const noexcept override;
  nvinfer1::EngineCapability getEngineCapability() const noexcept override;
  void setErrorRecorder(nvinfer1::IErrorRecorder* recorder) noexcept override { log_.set_recorder(recorder); }
  nvinfer1::IErrorRecorder* getErrorRecorder() const noexcept override { return log_.recorder(); }
  uint32_t getTacticSources() const noexcept override { return 0; }
  nvinfer1::ProfilingVerbosity getProfilingVerbosity() const noexcept override;
  nvinfer1::IEngineInspector* createEngineInspector() const noexcept override;
  nvinfer1::HardwareCompatibilityLevel getHardwareCompatibilityLevel() const noexcept override;
  int32_t getNbAuxStreams() const noexcept override { return 0; }

  // Tensors by name.
  int32_t getNbIOTensors() const noexcept override { return static_cast<int32_t>(tensors_.size()); }
  const char* getIOTensorName(int32_t index) const noexcept override;
  nvinfer1::Dims getTensorShape(const char* name) const noexcept override;
  nvinfer1::DataType getTensorDataType(const char* name) const noexcept override;
  nvinfer1::TensorLocation getTensorLocation(const char* name) const noexcept override;
  bool isShapeInferenceIO(const char* name) const noexcept override;
  nvinfer1::TensorIOMode getTensorIOMode(const char* name) const noexcept override;
  int32_t getTensorBytesPerComponent(const char* name) const noexcept override;
  int32_t getTensorComponentsPerElement(const char*) const noexcept override { return -1; }
  nvinfer1::TensorFormat getTensorFormat(const char*) const noexcept override;
  const char* getTensorFormatDesc(const char* name) const noexcept override;
  int32_t getTensorVectorizedDim(const char*) const noexcept override { return -1; }
  int32_t getTensorBytesPerComponentV2(const char* name, int32_t) const noexcept override;
  int32_t getTensorComponentsPerElementV2(const char*, int32_t) const noexcept override { return -1; }
  nvinfer1::TensorFormat getTensorFormatV2(const char* name, int32_t) const noexcept override;
  const char* getTensorFormatDescV2(const char* name, int32_t) const noexcept override;
  int32_t getTensorVectorizedDimV2(const char*, int32_t) const noexcept override { return -1; }
  nvinfer1::Dims getProfileShape(const char* name, int32_t profile, Selector select) const noexcept override;

#if NV_TENSORRT_MAJOR >= 10
  nvinfer1::IExecutionContext* createExecutionContext(
      nvinfer1::ExecutionContextAllocationStrategy strategy) noexcept override;
  nvinfer1::IExecutionContext* createExecutionContextWithRuntimeConfig(
      nvinfer1::IRuntimeConfig* config) noexcept override;
  nvinfer1::IRuntimeConfig* createRuntimeConfig() noexcept override;
  nvinfer1::IRefitter* createRefitter(nvinfer1::ILogger& logger) noexcept override;
  const int64_t* getProfileTensorValuesV2(const char* name, int32_t profile,
                                          Selector select) const noexcept override;
  int64_t getEngineStat(nvinfer1::EngineStat stat) const noexcept override;
  nvinfer1::ISerializationConfig* createSerializationConfig() noexcept override;
  nvinfer1::IHostMemory* serializeWithConfig(nvinfer1::ISerializationConfig&) const noexcept override;
  bool isDebugTensor(const char* name) const noexcept override;
  const char* getAliasedInputTensor(const char*) const noexcept override { return nullptr; }  // there is none
  int64_t getDeviceMemorySizeV2() const noexcept override { return device_memory(); }
  int64_t getDeviceMemorySizeForProfileV2(int32_t profile) const noexcept override {
    return device_memory(profile);
  }
  // All weights stay in memory, whatever the budget; an engine file's are mapped, and read when they are
  // needed.
  int64_t getStreamableWeightsSize() const noexcept override;
  bool setWeightStreamingBudgetV2(int64_t bytes) noexcept override;
  int64_t getWeightStreamingBudgetV2() const noexcept override { return streaming_budget_; }
  int64_t getWeightStreamingAutomaticBudget() const noexcept override { return getStreamableWeightsSize(); }
  int64_t getWeightStreamingScratchMemorySize() const noexcept override { return 0; }
#else
  nvinfer1::IExecutionContext* createExecutionContext() noexcept override;
#endif
#if NV_TENSORRT_MAJOR < 11
  nvinfer1::IExecutionContext* createExecutionContextWithoutDeviceMemory() noexcept override;
  bool hasImplicitBatchDimension() const noexcept override { return false; }
#if NV_TENSORRT_MAJOR == 10
  uint64_t getDeviceMemorySizeForProfile(int32_t profile) const noexcept override {
    return static_cast<uint64_t>(device_memory(profile));
  }
  const int32_t* getProfileTensorValues(const char* name, int32_t profile,
                                        Selector select) const noexcept override {
    return profile_values(name, profile, select);
  }
  bool setWeightStreamingBudget(int64_t bytes) noexcept override { return setWeightStreamingBudgetV2(bytes); }
  int64_t getWeightStreamingBudget() const noexcept override { return streaming_budget_; }
  int64_t getMinimumWeightStreamingBudget() const noexcept override { return 0; }
#endif
  uint64_t getDeviceMemorySize() const noexcept override { return static_cast<uint64_t>(device_memory()); }
#endif
#if NV_TENSORRT_MAJOR == 8
  // Tensors by number; a second profile's bindings follow those of the first.
  int32_t getNbBindings() const noexcept override { return getNbIOTensors() * getNbOptimizationProfiles(); }
  int32_t getBindingIndex(const char* name) const noexcept override;
  const char* getBindingName(int32_t index) const noexcept override;
  bool bindingIsInput(int32_t index) const noexcept override;
  nvinfer1::Dims getBindingDimensions(int32_t index) const noexcept override;
  nvinfer1::DataType getBindingDataType(int32_t index) const noexcept override;
  int32_t getMaxBatchSize() const noexcept override { return 1; }
  nvinfer1::TensorLocation getLocation(int32_t index) const noexcept override;
  int32_t getBindingBytesPerComponent(int32_t index) const noexcept override;
  int32_t getBindingComponentsPerElement(int32_t) const noexcept override { return -1; }
  nvinfer1::TensorFormat getBindingFormat(int32_t) const noexcept override {
    return nvinfer1::TensorFormat::kLINEAR;
  }
  const char* getBindingFormatDesc(int32_t index) const noexcept override;
  int32_t getBindingVectorizedDim(int32_t) const noexcept override { return -1; }
  nvinfer1::Dims getProfileDimensions(int32_t index, int32_t profile,
                                      Selector select) const noexcept override;
  bool isShapeBinding(int32_t index) const noexcept override {
    return isShapeInferenceIO(getBindingName(index));
  }
  bool isExecutionBinding(int32_t) const noexcept override { return true; }
  const int32_t* getProfileShapeValues(int32_t profile, int32_t index,
                                       Selector select) const noexcept override {
    return profile_values(getBindingName(index), profile, select);
  }
#endif

  struct IoTensor {
    std::string name;
    bool input;
    DataType dtype;
    nvinfer1::Dims dims;
  };
  struct LayerInfo {
    std::string name, text;  // text: JSON
  };

  const Log& log() const { return log_; }
  const Engine& engine() const { return engine_; }
  const EngineNotes& notes() const { return notes_; }
  /// Gives the engine other weights; contexts take them up at their next call. Nothing of it may run
  /// meanwhile.
  Status refit(const std::map<std::string, TensorRef>& weights);
  /// Counts the refits.
  int64_t generation() const { return generation_; }
  /// An Ingot context, with memory from the client's allocator where it gave one.
  Result<Context> make_ingot_context() const;
  /// Bytes of the client's memory that a context's tensors between the layers take at the largest shapes of a
  /// profile, or of all.
  int64_t device_memory(int32_t profile) const noexcept;
  int64_t device_memory() const noexcept;
  const std::vector<IoTensor>& tensors() const { return tensors_; }
  const std::vector<LayerInfo>& layers() const { return layers_; }
  /// Names of the tensors that a debug listener gets.
  const std::vector<std::string>& debug_tensors() const { return debug_tensors_; }
  /// Names of the outputs that every run checks.
  const std::vector<std::string>& assertions() const { return assertions_; }
  /// The number of a tensor; -1: there is none, and an error was logged if `complain`.
  int32_t find(const char* name, bool complain = true) const;

 private:
  nvinfer1::IExecutionContext* make_context() const noexcept;
  void read_report();
  /// Contents that the profile gives for a shape tensor; null: none.
  const std::vector<int64_t>* shape_values(const char* name, int32_t profile, Selector select) const;
  const int32_t* profile_values(const char* name, int32_t profile, Selector select) const;

  Log log_;
  nvinfer1::IGpuAllocator* allocator_;
  Engine engine_;
  EngineNotes notes_;
  int64_t generation_ = 0, weight_bytes_ = 0, streaming_budget_ = 0;
  std::map<const std::vector<int64_t>*, std::vector<int32_t>> narrow_;  // the notes' values in 32 bits
  std::vector<IoTensor> tensors_;
  std::vector<LayerInfo> layers_;
  std::vector<std::string> debug_tensors_, assertions_;
  std::vector<Profile> profiles_;
};

}  // namespace ingot::tensorrt
