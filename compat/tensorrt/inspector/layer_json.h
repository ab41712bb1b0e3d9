// An engine's report as NVIDIA's engine inspector writes it, which tools read: for the adapter and for
// trtexec.
#pragma once

#include <nlohmann/json.hpp>

namespace ingot::tensorrt {

/// A step of the report.
nlohmann::ordered_json inspector_layer(const nlohmann::ordered_json& step, int major);
enum class LayerDetail { kNone, kNames, kAll };
/// The whole document: the layers of the first profile, and what goes in and out.
nlohmann::ordered_json inspector_document(const nlohmann::ordered_json& report, LayerDetail detail,
                                          int major);

}  // namespace ingot::tensorrt
