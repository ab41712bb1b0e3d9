#include "parser.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "plugin/fields.h"
#include "plugin/plugin.h"
#include "plugin_registry.h"

namespace ingot::tensorrt {
namespace {

std::string text(const std::map<std::string, NetworkAttr>& attrs, const char* name, const char* fallback) {
  const auto it = attrs.find(name);
  const auto* value = it == attrs.end() ? nullptr : std::get_if<std::string>(&it->second);
  return value == nullptr ? fallback : *value;
}

}  // namespace

Result<CustomOpRef> plugin_for(const NetworkNode& node) {
  const std::string version = text(node.attrs, "plugin_version", "1"),
                    space = text(node.attrs, "plugin_namespace", "");
  auto& registry = PluginRegistry::global();
  auto* creator = registry.lookup(node.op, version, space);
  if (creator == nullptr) return Status(StatusCode::kUnsupported, registry.missing(node.op, version, space));
  std::unique_ptr<Plugin> made;
  const std::string_view generation = PluginRegistry::generation(*creator);
  if (generation == "V2") {
    auto* v2 = static_cast<nvinfer1::IPluginCreator*>(creator);
    Fields fields = Fields::of(node.attrs, v2->getFieldNames());
    made = take(v2->createPlugin(node.op.c_str(), &fields.collection()));
  }
#if NV_TENSORRT_MAJOR >= 10
  if (generation == "V3") {
    auto* v3 = static_cast<nvinfer1::IPluginCreatorV3One*>(creator);
    Fields fields = Fields::of(node.attrs, v3->getFieldNames());
    made = take(v3->createPlugin(node.op.c_str(), &fields.collection(), nvinfer1::TensorRTPhase::kBUILD));
  }
  if (generation == "quick") {
    auto* quick = static_cast<nvinfer1::IPluginCreatorV3Quick*>(creator);
    Fields fields = Fields::of(node.attrs, quick->getFieldNames());
    OwnedV3 object(quick->createPlugin(node.op.c_str(), quick->getPluginNamespace(), &fields.collection(),
                                       nvinfer1::TensorRTPhase::kBUILD,
                                       nvinfer1::QuickPluginCreationRequest::kPREFER_JIT));
    if (object != nullptr && is_compiled(*object))
      return Status(StatusCode::kUnsupported,
                    "plugin '" + node.op +
                        "' is compiled ahead of time only; for a node of an ONNX model it needs "
                        "a function for @tensorrt.plugin.impl");
    made = take(object.release());
  }
#endif
  if (made == nullptr)
    return Status(StatusCode::kInvalidArgument, "the creator of plugin '" + node.op + "' made none");
  const auto data = keep(std::move(made));
  if (!data.ok()) return data.status();
  return CustomOpRef{kPluginKind, node_data(*data)};
}

nvonnxparser::ErrorCode parser_code(StatusCode code) {
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

std::string folder_of(const char* path) {
  if (path == nullptr) return "";
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

bool LoadedModel::load(const void* data, uint64_t size, const char* path) {
  if (data == nullptr || size == 0) return false;
  bytes_.assign(static_cast<const char*>(data), size);
  path_ = path == nullptr ? "" : path;
  initializers_.clear();
  return true;
}

bool LoadedModel::add_initializer(const char* name, const void* data, uint64_t size) {
  if (bytes_.empty() || name == nullptr || (data == nullptr && size > 0)) return false;
  initializers_[name].assign(static_cast<const char*>(data), size);
  return true;
}

Result<ingot::Network> LoadedModel::import(ImportHelp& help) const {
  if (bytes_.empty()) return Status(StatusCode::kFailedPrecondition, "no model was loaded");
  help.initializers = initializers_;
  return ingot::Network::from_onnx(bytes_.data(), bytes_.size(),
                                   path_.empty() ? "" : folder_of(path_.c_str()), &help);
}

Parser::Parser(NetworkDefinition& network, nvinfer1::ILogger* logger) : network_(network), log_(logger) {
  register_plugin_op();  // models may name plugins
}

ImportHelp import_help() {
  ImportHelp out;
  out.unknown = plugin_for;
  return out;
}

bool Parser::take(Result<ingot::Network> imported, ImportHelp& help) {
  if (imported.ok() && network_.getNbInputs() + network_.getNbLayers() > 0)
    imported =
        Status(StatusCode::kInvalidArgument, "the network definition must be empty before a model is parsed");
  if (!imported.ok()) {
    if (help.errors.empty()) help.errors.push_back({-1, "", "", imported.status()});
    for (ImportError& e : help.errors)
      errors_.push_back(std::make_unique<ParserError>(parser_code(e.why.code()), std::move(e)));
    log_.check(imported.status());
    return false;
  }
  network_.adopt(std::move(*imported));
  return true;
}

bool Parser::parse(const void* data, uint64_t size, const char* path) noexcept {
  return log_.guard("parse", [&] {
    ImportHelp with = import_help();
    if (data == nullptr)
      return take(Status(StatusCode::kInvalidArgument, "parse: the model's bytes are null"), with);
    return take(ingot::Network::from_onnx(data, size, folder_of(path), &with), with);
  });
}

bool Parser::parseFromFile(const char* path, int32_t) noexcept {
  return log_.guard("parseFromFile", [&] {
    ImportHelp with = import_help();
    return take(ingot::Network::from_onnx(path == nullptr ? "" : path, &with), with);
  });
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

bool Parser::examine(const void* data, uint64_t size, const char* path) {
  subgraphs_.clear();
  errors_.clear();
  if (data == nullptr) return false;
  ImportHelp with = import_help();
  const auto imported = ingot::Network::from_onnx(data, size, folder_of(path), &with);
  std::set<int64_t> bad;
  for (ImportError& e : with.errors) {
    if (e.index >= 0) bad.insert(e.index);
    errors_.push_back(std::make_unique<ParserError>(parser_code(e.why.code()), std::move(e)));
  }
  if (!imported.ok() && bad.empty()) return false;  // nothing can be said of single nodes
  for (int64_t i = 0; i < with.num_nodes; ++i) {
    const bool supported = !bad.contains(i);
    if (subgraphs_.empty() || !supported || !subgraphs_.back().supported)
      subgraphs_.push_back({{}, supported});
    subgraphs_.back().nodes.push_back(i);
  }
  return imported.ok();
}

#if NV_TENSORRT_MAJOR < 11
bool Parser::supportsModel(const void* data, uint64_t size, Supported& subgraphs, const char* path) noexcept {
  const bool all = examine(data, size, path);
  subgraphs.clear();
  for (const Subgraph& s : subgraphs_) subgraphs.push_back({{s.nodes.begin(), s.nodes.end()}, s.supported});
  return all;
}
#endif

#if NV_TENSORRT_MAJOR >= 10
bool Parser::supportsModelV2(const void* data, uint64_t size, const char* path) noexcept {
  return log_.guard("supportsModelV2", [&] { return examine(data, size, path); });
}

bool Parser::isSubgraphSupported(int64_t index) noexcept {
  return index >= 0 && index < getNbSubgraphs() && subgraphs_[static_cast<size_t>(index)].supported;
}

int64_t* Parser::getSubgraphNodes(int64_t index, int64_t& count) noexcept {
  count = 0;
  if (index < 0 || index >= getNbSubgraphs()) return nullptr;
  auto& nodes = subgraphs_[static_cast<size_t>(index)].nodes;
  count = static_cast<int64_t>(nodes.size());
  return nodes.data();
}

const nvinfer1::ITensor* Parser::getLayerOutputTensor(const char* layer, int64_t output) noexcept {
  for (int32_t i = 0; layer != nullptr && i < network_.getNbLayers(); ++i) {
    const nvinfer1::ILayer* l = network_.getLayer(i);
    if (std::string_view(l->getName()) == layer) return l->getOutput(static_cast<int32_t>(output));
  }
  return nullptr;
}

bool Parser::parseModelProto() noexcept {
  return log_.guard("parseModelProto", [&] {
    ImportHelp with = import_help();
    return take(loaded_.import(with), with);
  });
}
#endif

}  // namespace ingot::tensorrt
