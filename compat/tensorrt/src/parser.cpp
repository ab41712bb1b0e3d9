#include "parser.h"

#include <filesystem>

namespace ingot::tensorrt {
namespace {

nvonnxparser::ErrorCode code_of(StatusCode code) {
  using Code = nvonnxparser::ErrorCode;
  switch (code) {
    case StatusCode::kUnsupported:
      return Code::kUNSUPPORTED_NODE;
    case StatusCode::kCorrupt:
    case StatusCode::kNotFound:
    case StatusCode::kIoError:
      return Code::kMODEL_DESERIALIZE_FAILED;
    case StatusCode::kOutOfMemory:
      return Code::kMEM_ALLOC_FAILED;
    case StatusCode::kInvalidArgument:
      return Code::kINVALID_GRAPH;
    default:
      return Code::kINTERNAL_ERROR;
  }
}

}  // namespace

bool Parser::take(Result<ingot::Network> imported) {
  if (imported.ok() && network_.getNbInputs() + network_.getNbLayers() > 0)
    imported =
        Status(StatusCode::kInvalidArgument, "the network definition must be empty before a model is parsed");
  if (!imported.ok()) {
    errors_.push_back(std::make_unique<ParserError>(code_of(imported.status().code()),
                                                    std::string(imported.status().message())));
    log_.check(imported.status());
    return false;
  }
  network_.adopt(std::move(*imported));
  return true;
}

bool Parser::parse(const void* data, uint64_t size, const char* path) noexcept {
  const std::string folder = path == nullptr ? "" : std::filesystem::path(path).parent_path().string();
  return take(ingot::Network::from_onnx(data, size, path != nullptr && folder.empty() ? "." : folder));
}

bool Parser::parseFromFile(const char* path, int32_t) noexcept {
  return take(ingot::Network::from_onnx(path == nullptr ? "" : path));
}

bool Parser::supportsOperator(const char* op) const noexcept {
  return op != nullptr && ingot::supports_onnx_op(op);
}

const nvonnxparser::IParserError* Parser::getError(int32_t index) const noexcept {
  const auto at = static_cast<size_t>(index);
  return at < errors_.size() ? errors_[at].get() : nullptr;
}

const char* const* Parser::getUsedVCPluginLibraries(int64_t& count) const noexcept {
  count = 0;
  return nullptr;
}

}  // namespace ingot::tensorrt
