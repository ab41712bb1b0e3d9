// Plugins of the third generation (TensorRT 10 and 11): one object with a core, a build and a runtime side.
#include "ingot_tensorrt.h"

#if NV_TENSORRT_MAJOR >= 10

#include "plugin/fields.h"
#include "plugin/plugin_v3.h"

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

class PluginV3 final : public Plugin {
 public:
  explicit PluginV3(IPluginV3* plugin) : plugin_(plugin) {}

  nvinfer1::IPluginV3OneCore* core() const {
    return side<nvinfer1::IPluginV3OneCore>(*plugin_, PluginCapabilityType::kCORE);
  }
  nvinfer1::v_1_0::IPluginV3OneBuild* build() const {
    return side<nvinfer1::v_1_0::IPluginV3OneBuild>(*plugin_, PluginCapabilityType::kBUILD);
  }
  bool whole() const { return core() != nullptr && build() != nullptr; }
  const char* metadata() override { return build()->getMetadataString(); }

  int32_t aliased_input(int32_t output) override {
    auto* own = build();
    return own->getInterfaceInfo().major < 2
               ? -1
               : static_cast<nvinfer1::IPluginV3OneBuildV2*>(own)->getAliasedInput(output);
  }
  int32_t num_outputs() override { return build()->getNbOutputs(); }

  Status output_types(const std::vector<Type>& in, const std::vector<int32_t>&,
                      std::vector<Type>& out) override {
    const int32_t code = build()->getOutputDataTypes(out.data(), count(out), in.data(), count(in));
    return code == 0 ? Status() : refused(name(), "getOutputDataTypes", code);
  }

  Status output_dims(const std::vector<nvinfer1::DimsExprs>& in,
                     const std::vector<nvinfer1::DimsExprs>& values, std::vector<nvinfer1::DimsExprs>& out,
                     Expressions& builder) override {
    return output_shapes(*build(), name(), in, values, out, builder);
  }

  Status supports(const Descs& in, const Descs& out) override {
    const auto all = all_with_range(in, out);
    for (size_t i = 0; i < all.size(); ++i)
      if (!build()->supportsFormatCombination(static_cast<int32_t>(i), all.data(), count(in), count(out)))
        return unsupported_format(name(), i, all[i].desc.type);
    return {};
  }

  Status run(const Descs& in, const Descs& out, const void* const* inputs, void* const* outputs,
             const CustomOp::Gpu* gpu) override {
    const auto stream = static_cast<cudaStream_t>(gpu == nullptr ? nullptr : gpu->stream);
    if (Status s = configure(*build(), name(), in, out); !s.ok()) return s;
    const auto with_in = with_range(in), with_out = with_range(out);
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
    if (Status s = choose_tactic(*build(), *running, name(), told_); !s.ok()) return s;
    if (const int32_t code = running->onShapeChange(in.data(), count(in), out.data(), count(out)))
      return refused(name(), "onShapeChange", code);
    const int32_t code = running->enqueue(in.data(), out.data(), inputs, outputs, *memory, stream);
    return code == 0 ? Status() : refused(name(), "enqueue", code);
  }

  std::unique_ptr<Plugin> clone() override { return take(plugin_->clone()); }

  Result<std::string> save() override {
    SavedPlugin saved{"V3", text_or_empty(core()->getPluginName()), text_or_empty(core()->getPluginVersion()),
                      text_or_empty(core()->getPluginNamespace()), ""};
    nvinfer1::IPluginV3OneRuntime* own = runtime(*plugin_);
    if (own == nullptr) return gave_nothing(name(), "getCapabilityInterface(kRUNTIME)");
    const nvinfer1::PluginFieldCollection* fields = own->getFieldsToSerialize();
    if (fields == nullptr) return gave_nothing(name(), "getFieldsToSerialize");
    saved.bytes = pack_fields(*fields);
    return pack(saved);
  }

 private:
  static nvinfer1::IPluginV3OneRuntime* runtime(IPluginV3& plugin) {
    return side<nvinfer1::IPluginV3OneRuntime>(plugin, PluginCapabilityType::kRUNTIME);
  }
  const char* name() const { return core()->getPluginName(); }

  OwnedV3 plugin_, attached_;
  std::vector<char> workspace_;
  bool told_ = false;  // of tactics
};

}  // namespace

std::unique_ptr<Plugin> take(IPluginV3* plugin) {
  if (plugin == nullptr) return nullptr;
  if (const auto* build = plugin->getCapabilityInterface(PluginCapabilityType::kBUILD); build != nullptr) {
    const std::string_view kind = build->getInterfaceInfo().kind;
    if (kind == "PLUGIN_V3QUICK_BUILD") return take_quick(OwnedV3(plugin));
    if (is_compiled(*plugin)) {  // nothing of it runs in the process: `record_compiled`
      const OwnedV3 unused(plugin);
      return nullptr;
    }
  }
  auto taken = std::make_unique<PluginV3>(plugin);
  return taken->whole() ? std::move(taken) : nullptr;
}

}  // namespace ingot::tensorrt

#endif
