#include "inspector.h"

namespace ingot::tensorrt {

bool EngineInspector::setExecutionContext(const nvinfer1::IExecutionContext* context) noexcept {
  context_ = context;
  return true;
}

const char* EngineInspector::getLayerInformation(int32_t index, Format format) const noexcept {
  const auto at = static_cast<size_t>(index);
  if (at >= engine_.layers().size()) {
    log_.error(nvinfer1::ErrorCode::kINVALID_ARGUMENT, "there is no layer " + std::to_string(index) +
                                                           ", the engine has " +
                                                           std::to_string(engine_.layers().size()));
    return nullptr;
  }
  const auto& layer = engine_.layers()[at];
  text_ = format == Format::kJSON ? layer.text : layer.name;
  return text_.c_str();
}

const char* EngineInspector::getEngineInformation(Format format) const noexcept {
  const bool json = format == Format::kJSON;
  std::string layers, bindings;
  for (const auto& layer : engine_.layers())
    layers += (layers.empty() ? "" : json ? ",\n" : "\n") + (json ? layer.text : layer.name);
  for (const auto& t : engine_.tensors()) bindings += (bindings.empty() ? "\"" : ",\"") + t.name + "\"";
  text_ = json ? "{\"Layers\": [" + layers + "],\n\"Bindings\": [" + bindings + "]}"
               : "Layers:\n" + layers + "\n";
  return text_.c_str();
}

}  // namespace ingot::tensorrt
