// nvonnxparser::IParser: an ONNX model into a network definition, by Ingot's own front end.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "network.h"

namespace ingot::tensorrt {

class ParserError final : public Unsupported<nvonnxparser::IParserError> {
 public:
  ParserError(nvonnxparser::ErrorCode code, std::string text) : code_(code), text_(std::move(text)) {}

  nvonnxparser::ErrorCode code() const noexcept override { return code_; }
  const char* desc() const noexcept override { return text_.c_str(); }
  const char* file() const noexcept override { return ""; }
  int32_t line() const noexcept override { return 0; }
  const char* func() const noexcept override { return ""; }
  int32_t node() const noexcept override { return -1; }
#if NV_TENSORRT_MAJOR >= 10
  const char* nodeName() const noexcept override { return ""; }
  const char* nodeOperator() const noexcept override { return ""; }
  const char* const* localFunctionStack() const noexcept override { return nullptr; }
  int32_t localFunctionStackSize() const noexcept override { return 0; }
#endif

 private:
  nvonnxparser::ErrorCode code_;
  std::string text_;
};

class Parser final : public Unsupported<nvonnxparser::IParser> {
 public:
  Parser(NetworkDefinition& network, nvinfer1::ILogger* logger) : network_(network), log_(logger) {}

  bool parse(const void* data, uint64_t size, const char* path) noexcept override;
  bool parseFromFile(const char* path, int32_t verbosity) noexcept override;
  bool supportsOperator(const char* op) const noexcept override;
  int32_t getNbErrors() const noexcept override { return static_cast<int32_t>(errors_.size()); }
  const nvonnxparser::IParserError* getError(int32_t index) const noexcept override;
  void clearErrors() noexcept override { errors_.clear(); }
  const char* const* getUsedVCPluginLibraries(int64_t& count) const noexcept override;
  void setFlags(uint32_t flags) noexcept override { flags_ = flags; }
  uint32_t getFlags() const noexcept override { return flags_; }
  void clearFlag(nvonnxparser::OnnxParserFlag flag) noexcept override {
    flags_ &= ~(1U << static_cast<uint32_t>(flag));
  }
  void setFlag(nvonnxparser::OnnxParserFlag flag) noexcept override {
    flags_ |= 1U << static_cast<uint32_t>(flag);
  }
  bool getFlag(nvonnxparser::OnnxParserFlag f) const noexcept override {
    return (flags_ >> static_cast<uint32_t>(f) & 1U) != 0;
  }
#if NV_TENSORRT_MAJOR == 8
  void destroy() noexcept override { delete this; }
#endif

 private:
  bool take(Result<ingot::Network> imported);

  NetworkDefinition& network_;
  Log log_;
  uint32_t flags_ = 0;
  std::vector<std::unique_ptr<ParserError>> errors_;
};

}  // namespace ingot::tensorrt
