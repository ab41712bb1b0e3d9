// PluginV2 and PluginV3: nodes that a plugin computes.
#include "plugin/plugin.h"

#include "emit.h"

namespace ingot::tensorrt {
namespace {

using nvinfer1::LayerType;

Values emit_plugin(ingot::Network& g, const Values& in, const std::string& data, int outputs,
                   const std::string& name) {
  return g.add("Custom", in, {{"kind", std::string(kPluginKind)}, {"data", data}}, outputs, name);
}

class PluginV2Layer final : public LayerOf<nvinfer1::IPluginV2Layer, nvinfer1::apiv::VPluginV2Layer> {
 public:
  PluginV2Layer(NetworkDefinition& network, std::vector<Tensor*> inputs, nvinfer1::IPluginV2& plugin)
      : LayerOf(network, LayerType::kPLUGIN_V2, std::move(inputs)),
        plugin_(*plugin.clone()),
        data_(keep(take(plugin.clone()))) {}
  ~PluginV2Layer() { plugin_.destroy(); }
  nvinfer1::IPluginV2& getPlugin() noexcept override { return plugin_; }
  Values emit(ingot::Network& g, const Values& in) override {
    return emit_plugin(g, in, data_, Layer::getNbOutputs(), name());
  }

 private:
  nvinfer1::IPluginV2& plugin_;
  std::string data_;
};

#if NV_TENSORRT_MAJOR >= 10
class PluginV3Layer final : public LayerOf<nvinfer1::IPluginV3Layer, nvinfer1::apiv::VPluginV3Layer> {
 public:
  PluginV3Layer(NetworkDefinition& network, std::vector<Tensor*> inputs, nvinfer1::IPluginV3* own,
                std::unique_ptr<Plugin> plugin)
      : LayerOf(network, LayerType::kPLUGIN_V3, std::move(inputs)),
        own_(own),
        data_(keep(std::move(plugin))) {}
  nvinfer1::IPluginV3& getPlugin() noexcept override { return *own_; }
  Values emit(ingot::Network& g, const Values& in) override {
    return emit_plugin(g, in, data_, Layer::getNbOutputs(), name());
  }

 private:
  OwnedV3 own_;
  std::string data_;
};
#endif

}  // namespace

nvinfer1::IPluginV2Layer* NetworkDefinition::addPluginV2(nvinfer1::ITensor* const* inputs, int32_t count,
                                                         nvinfer1::IPluginV2& plugin) noexcept {
  return add_with_outputs<PluginV2Layer>(plugin.getNbOutputs(), tensors(inputs, count), plugin);
}

#if NV_TENSORRT_MAJOR >= 10
nvinfer1::IPluginV3Layer* NetworkDefinition::addPluginV3(nvinfer1::ITensor* const* inputs, int32_t count,
                                                         nvinfer1::ITensor* const*, int32_t shapes,
                                                         nvinfer1::IPluginV3& plugin) noexcept {
  auto taken = take(plugin.clone());
  if (taken == nullptr || shapes > 0) {
    log_.error(nvinfer1::ErrorCode::kINVALID_ARGUMENT,
               shapes > 0 ? "addPluginV3: plugins with shape inputs are not supported"
                          : "addPluginV3: the plugin has no core or no build capability");
    return nullptr;
  }
  const int32_t outputs = taken->num_outputs();
  return add_with_outputs<PluginV3Layer>(outputs, tensors(inputs, count), plugin.clone(), std::move(taken));
}
#endif

}  // namespace ingot::tensorrt
