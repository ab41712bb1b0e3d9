// PluginV2 and PluginV3: nodes that a plugin computes.
#include "plugin/plugin.h"

#include "device.h"
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
  PluginV2Layer(NetworkDefinition& network, std::vector<Tensor*> inputs, nvinfer1::IPluginV2* own,
                std::string data)
      : LayerOf(network, LayerType::kPLUGIN_V2, std::move(inputs)), own_(own), data_(std::move(data)) {}
  ~PluginV2Layer() { own_->destroy(); }
  nvinfer1::IPluginV2& getPlugin() noexcept override { return *own_; }
  Values emit(ingot::Network& g, const Values& in) override {
    return emit_plugin(g, in, data_, Layer::getNbOutputs(), name());
  }

 private:
  nvinfer1::IPluginV2* own_;
  std::string data_;
};

#if NV_TENSORRT_MAJOR >= 10
class PluginV3Layer final : public LayerOf<nvinfer1::IPluginV3Layer, nvinfer1::apiv::VPluginV3Layer> {
 public:
  PluginV3Layer(NetworkDefinition& network, std::vector<Tensor*> inputs, nvinfer1::IPluginV3* own,
                std::string data)
      : LayerOf(network, LayerType::kPLUGIN_V3, std::move(inputs)), own_(own), data_(std::move(data)) {}
  nvinfer1::IPluginV3& getPlugin() noexcept override { return *own_; }
  Values emit(ingot::Network& g, const Values& in) override {
    return emit_plugin(g, in, data_, Layer::getNbOutputs(), name());
  }

 private:
  OwnedV3 own_;
  std::string data_;
};

Result<std::unique_ptr<Plugin>> recorded_for(nvinfer1::IPluginV3& plugin,
                                             const std::vector<Tensor*>& inputs) {
  if (device() == "cpu")
    return Status(
        StatusCode::kUnsupported,
        "addPluginV3: the plugin's kernels are compiled ahead of time for GPUs (PTX), and this network "
        "runs on a CPU: give the plugin a function for @tensorrt.plugin.impl and add it with aot=False");
  Plugin::Descs descs;
  for (const Tensor* t : inputs) descs.push_back(linear_desc(t->getType(), t->getDimensions()));
  return record_compiled(plugin, descs);
}
#endif

}  // namespace

nvinfer1::IPluginV2Layer* NetworkDefinition::addPluginV2(nvinfer1::ITensor* const* inputs, int32_t count,
                                                         nvinfer1::IPluginV2& plugin) noexcept {
  auto given = tensors(log_, "addPluginV2", inputs, count);
  if (!given) return nullptr;
  nvinfer1::IPluginV2* own = plugin.clone();
  auto taken = take(plugin.clone());
  const int32_t outputs = taken == nullptr ? 0 : taken->num_outputs();
  if (own == nullptr || outputs < 1) {
    log_.error(nvinfer1::ErrorCode::kINVALID_ARGUMENT,
               "addPluginV2: the plugin cannot be cloned, or has no outputs");
    if (own != nullptr) own->destroy();
    return nullptr;
  }
  const auto data = keep(std::move(taken));
  if (!log_.check(data.status())) return own->destroy(), nullptr;
  return add_with_outputs<PluginV2Layer>(outputs, std::move(*given), own, node_data(*data));
}

#if NV_TENSORRT_MAJOR >= 10
nvinfer1::IPluginV3Layer* NetworkDefinition::addPluginV3(nvinfer1::ITensor* const* inputs, int32_t count,
                                                         nvinfer1::ITensor* const* shape_inputs,
                                                         int32_t shapes,
                                                         nvinfer1::IPluginV3& plugin) noexcept {
  auto given = tensors(log_, "addPluginV3", inputs, count);
  auto sizes = shapes > 0 ? tensors(log_, "addPluginV3", shape_inputs, shapes) : std::vector<Tensor*>();
  if (!given || !sizes) return nullptr;
  given->insert(given->end(), sizes->begin(), sizes->end());
  std::unique_ptr<Plugin> taken;
  if (is_compiled(plugin)) {
    auto recorded = recorded_for(plugin, *given);
    if (!log_.check(recorded.status())) return nullptr;
    taken = std::move(*recorded);
  } else {
    taken = take(plugin.clone());
  }
  const int32_t outputs = taken == nullptr ? 0 : taken->num_outputs();
  if (outputs < 1) {
    log_.error(nvinfer1::ErrorCode::kINVALID_ARGUMENT,
               "addPluginV3: the plugin has no core, no build capability or no outputs");
    return nullptr;
  }
  const char* metadata = taken->metadata();
  const std::string shown = metadata == nullptr ? "" : metadata;
  const auto data = keep(std::move(taken));
  if (!log_.check(data.status())) return nullptr;
  auto* layer = add_with_outputs<PluginV3Layer>(outputs, std::move(*given), plugin.clone(),
                                                node_data(*data, std::max(shapes, 0)));
  layer->api()->setMetadata(shown.c_str());
  return layer;
}
#endif

}  // namespace ingot::tensorrt
