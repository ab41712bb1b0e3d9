// Plugins of the second generation: V2DynamicExt with symbolic shapes; V2, V2Ext and V2IOExt with fixed ones,
// called as of one batch whose dims are all given.
#include "plugin/builtin.h"
#include "plugin/plugin.h"

namespace ingot::tensorrt {
namespace {

using nvinfer1::Dims;
using nvinfer1::IPluginV2;
using nvinfer1::IPluginV2DynamicExt;
using nvinfer1::IPluginV2Ext;
using nvinfer1::IPluginV2IOExt;
using nvinfer1::PluginVersion;

constexpr auto kLinear = nvinfer1::TensorFormat::kLINEAR;

class PluginV2 final : public Plugin {
 public:
  explicit PluginV2(IPluginV2* plugin)
      : plugin_(plugin), generation_(static_cast<PluginVersion>(plugin->getTensorRTVersion() >> 24 & 0x3f)) {}
  ~PluginV2() override {
    if (initialized_) {
      if (generation_ != PluginVersion::kV2) as<IPluginV2Ext>().detachFromContext();
      plugin_->terminate();
    }
    plugin_->destroy();
  }

  int32_t num_outputs() override { return plugin_->getNbOutputs(); }

  Status output_types(const std::vector<Type>& in, const std::vector<int32_t>&,
                      std::vector<Type>& out) override {
    for (size_t i = 0; i < out.size(); ++i)
      out[i] = generation_ == PluginVersion::kV2
                   ? Type::kFLOAT
                   : as<IPluginV2Ext>().getOutputDataType(static_cast<int32_t>(i), in.data(), count(in));
    return {};
  }

  Status output_dims(const std::vector<nvinfer1::DimsExprs>& in, const std::vector<nvinfer1::DimsExprs>&,
                     std::vector<nvinfer1::DimsExprs>& out, Expressions& builder) override {
    if (generation_ == PluginVersion::kV2_DYNAMICEXT) {
      for (size_t i = 0; i < out.size(); ++i)
        out[i] = as<IPluginV2DynamicExt>().getOutputDimensions(static_cast<int32_t>(i), in.data(), count(in),
                                                               builder);
      return {};
    }
    std::vector<Dims> fixed;
    for (const nvinfer1::DimsExprs& e : in) {
      Dims& dims = fixed.emplace_back();
      dims.nbDims = e.nbDims;
      for (int32_t d = 0; d < e.nbDims; ++d) {
        if (!e.d[d]->isConstant())
          return {StatusCode::kUnsupported, std::string("plugin '") + plugin_->getPluginType() +
                                                "' is of a generation that needs fixed shapes"};
        dims.d[d] = e.d[d]->getConstantValue();
      }
    }
    for (size_t i = 0; i < out.size(); ++i) {
      const Dims dims = plugin_->getOutputDimensions(static_cast<int32_t>(i), fixed.data(), count(fixed));
      std::vector<std::string> texts;
      for (int64_t d : to_vector(dims)) texts.push_back(std::to_string(d));
      out[i] = builder.dims(texts);
    }
    return {};
  }

  Status supports(const Descs& in, const Descs& out) override {
    Descs all = in;
    all.insert(all.end(), out.begin(), out.end());
    for (size_t i = 0; i < all.size(); ++i)
      if (!takes(i, all, in.size(), out.size()))
        return unsupported_format(plugin_->getPluginType(), i, all[i].type);
    return {};
  }

