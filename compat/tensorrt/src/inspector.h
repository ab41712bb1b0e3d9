// IEngineInspector: what an engine is, layer by layer, as text or JSON.
#pragma once

#include <string>

#include "engine.h"

namespace ingot::tensorrt {

class EngineInspector final : public nvinfer1::IEngineInspector,
                              public Unsupported<nvinfer1::apiv::VEngineInspector> {
 public:
  using Format = nvinfer1::LayerInformationFormat;
  explicit EngineInspector(const CudaEngine& engine) : engine_(engine), log_(engine.log()) { mImpl = this; }
  ~EngineInspector() noexcept override { log_.set_recorder(nullptr); }

  nvinfer1::IEngineInspector* getPImpl() noexcept override { return this; }
  bool setExecutionContext(const nvinfer1::IExecutionContext* context) noexcept override;
  const nvinfer1::IExecutionContext* getExecutionContext() const noexcept override { return context_; }
  const char* getLayerInformation(int32_t index, Format format) const noexcept override;
  const char* getEngineInformation(Format format) const noexcept override;
  void setErrorRecorder(nvinfer1::IErrorRecorder* recorder) noexcept override { log_.set_recorder(recorder); }
  nvinfer1::IErrorRecorder* getErrorRecorder() const noexcept override { return log_.recorder(); }

 private:
  std::string describe(const CudaEngine::LayerInfo& layer, Format format) const;

  const CudaEngine& engine_;
  Log log_;
  const nvinfer1::IExecutionContext* context_ = nullptr;
  mutable std::string text_;  // of the last answer: valid until the next
};

}  // namespace ingot::tensorrt
