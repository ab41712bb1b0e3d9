// Plugins of the third generation (TensorRT 10 and 11): one object with a core, a build and a runtime side.
#include "plugin/plugin.h"

#if NV_TENSORRT_MAJOR >= 10

#include "plugin/fields.h"

namespace ingot::tensorrt {
namespace {

using nvinfer1::IPluginV3;
using nvinfer1::PluginCapabilityType;

// What plugins may ask for when they are attached; there is no recorder.
class ResourceContext final : public nvinfer1::IPluginResourceContext {
 public:
  nvinfer1::IGpuAllocator* getGpuAllocator() const noexcept override { return plugin_allocator(); }
  nvinfer1::IErrorRecorder* getErrorRecorder() const noexcept override { return nullptr; }
};

template <class T>
int32_t count(const std::vector<T>& list) {
  return static_cast<int32_t>(list.size());
}

class PluginV3 final : public Plugin {
 public:
  explicit PluginV3(IPluginV3* plugin) : plugin_(plugin) {}

  nvinfer1::IPluginV3OneCore* core() const {
    return static_cast<nvinfer1::IPluginV3OneCore*>(
        plugin_->getCapabilityInterface(PluginCapabilityType::kCORE));
  }
  nvinfer1::v_1_0::IPluginV3OneBuild* build() const {
    return static_cast<nvinfer1::v_1_0::IPluginV3OneBuild*>(
        plugin_->getCapabilityInterface(PluginCapabilityType::kBUILD));
  }
  bool whole() const { return core() != nullptr && build() != nullptr; }
  const char* metadata() override { return build()->getMetadataString(); }

  int32_t num_outputs() override { return build()->getNbOutputs(); }

  Status output_types(const std::vector<Type>& in, std::vector<Type>& out) override {
    const int32_t code = build()->getOutputDataTypes(out.data(), count(out), in.data(), count(in));
    return code == 0 ? Status() : refused(name(), "getOutputDataTypes", code);
  }

  Status output_dims(const std::vector<nvinfer1::DimsExprs>& in,
                     const std::vector<nvinfer1::DimsExprs>& values, std::vector<nvinfer1::DimsExprs>& out,
                     Expressions& builder) override {
    const int32_t code = build()->getOutputShapes(in.data(), count(in), values.data(), count(values),
                                                  out.data(), count(out), builder);
    return code == 0 ? Status() : refused(name(), "getOutputShapes", code);
  }

  Status supports(const Descs& in, const Descs& out) override {
    auto all = with_range(in);
    for (const auto& d : out) all.push_back(with_range(d));
    for (size_t i = 0; i < all.size(); ++i)
      if (!build()->supportsFormatCombination(static_cast<int32_t>(i), all.data(), count(in), count(out)))
        return unsupported_format(name(), i, all[i].desc.type);
    return {};
  }

  Status run(const Descs& in, const Descs& out, const void* const* inputs, void* const* outputs,
             const CustomOp::Gpu* gpu) override {
    const auto stream = static_cast<cudaStream_t>(gpu == nullptr ? nullptr : gpu->stream);
    const auto with_in = with_range(in), with_out = with_range(out);
    if (const int32_t code = build()->configurePlugin(with_in.data(), count(in), with_out.data(), count(out)))
      return refused(name(), "configurePlugin", code);
    const auto memory = workspace(
        build()->getWorkspaceSize(with_in.data(), count(in), with_out.data(), count(out)), gpu, workspace_);
    if (!memory.ok()) return memory.status();
    if (attached_ == nullptr) {
      static ResourceContext context;
      nvinfer1::IPluginV3OneRuntime* own = runtime(*plugin_);
      if (own == nullptr) return gave_nothing(name(), "getCapabilityInterface(kRUNTIME)");
      attached_.reset(own->attachToContext(&context));
      if (attached_ == nullptr) return gave_nothing(name(), "attachToContext");
    }
    nvinfer1::IPluginV3OneRuntime* running = runtime(*attached_);
    if (const int32_t code = choose_tactic(*running)) return refused(name(), "setTactic", code);
    if (const int32_t code = running->onShapeChange(in.data(), count(in), out.data(), count(out)))
      return refused(name(), "onShapeChange", code);
    const int32_t code = running->enqueue(in.data(), out.data(), inputs, outputs, *memory, stream);
    return code == 0 ? Status() : refused(name(), "enqueue", code);
  }

  std::unique_ptr<Plugin> clone() override { return take(plugin_->clone()); }

  Result<std::string> save() override {
    const auto text = [](const char* s) { return std::string(s == nullptr ? "" : s); };
    SavedPlugin saved{"V3", text(core()->getPluginName()), text(core()->getPluginVersion()),
                      text(core()->getPluginNamespace()), ""};
    nvinfer1::IPluginV3OneRuntime* own = runtime(*plugin_);
    if (own == nullptr) return gave_nothing(name(), "getCapabilityInterface(kRUNTIME)");
    const nvinfer1::PluginFieldCollection* fields = own->getFieldsToSerialize();
    if (fields == nullptr) return gave_nothing(name(), "getFieldsToSerialize");
    saved.bytes = pack_fields(*fields);
    return pack(saved);
  }

 private:
  static nvinfer1::IPluginV3OneRuntime* runtime(IPluginV3& plugin) {
    return static_cast<nvinfer1::IPluginV3OneRuntime*>(
        plugin.getCapabilityInterface(PluginCapabilityType::kRUNTIME));
  }
  const char* name() const { return core()->getPluginName(); }
  // The first of the plugin's own tactics, which are not timed; without any, nothing is set.
  int32_t choose_tactic(nvinfer1::IPluginV3OneRuntime& running) const {
    const int32_t count = build()->getNbTactics();
    if (count <= 0) return 0;
    std::vector<int32_t> tactics(static_cast<size_t>(count));
    if (const int32_t code = build()->getValidTactics(tactics.data(), count)) return code;
    return running.setTactic(tactics[0]);
  }

  OwnedV3 plugin_, attached_;
  std::vector<char> workspace_;
};

}  // namespace

std::unique_ptr<Plugin> take(IPluginV3* plugin) {
  if (plugin == nullptr) return nullptr;
  if (const auto* build = plugin->getCapabilityInterface(PluginCapabilityType::kBUILD); build != nullptr) {
    const std::string_view kind = build->getInterfaceInfo().kind;
    if (kind == "PLUGIN_V3QUICK_BUILD") return take_quick(OwnedV3(plugin));
    // Its kernels are compiled by other tools when it is built: a generation that is not known.
    if (kind == "PLUGIN_V3QUICKAOT_BUILD") return nullptr;
  }
  auto taken = std::make_unique<PluginV3>(plugin);
  return taken->whole() ? std::move(taken) : nullptr;
}

}  // namespace ingot::tensorrt

#endif
