// Plugins that are written as functions (tensorrt.plugin of 10 and 11): V3 objects whose sides are the quick
// ones.
#include "plugin/plugin.h"

#if NV_TENSORRT_MAJOR >= 10

#include "plugin/fields.h"

namespace ingot::tensorrt {
namespace {

using nvinfer1::PluginCapabilityType;

template <class T>
int32_t count(const std::vector<T>& list) {
  return static_cast<int32_t>(list.size());
}

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

  Status output_types(const std::vector<Type>& in, std::vector<Type>& out) override {
    const std::vector<int32_t> ranks(in.size(), -1);
    const int32_t code =
        build()->getOutputDataTypes(out.data(), count(out), in.data(), ranks.data(), count(in));
    return code == 0 ? Status() : refused(name(), "getOutputDataTypes", code);
  }

  Status output_dims(const std::vector<nvinfer1::DimsExprs>& in,
                     const std::vector<nvinfer1::DimsExprs>& values, std::vector<nvinfer1::DimsExprs>& out,
                     Expressions& builder) override {
    const int32_t code = build()->getOutputShapes(in.data(), count(in), values.data(), count(values),
                                                  out.data(), count(out), builder);
    return code == 0 ? Status() : refused(name(), "getOutputShapes", code);
  }

  // It lists what it takes, all tensors at a time.
  Status supports(const Descs& in, const Descs& out) override {
    auto all = with_range(in);
    for (const auto& d : out) all.push_back(with_range(d));
    const int32_t lists = build()->getNbSupportedFormatCombinations(all.data(), count(in), count(out));
    if (lists <= 0) return refused(name(), "getNbSupportedFormatCombinations", lists);
    Descs taken(all.size() * static_cast<size_t>(lists));
    if (const int32_t code =
            build()->getSupportedFormatCombinations(all.data(), count(in), count(out), taken.data(), lists))
      return refused(name(), "getSupportedFormatCombinations", code);
    size_t furthest = 0;
    for (size_t list = 0; list < static_cast<size_t>(lists); ++list) {
      size_t i = 0;
      for (; i < all.size(); ++i) {
        const auto& t = taken[list * all.size() + i];
        if (t.type != all[i].desc.type || t.format != nvinfer1::TensorFormat::kLINEAR) break;
      }
      if (i == all.size()) return {};
      furthest = std::max(furthest, i);
    }
    return unsupported_format(name(), furthest, all[furthest].desc.type);
  }

  Status run(const Descs& in, const Descs& out, const void* const* inputs, void* const* outputs,
             const CustomOp::Gpu* gpu) override {
    const auto with_in = with_range(in), with_out = with_range(out);
    if (const int32_t code = build()->configurePlugin(with_in.data(), count(in), with_out.data(), count(out)))
      return refused(name(), "configurePlugin", code);
    if (const int32_t code = choose_tactic()) return refused(name(), "setTactic", code);
    const auto in_strides = row_major(in), out_strides = row_major(out);
    const auto stream = static_cast<cudaStream_t>(gpu == nullptr ? nullptr : gpu->stream);
    const int32_t code = runtime()->enqueue(in.data(), out.data(), inputs, outputs, in_strides.data(),
                                            out_strides.data(), count(in), count(out), stream);
    return code == 0 ? Status() : refused(name(), "enqueue", code);
  }

  std::unique_ptr<Plugin> clone() override { return take(plugin_->clone()); }

  Result<std::string> save() override {
    const auto text = [](const char* s) { return std::string(s == nullptr ? "" : s); };
    const nvinfer1::PluginFieldCollection* fields = runtime()->getFieldsToSerialize();
    if (fields == nullptr) return gave_nothing(name(), "getFieldsToSerialize");
    return pack(SavedPlugin{"quick", text(name()), text(core()->getPluginVersion()),
                            text(core()->getPluginNamespace()), pack_fields(*fields)});
  }

 private:
  template <class Side>
  Side* side(PluginCapabilityType which) const {
    return static_cast<Side*>(plugin_->getCapabilityInterface(which));
  }
  nvinfer1::IPluginV3QuickCore* core() const {
    return side<nvinfer1::IPluginV3QuickCore>(PluginCapabilityType::kCORE);
  }
  nvinfer1::IPluginV3QuickBuild* build() const {
    return side<nvinfer1::IPluginV3QuickBuild>(PluginCapabilityType::kBUILD);
  }
  nvinfer1::IPluginV3QuickRuntime* runtime() const {
    return side<nvinfer1::IPluginV3QuickRuntime>(PluginCapabilityType::kRUNTIME);
  }
  const char* name() const { return core()->getPluginName(); }
  // The first of the plugin's own tactics, which are not timed; without any, nothing is set.
  int32_t choose_tactic() const {
    const int32_t count = build()->getNbTactics();
    if (count <= 0) return 0;
    std::vector<int32_t> tactics(static_cast<size_t>(count));
    if (const int32_t code = build()->getValidTactics(tactics.data(), count)) return code;
    return runtime()->setTactic(tactics[0]);
  }

  OwnedV3 plugin_;
};

}  // namespace

std::unique_ptr<Plugin> take_quick(OwnedV3 plugin) {
  auto taken = std::make_unique<QuickPlugin>(std::move(plugin));
  return taken->whole() ? std::move(taken) : nullptr;
}

}  // namespace ingot::tensorrt

#endif
