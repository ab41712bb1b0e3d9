#include "engine_notes.h"

#include <nlohmann/json.hpp>

namespace ingot::tensorrt {
namespace {

using Json = nlohmann::ordered_json;
constexpr const char* kKey = "tensorrt";

}  // namespace

void to_json(Json& j, const EngineNotes::Weights& w) {
  j = {{"constant", w.constant}, {"layer", w.layer}, {"name", w.name}, {"role", w.role}};
}
void from_json(const Json& j, EngineNotes::Weights& w) {
  w = {j.at("constant"), j.at("layer"), j.at("name"), j.at("role")};
}

std::map<std::string, std::string> EngineNotes::metadata() const {
  const Json out = {
      {"network", network},       {"verbosity", verbosity},          {"hardware_level", hardware_level},
      {"capability", capability}, {"refittable", refittable},        {"streams_weights", streams_weights},
      {"weights", weights},       {"shape_values", shape_values},    {"shape_tensors", shape_tensors},
      {"ranges", ranges},         {"layer_metadata", layer_metadata}};
  return {{kKey, out.dump(-1, ' ', false, Json::error_handler_t::replace)}};
}

bool EngineNotes::read(const std::map<std::string, std::string>& metadata) {
  const auto it = metadata.find(kKey);
  if (it == metadata.end()) return false;
  const Json in = Json::parse(it->second, nullptr, false);
  const auto take = [&](const char* key, auto& to) {
    try {
      in.at(key).get_to(to);
    } catch (const Json::exception&) {
      // of another version of this library, or damaged: the default stays
    }
  };
  take("network", network);
  take("verbosity", verbosity);
  take("hardware_level", hardware_level);
  take("capability", capability);
  take("refittable", refittable);
  take("streams_weights", streams_weights);
  take("weights", weights);
  take("shape_values", shape_values);
  take("shape_tensors", shape_tensors);
  take("ranges", ranges);
  take("layer_metadata", layer_metadata);
  return true;
}

}  // namespace ingot::tensorrt
