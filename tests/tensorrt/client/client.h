// What the C++ clients of this folder share: a logger, a recorder, a small network. Compiled against the
// headers of each major.
#pragma once

#include <gtest/gtest.h>
#include <NvInfer.h>
#include <NvOnnxParser.h>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace client {

inline constexpr int kMajor = NV_TENSORRT_MAJOR;
#if NV_TENSORRT_MAJOR == 8
inline constexpr uint32_t kNetworkFlags =
    1U << static_cast<uint32_t>(nvinfer1::NetworkDefinitionCreationFlag::kEXPLICIT_BATCH);
#else
inline constexpr uint32_t kNetworkFlags = 0;
#endif

template <class T>
using Owned = std::unique_ptr<T>;

class Logger : public nvinfer1::ILogger {
 public:
  void log(Severity severity, const char* text) noexcept override {
    const std::lock_guard lock(mutex_);
    if (severity <= Severity::kERROR) errors_.emplace_back(text);
    if (severity == Severity::kWARNING) warnings_.emplace_back(text);
  }
  /// What was logged since the last call.
  std::vector<std::string> errors() { return take(errors_); }
  std::vector<std::string> warnings() { return take(warnings_); }

 private:
  std::vector<std::string> take(std::vector<std::string>& list) {
    const std::lock_guard lock(mutex_);
    return std::exchange(list, {});
  }
  std::mutex mutex_;
  std::vector<std::string> errors_, warnings_;
};

class Recorder : public nvinfer1::IErrorRecorder {
 public:
  int32_t getNbErrors() const noexcept override { return static_cast<int32_t>(errors.size()); }
  nvinfer1::ErrorCode getErrorCode(int32_t i) const noexcept override {
    return errors[static_cast<size_t>(i)].first;
  }
  ErrorDesc getErrorDesc(int32_t i) const noexcept override {
    return errors[static_cast<size_t>(i)].second.c_str();
  }
  bool hasOverflowed() const noexcept override { return false; }
  void clear() noexcept override { errors.clear(); }
  bool reportError(nvinfer1::ErrorCode code, ErrorDesc text) noexcept override {
    const std::lock_guard lock(mutex_);
    errors.emplace_back(code, text);
    return true;
  }
  RefCount incRefCount() noexcept override { return ++users; }
  RefCount decRefCount() noexcept override { return --users; }

  std::vector<std::pair<nvinfer1::ErrorCode, std::string>> errors;
  int users = 0;

 private:
  std::mutex mutex_;
};

inline nvinfer1::Dims dims(std::initializer_list<int> sizes) {
  nvinfer1::Dims out{};
  for (int d : sizes) out.d[out.nbDims++] = d;
  return out;
}

/// y = relu(x @ {{1, -1}, {2, 3}}) for x f32[-1, 2], built for 1 to 8 rows.
struct Linear {
  explicit Linear(Logger& logger) : builder(nvinfer1::createInferBuilder(logger)) {
    static const float kWeights[] = {1, -1, 2, 3};
    network.reset(builder->createNetworkV2(kNetworkFlags));
    auto* x = network->addInput("x", nvinfer1::DataType::kFLOAT, dims({-1, 2}));
    auto* w = network->addConstant(dims({2, 2}), {nvinfer1::DataType::kFLOAT, kWeights, 4});
    constexpr auto kNone = nvinfer1::MatrixOperation::kNONE;
    auto* product = network->addMatrixMultiply(*x, kNone, *w->getOutput(0), kNone);
    auto* relu = network->addActivation(*product->getOutput(0), nvinfer1::ActivationType::kRELU);
    relu->getOutput(0)->setName("y");
    network->markOutput(*relu->getOutput(0));
    config.reset(builder->createBuilderConfig());
    config->setBuilderOptimizationLevel(0);
  }
  void add_profile(int least = 1, int most = 8) {
    auto* profile = builder->createOptimizationProfile();
    using Select = nvinfer1::OptProfileSelector;
    profile->setDimensions("x", Select::kMIN, dims({least, 2}));
    profile->setDimensions("x", Select::kOPT, dims({least + 1, 2}));
    profile->setDimensions("x", Select::kMAX, dims({most, 2}));
    config->addOptimizationProfile(profile);
  }
  Owned<nvinfer1::IHostMemory> plan() {
    if (config->getNbOptimizationProfiles() == 0) add_profile();
    return Owned<nvinfer1::IHostMemory>(builder->buildSerializedNetwork(*network, *config));
  }

  Owned<nvinfer1::IBuilder> builder;
  Owned<nvinfer1::INetworkDefinition> network;
  Owned<nvinfer1::IBuilderConfig> config;
};

inline Owned<nvinfer1::ICudaEngine> engine_of(nvinfer1::IRuntime& runtime,
                                              const nvinfer1::IHostMemory& plan) {
  return Owned<nvinfer1::ICudaEngine>(runtime.deserializeCudaEngine(plan.data(), plan.size()));
}

inline const std::vector<float> kRows = {1, 2, -3, 4}, kAnswers = {5, 5, 5, 15};

/// Runs two rows; the answers are kAnswers.
inline bool run(nvinfer1::IExecutionContext& context, std::vector<float>& answers) {
  answers.assign(4, -77);
  return context.setInputShape("x", dims({2, 2})) &&
         context.setTensorAddress("x", const_cast<float*>(kRows.data())) &&
         context.setTensorAddress("y", answers.data()) && context.enqueueV3(nullptr);
}

}  // namespace client
