#include "inspector.h"

#include <nlohmann/json.hpp>

namespace ingot::tensorrt {

bool EngineInspector::setExecutionContext(const nvinfer1::IExecutionContext* context) noexcept {
  context_ = context;
  return true;
}

// A layer with as much as the engine was built to tell of it.
std::string EngineInspector::describe(const CudaEngine::LayerInfo& layer, Format format) const {
  const bool detailed = engine_.getProfilingVerbosity() == nvinfer1::ProfilingVerbosity::kDETAILED;
  if (format == Format::kONELINE) return layer.name;
  return detailed ? layer.text : nlohmann::json(layer.name).dump();
}

const char* EngineInspector::getLayerInformation(int32_t index, Format format) const noexcept {
  const auto at = static_cast<size_t>(index);
  if (at >= engine_.layers().size()) {
    log_.error(nvinfer1::ErrorCode::kINVALID_ARGUMENT, "there is no layer " + std::to_string(index) +
                                                           ", the engine has " +
                                                           std::to_string(engine_.layers().size()));
    return nullptr;
  }
  text_ = describe(engine_.layers()[at], format);
  return text_.c_str();
}

const char* EngineInspector::getEngineInformation(Format format) const noexcept {
  const bool json = format == Format::kJSON;
  std::string layers, bindings;
  if (engine_.getProfilingVerbosity() != nvinfer1::ProfilingVerbosity::kNONE)
    for (const auto& layer : engine_.layers())
      layers += (layers.empty() ? "" : json ? ",\n" : "\n") + describe(layer, format);
  for (const auto& t : engine_.tensors()) {
    const std::string name = nlohmann::json(t.name).dump();
    bindings += bindings.empty() ? "" : ",";
#if NV_TENSORRT_MAJOR >= 11
    bindings += "{\"Name\": " + name + ", \"Mode\": " + (t.input ? "\"Input\"}" : "\"Output\"}");
#else
    bindings += name;
#endif
  }
  const std::string kind = NV_TENSORRT_MAJOR >= 11 ? "I/O Tensors" : "Bindings";
  text_ = json ? "{\"Layers\": [" + layers + "],\n\"" + kind + "\": [" + bindings + "]}"
               : "Layers:\n" + layers + "\n";
  return text_.c_str();
}

}  // namespace ingot::tensorrt