  Status run(const Descs& in, const Descs& out, const void* const* inputs, void* const* outputs,
             const CustomOp::Gpu* gpu) override {
    const auto stream = static_cast<cudaStream_t>(gpu == nullptr ? nullptr : gpu->stream);
    configure(in, out);
    if (!initialized_) {
      if (const int32_t code = plugin_->initialize(); code != 0)
        return refused(plugin_->getPluginType(), "initialize", code);
      // There is no cuDNN or cuBLAS to hand over.
      if (generation_ != PluginVersion::kV2)
        as<IPluginV2Ext>().attachToContext(nullptr, nullptr, plugin_allocator());
      initialized_ = true;
    }
    int32_t code;
    if (generation_ == PluginVersion::kV2_DYNAMICEXT) {
      auto& dynamic = as<IPluginV2DynamicExt>();
      const auto memory =
          workspace(dynamic.getWorkspaceSize(in.data(), count(in), out.data(), count(out)), gpu, workspace_);
      if (!memory.ok()) return memory.status();
      code = dynamic.enqueue(in.data(), out.data(), inputs, outputs, *memory, stream);
    } else {
      const auto memory = workspace(plugin_->getWorkspaceSize(1), gpu, workspace_);
      if (!memory.ok()) return memory.status();
      code = plugin_->enqueue(1, inputs, outputs, *memory, stream);
    }
    return code == 0 ? Status() : refused(plugin_->getPluginType(), "enqueue", code);
  }

  std::unique_ptr<Plugin> clone() override { return take(plugin_->clone()); }
  bool host_only() override { return is_builtin(plugin_->getPluginType()); }

  Result<std::string> save() override {
    SavedPlugin saved{"V2", plugin_->getPluginType(), plugin_->getPluginVersion(), "", ""};
    if (const char* space = plugin_->getPluginNamespace()) saved.space = space;
    saved.bytes.resize(plugin_->getSerializationSize());
    plugin_->serialize(saved.bytes.data());
    return pack(saved);
  }

 private:
  template <class T>
  T& as() const {
    return static_cast<T&>(*plugin_);
  }
  template <class T>
  static int32_t count(const std::vector<T>& list) {
    return static_cast<int32_t>(list.size());
  }

  void configure(const Descs& in, const Descs& out) {
    if (generation_ == PluginVersion::kV2_DYNAMICEXT) {
      const auto with_in = with_range(in), with_out = with_range(out);
      as<IPluginV2DynamicExt>().configurePlugin(with_in.data(), count(in), with_out.data(), count(out));
      return;
    }
    if (generation_ == PluginVersion::kV2_IOEXT) {
      as<IPluginV2IOExt>().configurePlugin(in.data(), count(in), out.data(), count(out));
      return;
    }
    std::vector<Dims> in_dims, out_dims;
    std::vector<Type> in_types, out_types;
    for (const auto& d : in) in_dims.push_back(d.dims), in_types.push_back(d.type);
    for (const auto& d : out) out_dims.push_back(d.dims), out_types.push_back(d.type);
    const Type type = out_types.empty() ? Type::kFLOAT : out_types[0];
    if (generation_ == PluginVersion::kV2) {
      plugin_->configureWithFormat(in_dims.data(), count(in), out_dims.data(), count(out), type, kLinear, 1);
      return;
    }
    const std::unique_ptr<bool[]> never(new bool[in.size() + out.size() + 1]());
    as<IPluginV2Ext>().configurePlugin(in_dims.data(), count(in), out_dims.data(), count(out),
                                       in_types.data(), out_types.data(), never.get(), never.get(), kLinear,
                                       1);
  }

  bool takes(size_t i, const Descs& all, size_t inputs, size_t outputs) const {
    const auto at = static_cast<int32_t>(i), n = static_cast<int32_t>(inputs),
               m = static_cast<int32_t>(outputs);
    if (generation_ == PluginVersion::kV2_DYNAMICEXT)
      return as<IPluginV2DynamicExt>().supportsFormatCombination(at, all.data(), n, m);
    if (generation_ == PluginVersion::kV2_IOEXT)
      return as<IPluginV2IOExt>().supportsFormatCombination(at, all.data(), n, m);
    return i >= inputs || plugin_->supportsFormat(all[i].type, kLinear);
  }

  IPluginV2* plugin_;
  PluginVersion generation_;
  bool initialized_ = false;
  std::vector<char> workspace_;
};

}  // namespace

std::unique_ptr<Plugin> take(IPluginV2* plugin) {
  return plugin == nullptr ? nullptr : std::make_unique<PluginV2>(plugin);
}

}  // namespace ingot::tensorrt
