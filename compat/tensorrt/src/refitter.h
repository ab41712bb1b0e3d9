// IRefitter: other weights for an engine that was built to take them.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine.h"

namespace ingot::tensorrt {

class Refitter final : public nvinfer1::IRefitter, public Unsupported<nvinfer1::apiv::VRefitter> {
 public:
  using Role = nvinfer1::WeightsRole;
  using Weights = nvinfer1::Weights;

  Refitter(CudaEngine& engine, nvinfer1::ILogger* logger);
  ~Refitter() noexcept override { log_.set_recorder(nullptr); }

#if NV_TENSORRT_MAJOR >= 10
  nvinfer1::IRefitter* getPImpl() noexcept override { return this; }
#endif
  bool setWeights(const char* layer, Role role, const Weights weights) noexcept override;
  bool setNamedWeights(const char* name, Weights weights) noexcept override;
  bool refitCudaEngine() noexcept override;
  // No weights depend on others: the engine keeps all of them as they were given, and none is ever missing.
  int32_t getMissing(int32_t, const char**, Role*) noexcept override { return 0; }
  int32_t getMissingWeights(int32_t, const char**) noexcept override { return 0; }
  int32_t getAll(int32_t capacity, const char** layers, Role* roles) noexcept override;
  int32_t getAllWeights(int32_t capacity, const char** names) noexcept override;
#if NV_TENSORRT_MAJOR < 11
  bool setDynamicRange(const char* tensor, float min, float max) noexcept override;
  float getDynamicRangeMin(const char* tensor) const noexcept override;
  float getDynamicRangeMax(const char* tensor) const noexcept override;
  int32_t getTensorsWithDynamicRange(int32_t capacity, const char** tensors) const noexcept override;
#endif
  void setErrorRecorder(nvinfer1::IErrorRecorder* recorder) noexcept override { log_.set_recorder(recorder); }
  nvinfer1::IErrorRecorder* getErrorRecorder() const noexcept override { return log_.recorder(); }
  nvinfer1::ILogger* getLogger() const noexcept override { return log_.logger(); }
  bool setMaxThreads(int32_t threads) noexcept override;
  int32_t getMaxThreads() const noexcept override { return max_threads_; }
#if NV_TENSORRT_MAJOR >= 10
  bool setNamedWeightsWithLocation(const char* name, Weights weights,
                                   nvinfer1::TensorLocation location) noexcept override;
  Weights getNamedWeights(const char* name) const noexcept override;
  nvinfer1::TensorLocation getWeightsLocation(const char* name) const noexcept override;
  bool unsetNamedWeights(const char* name) noexcept override;
  void setWeightsValidation(bool on) noexcept override { validate_ = on; }
  bool getWeightsValidation() const noexcept override { return validate_; }
  bool refitCudaEngineAsync(cudaStream_t) noexcept override { return refitCudaEngine(); }
  Weights getWeightsPrototype(const char* name) const noexcept override;
#endif

 private:
  struct Entry {
    EngineNotes::Weights notes;
    TensorInfo info;
    int64_t count;
    Weights given{};  // the client's; no count: none were given
    nvinfer1::TensorLocation location = nvinfer1::TensorLocation::kHOST;
  };
  /// The first of that name; null: there is none, and an error was logged.
  const Entry* find(const char* name) const;
  bool give(Entry& entry, const Weights& weights, nvinfer1::TensorLocation location);
  /// To all that have the name: the client may have used its weights in several layers.
  bool give_named(const char* name, const Weights& weights, nvinfer1::TensorLocation location);

  CudaEngine& engine_;
  Log log_;
  std::vector<Entry> entries_;
  std::map<std::string, std::pair<float, float>, std::less<>> ranges_;
  int32_t max_threads_ = 1;
  bool validate_ = true;
};

}  // namespace ingot::tensorrt
