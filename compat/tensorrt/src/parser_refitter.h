// nvonnxparser::IParserRefitter: the weights of an ONNX model for a refitter.
#pragma once

#include "parser.h"
#include "refitter.h"

#if NV_TENSORRT_MAJOR >= 10
namespace ingot::tensorrt {

class ParserRefitter final : public Unsupported<nvonnxparser::IParserRefitter> {
 public:
  ParserRefitter(Refitter& refitter, nvinfer1::ILogger* logger) : refitter_(refitter), log_(logger) {}

  bool refitFromBytes(const void* data, uint64_t size, const char* path) noexcept override;
  bool refitFromFile(const char* path) noexcept override;
  int32_t getNbErrors() const noexcept override { return static_cast<int32_t>(errors_.size()); }
  const nvonnxparser::IParserError* getError(int32_t index) const noexcept override;
  void clearErrors() override { errors_.clear(); }
  bool loadModelProto(const void* data, uint64_t size, const char* path) noexcept override {
    return loaded_.load(data, size, path);
  }
  bool loadInitializer(const char* name, const void* data, uint64_t size) noexcept override {
    return loaded_.add_initializer(name, data, size);
  }
  bool refitModelProto() noexcept override;

 private:
  /// Gives the refitter each weight of the model that the engine knows.
  bool take(Result<ingot::Network> model);
  bool fail(nvonnxparser::ErrorCode code, const Status& why);

  Refitter& refitter_;
  Log log_;
  LoadedModel loaded_;
  std::vector<ingot::Network> models_;  // whose weights the refitter reads later
  std::vector<std::unique_ptr<ParserError>> errors_;
};

}  // namespace ingot::tensorrt
#endif
