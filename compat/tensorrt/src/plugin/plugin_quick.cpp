// Plugins that are written as functions (tensorrt.plugin of 10 and 11): V3 objects whose sides are the quick
// ones.
#include "ingot_tensorrt.h"

#if NV_TENSORRT_MAJOR >= 10

#include "plugin/fields.h"
#include "plugin/plugin_v3.h"

namespace ingot::tensorrt {
namespace {

using nvinfer1::PluginCapabilityType;

std::vector<nvinfer1::Dims> row_major(const Plugin::Descs& descs) {
  std::vector<nvinfer1::Dims> out;
  for (const auto& d : descs) {
    nvinfer1::Dims strides = d.dims;
    int64_t step = 1;
    for (int32_t i = strides.nbDims; i-- > 0; step *= d.dims.d[i]) strides.d[i] = step;
    out.push_back(strides);
  }
  return out;
}

class QuickPlugin final : public Plugin {
 public:
  explicit QuickPlugin(OwnedV3 plugin) : plugin_(std::move(plugin)) {}

  bool whole() const { return core() != nullptr && runtime() != nullptr; }
  const char* metadata() override { return build()->getMetadataString(); }
  int32_t num_outputs() override { return build()->getNbOutputs(); }

  int32_t aliased_input(int32_t output) override { return build()->getAliasedInput(output); }

  Status output_types(const std::vector<Type>& in, const std::vector<int32_t>& ranks,
                      std::vector<Type>& out) override {
    const int32_t code =
        build()->getOutputDataTypes(out.data(), count(out), in.data(), ranks.data(), count(in));
    return code == 0 ? Status() : refused(name(), "getOutputDataTypes", code);
  }

  Status output_dims(const std::vector<nvinfer1::DimsExprs>& in,
                     const std::vector<nvinfer1::DimsExprs>& values, std::vector<nvinfer1::DimsExprs>& out,
                     Expressions& builder) override {
    return output_shapes(*build(), name(), in, values, out, builder);
  }

  Status supports(const Descs& in, const Descs& out) override { return takes(*build(), name(), in, out); }

  Status run(const Descs& in, const Descs& out, const void* const* inputs, void* const* outputs,
             const CustomOp::Gpu* gpu) override {
    if (Status s = configure(*build(), name(), in, out); !s.ok()) return s;
    if (Status s = choose_tactic(*build(), *runtime(), name(), told_); !s.ok()) return s;
    const auto in_strides = row_major(in), out_strides = row_major(out);
    const auto stream = static_cast<cudaStream_t>(gpu == nullptr ? nullptr : gpu->stream);
    const int32_t code = runtime()->enqueue(in.data(), out.data(), inputs, outputs, in_strides.data(),
                                            out_strides.data(), count(in), count(out), stream);
    return code == 0 ? Status() : refused(name(), "enqueue", code);
  }

  std::unique_ptr<Plugin> clone() override { return take(plugin_->clone()); }

  Result<std::string> save() override {
    const nvinfer1::PluginFieldCollection* fields = runtime()->getFieldsToSerialize();
    if (fields == nullptr) return gave_nothing(name(), "getFieldsToSerialize");
    return pack(SavedPlugin{"quick", text_or_empty(name()), text_or_empty(core()->getPluginVersion()),
                            text_or_empty(core()->getPluginNamespace()), pack_fields(*fields)});
  }

 private:
  nvinfer1::IPluginV3QuickCore* core() const {
    return side<nvinfer1::IPluginV3QuickCore>(*plugin_, PluginCapabilityType::kCORE);
  }
  nvinfer1::IPluginV3QuickBuild* build() const {
    return side<nvinfer1::IPluginV3QuickBuild>(*plugin_, PluginCapabilityType::kBUILD);
  }
  nvinfer1::IPluginV3QuickRuntime* runtime() const {
    return side<nvinfer1::IPluginV3QuickRuntime>(*plugin_, PluginCapabilityType::kRUNTIME);
  }
  const char* name() const { return core()->getPluginName(); }

  OwnedV3 plugin_;
  bool told_ = false;  // of tactics
};

}  // namespace

std::unique_ptr<Plugin> take_quick(OwnedV3 plugin) {
  auto taken = std::make_unique<QuickPlugin>(std::move(plugin));
  return taken->whole() ? std::move(taken) : nullptr;
}

}  // namespace ingot::tensorrt

#endif
