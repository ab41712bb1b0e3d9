#include "layer_json.h"

#include <string>
#include <string_view>

namespace ingot::tensorrt {
namespace {

using Json = nlohmann::ordered_json;

std::string type_text(std::string_view type) {
  constexpr std::pair<std::string_view, const char*> kTypes[] = {
      {"f32", "FP32"},  {"f16", "FP16"},  {"bf16", "BFloat16"}, {"i8", "Int8"},   {"i32", "Int32"},
      {"i64", "Int64"}, {"bool", "BOOL"}, {"u8", "UInt8"},      {"f8e4m3", "FP8"}};
  for (const auto& [ours, theirs] : kTypes)
    if (ours == type) return theirs;
  return std::string(type);
}

std::string layout_text(const Json& tensor) {
  if (!tensor.contains("block")) return "Row major linear";
  const int block = tensor.at("block");
  return block == 0    ? "Channel major"
         : block == 8  ? "Eight wide channel vectorized row major"
         : block == 16 ? "Sixteen wide channel vectorized row major"
                       : std::to_string(block) + " wide channel vectorized row major";
}

// Numbers, also as text; -1 for open dims.
Json dim_value(const Json& dim) {
  if (dim.is_number()) return dim;
  const std::string text = dim;
  return text.find_first_not_of("0123456789") == std::string::npos ? Json(std::stoll(text)) : Json(-1);
}

Json tensor_json(const Json& tensor, int major) {
  Json dims = Json::array();
  if (tensor.at("dims").is_array())
    for (const Json& d : tensor.at("dims")) dims.push_back(dim_value(d));
  Json out = {{"Name", tensor.at("name")}, {"Dimensions", std::move(dims)}};
  const std::string layout = layout_text(tensor), type = type_text(tensor.at("type").get<std::string>());
  if (major >= 11) {
    out["Format"] = layout;
    out["Datatype"] = type;
  } else {
    out["Format/Datatype"] = layout + " " + type + " format";
  }
  return out;
}

}  // namespace

Json inspector_layer(const Json& step, int major) {
  Json out = {{"Name", step.at("name")}, {"LayerType", step.at("op")}};
  for (const auto& [from, to] : {std::pair("inputs", "Inputs"), {"outputs", "Outputs"}}) {
    Json& list = out[to] = Json::array();
    for (const Json& tensor : step.at(from)) list.push_back(tensor_json(tensor, major));
  }
  out["TacticName"] = step.at("kernel");
  return out;
}

Json inspector_document(const Json& report, LayerDetail detail, int major) {
  Json layers = Json::array(), io = Json::array();
  if (detail != LayerDetail::kNone)
    for (const Json& step : report.at("plans").at(0).at("steps"))
      layers.push_back(detail == LayerDetail::kNames ? step.at("name") : inspector_layer(step, major));
  for (const char* side : {"inputs", "outputs"})
    for (const Json& tensor : report.at(side))
      io.push_back(major >= 11 ? tensor_json(tensor, major) : tensor.at("name"));
  return {{"Layers", std::move(layers)}, {major >= 11 ? "I/O Tensors" : "Bindings", std::move(io)}};
}

}  // namespace ingot::tensorrt
