#include "plugin/builtin.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include "plugin/fields.h"
#include "plugin_registry.h"

namespace ingot::tensorrt {
namespace {

using nvinfer1::DataType;
using nvinfer1::IPluginV2DynamicExt;
using nvinfer1::PluginField;
using nvinfer1::PluginFieldCollection;
using nvinfer1::PluginFieldType;
using nvinfer1::PluginTensorDesc;

Parameters numbers(const PluginFieldCollection& fields) {
  Parameters out;
  for (int32_t i = 0; i < fields.nbFields; ++i) {
    const PluginField& f = fields.fields[i];
    for (int32_t k = 0; f.data != nullptr && k < f.length; ++k) {
      const auto at = static_cast<size_t>(k);
      if (f.type == PluginFieldType::kFLOAT32) out[f.name].push_back(static_cast<const float*>(f.data)[at]);
      if (f.type == PluginFieldType::kINT32) out[f.name].push_back(static_cast<const int32_t*>(f.data)[at]);
      if (f.type == PluginFieldType::kCHAR) out[f.name].push_back(static_cast<const char*>(f.data)[at]);
    }
  }
  return out;
}

bool is_index(DataType type) {
#if NV_TENSORRT_MAJOR >= 10
  if (type == DataType::kINT64) return true;
#endif
  return type == DataType::kINT32;
}

class BuiltinPlugin final : public IPluginV2DynamicExt {
 public:
  BuiltinPlugin(const Builtin& builtin, std::string saved)
      : builtin_(builtin),
        saved_(std::move(saved)),
        parameters_(numbers(Fields(Fields::unpack(saved_)).collection())) {}
  ~BuiltinPlugin() noexcept override = default;

  const char* getPluginType() const noexcept override { return builtin_.name; }
  const char* getPluginVersion() const noexcept override { return builtin_.version; }
  int32_t getNbOutputs() const noexcept override { return static_cast<int32_t>(builtin_.outputs.size()); }
  int32_t initialize() noexcept override { return 0; }
  void terminate() noexcept override {}
  uint64_t getSerializationSize() const noexcept override { return saved_.size(); }
  void serialize(void* buffer) const noexcept override { std::memcpy(buffer, saved_.data(), saved_.size()); }
  void destroy() noexcept override { delete this; }
  void setPluginNamespace(const char* space) noexcept override { space_ = space == nullptr ? "" : space; }
  const char* getPluginNamespace() const noexcept override { return space_.c_str(); }
  DataType getOutputDataType(int32_t i, const DataType*, int32_t) const noexcept override {
    return builtin_.outputs[static_cast<size_t>(i)];
  }
  IPluginV2DynamicExt* clone() const noexcept override {
    auto* copy = new BuiltinPlugin(builtin_, saved_);
    copy->space_ = space_;
    return copy;
  }
  nvinfer1::DimsExprs getOutputDimensions(int32_t i, const nvinfer1::DimsExprs* in, int32_t,
                                          nvinfer1::IExprBuilder& builder) noexcept override {
    return builtin_.dims(parameters_, i, in, builder);
  }
  bool supportsFormatCombination(int32_t at, const PluginTensorDesc* all, int32_t inputs,
                                 int32_t) noexcept override {
    if (all[at].format != nvinfer1::TensorFormat::kLINEAR) return false;
    if (at == builtin_.index_input) return is_index(all[at].type);
    const DataType type = at < inputs ? DataType::kFLOAT : builtin_.outputs[static_cast<size_t>(at - inputs)];
    return all[at].type == type;
  }
  void configurePlugin(const nvinfer1::DynamicPluginTensorDesc*, int32_t,
                       const nvinfer1::DynamicPluginTensorDesc*, int32_t) noexcept override {}
  uint64_t getWorkspaceSize(const PluginTensorDesc*, int32_t, const PluginTensorDesc*,
                            int32_t) const noexcept override {
    return 0;
  }
  int32_t enqueue(const PluginTensorDesc* in, const PluginTensorDesc* out, const void* const* inputs,
                  void* const* outputs, void*, cudaStream_t) noexcept override {
    builtin_.run({parameters_, in, out, inputs, outputs});
    return 0;
  }

 private:
  const Builtin& builtin_;
  std::string saved_, space_;
  Parameters parameters_;
};

class BuiltinCreator final : public nvinfer1::IPluginCreator {
 public:
  BuiltinCreator(const Builtin& builtin, std::string space)
      : builtin_(builtin),
        space_(std::move(space)),
        fields_{static_cast<int32_t>(builtin.fields.size()), builtin.fields.data()} {}
  ~BuiltinCreator() noexcept override = default;

  const char* getPluginName() const noexcept override { return builtin_.name; }
  const char* getPluginVersion() const noexcept override { return builtin_.version; }
  const PluginFieldCollection* getFieldNames() noexcept override { return &fields_; }
  nvinfer1::IPluginV2* createPlugin(const char*, const PluginFieldCollection* fields) noexcept override {
    return make(fields == nullptr ? std::string() : pack_fields(*fields));
  }
  nvinfer1::IPluginV2* deserializePlugin(const char*, const void* data, uint64_t size) noexcept override {
    return make(std::string(static_cast<const char*>(data), size));
  }
  void setPluginNamespace(const char* space) noexcept override { space_ = space == nullptr ? "" : space; }
  const char* getPluginNamespace() const noexcept override { return space_.c_str(); }

 private:
  nvinfer1::IPluginV2* make(std::string saved) const {
    auto* plugin = new BuiltinPlugin(builtin_, std::move(saved));
    plugin->setPluginNamespace(space_.c_str());
    return plugin;
  }
  const Builtin& builtin_;
  std::string space_;
  PluginFieldCollection fields_;
};

}  // namespace

const std::vector<Builtin>& builtins() {
  static const std::vector<Builtin> all = {instance_normalization(), group_normalization(), efficient_nms(),
                                           roi_align(), scatter_elements()};
  return all;
}

bool is_builtin(const char* name) {
  return std::any_of(builtins().begin(), builtins().end(), [&](const Builtin& b) { return b.name == name; });
}

bool register_builtins(const char* space) {
  // Creators stay as long as the process: the registry points to them.
  static auto& creators = *new std::vector<std::unique_ptr<BuiltinCreator>>;
  const std::string name = space == nullptr ? "" : space;
  bool all = true;
  for (const Builtin& b : builtins()) {
    if (PluginRegistry::global().lookup(b.name, b.version, name) != nullptr) continue;
    creators.push_back(std::make_unique<BuiltinCreator>(b, name));
    all = PluginRegistry::global().registerCreator(*creators.back(), name.c_str()) && all;
  }
  return all;
}

}  // namespace ingot::tensorrt
