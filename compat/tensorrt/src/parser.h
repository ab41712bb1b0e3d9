// nvonnxparser::IParser: an ONNX model into a network definition, by Ingot's own front end.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "network.h"

namespace ingot::tensorrt {

/// A status as the parser's errors name it.
nvonnxparser::ErrorCode parser_code(StatusCode code);
/// Where external weights lie: beside the file that the client names, which may be null.
std::string folder_of(const char* path);

/// An import that looks for plugins where no operator is known.
ImportHelp import_help();

/// A model that a client hands over as bytes, with weights that its bytes leave out.
class LoadedModel {
 public:
  bool load(const void* data, uint64_t size, const char* path);
  bool add_initializer(const char* name, const void* data, uint64_t size);
  Result<ingot::Network> import(ImportHelp& help) const;

 private:
  std::string bytes_, path_;
  std::map<std::string, std::string> initializers_;
};

class ParserError final : public Unsupported<nvonnxparser::IParserError> {
 public:
  ParserError(nvonnxparser::ErrorCode code, ImportError error)
      : code_(code), error_(std::move(error)), text_(error_.why.message()) {}

  nvonnxparser::ErrorCode code() const noexcept override { return code_; }
  const char* desc() const noexcept override { return text_.c_str(); }
  const char* file() const noexcept override { return ""; }
  int32_t line() const noexcept override { return 0; }
  const char* func() const noexcept override { return ""; }
  int32_t node() const noexcept override { return static_cast<int32_t>(error_.index); }
#if NV_TENSORRT_MAJOR >= 10
  const char* nodeName() const noexcept override { return error_.node.c_str(); }
  const char* nodeOperator() const noexcept override { return error_.op.c_str(); }
  const char* const* localFunctionStack() const noexcept override { return nullptr; }
  int32_t localFunctionStackSize() const noexcept override { return 0; }
#endif

 private:
  nvonnxparser::ErrorCode code_;
  ImportError error_;
  std::string text_;
};

/// The plugin of the node's name, with the node's attributes as its fields.
Result<CustomOpRef> plugin_for(const NetworkNode& node);

class Parser final : public Unsupported<nvonnxparser::IParser> {
 public:
  Parser(NetworkDefinition& network, nvinfer1::ILogger* logger);

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
#if NV_TENSORRT_MAJOR < 11
  using Supported = std::vector<std::pair<std::vector<uint64_t>, bool>>;
  bool supportsModel(const void* data, uint64_t size, Supported& subgraphs,
                     const char* path) noexcept override;
  /// Weights come with the model here.
  bool parseWithWeightDescriptors(const void* data, uint64_t size) noexcept override {
    return parse(data, size, nullptr);
  }
#endif
#if NV_TENSORRT_MAJOR >= 10
  const nvinfer1::ITensor* getLayerOutputTensor(const char* layer, int64_t output) noexcept override;
  bool supportsModelV2(const void* data, uint64_t size, const char* path) noexcept override;
  int64_t getNbSubgraphs() noexcept override { return static_cast<int64_t>(subgraphs_.size()); }
  bool isSubgraphSupported(int64_t index) noexcept override;
  int64_t* getSubgraphNodes(int64_t index, int64_t& count) noexcept override;
  bool loadModelProto(const void* data, uint64_t size, const char* path) noexcept override {
    return loaded_.load(data, size, path);
  }
  bool loadInitializer(const char* name, const void* data, uint64_t size) noexcept override {
    return loaded_.add_initializer(name, data, size);
  }
  bool parseModelProto() noexcept override;
  bool setBuilderConfig(const nvinfer1::IBuilderConfig* config) noexcept override {
    return config != nullptr;
  }
#endif

 private:
  struct Subgraph {
    std::vector<int64_t> nodes;  // by their index in the model
    bool supported;
  };
  bool take(Result<ingot::Network> imported, ImportHelp& help);
  /// Splits the model's nodes into runs that can be imported and nodes that cannot.
  bool examine(const void* data, uint64_t size, const char* path);

  NetworkDefinition& network_;
  Log log_;
  uint32_t flags_ = 0;
  std::vector<std::unique_ptr<ParserError>> errors_;
  std::vector<Subgraph> subgraphs_;
  LoadedModel loaded_;
};

}  // namespace ingot::tensorrt
