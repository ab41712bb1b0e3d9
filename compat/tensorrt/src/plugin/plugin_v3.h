// What the generations of V3 plugins have in common: calls of sides that differ in their types only.
#pragma once

#include <algorithm>
#include <optional>
#include <utility>

#include "log.h"
#include "plugin/plugin.h"

namespace ingot::tensorrt {

template <class T>
int32_t count(const std::vector<T>& list) {
  return static_cast<int32_t>(list.size());
}

template <class Side>
Side* side(nvinfer1::IPluginV3& plugin, nvinfer1::PluginCapabilityType which) {
  return static_cast<Side*>(plugin.getCapabilityInterface(which));
}

inline std::string text_or_empty(const char* text) { return text == nullptr ? "" : text; }

/// Inputs, then outputs.
inline std::vector<nvinfer1::DynamicPluginTensorDesc> all_with_range(const Plugin::Descs& in,
                                                                     const Plugin::Descs& out) {
  auto all = with_range(in);
  for (const auto& d : out) all.push_back(with_range(d));
  return all;
}

template <class Build>
Status output_shapes(Build& build, const char* name, const std::vector<nvinfer1::DimsExprs>& in,
                     const std::vector<nvinfer1::DimsExprs>& values, std::vector<nvinfer1::DimsExprs>& out,
                     Expressions& builder) {
  const int32_t code = build.getOutputShapes(in.data(), count(in), values.data(), count(values), out.data(),
                                             count(out), builder);
  return code == 0 ? Status() : refused(name, "getOutputShapes", code);
}

/// Whether a quick plugin takes these tensors: it lists what it takes, all of them at a time.
inline Status takes(nvinfer1::IPluginV3QuickBuild& build, const char* name, const Plugin::Descs& in,
                    const Plugin::Descs& out) {
  const auto all = all_with_range(in, out);
  const int32_t lists = build.getNbSupportedFormatCombinations(all.data(), count(in), count(out));
  if (lists <= 0) return refused(name, "getNbSupportedFormatCombinations", lists);
  Plugin::Descs taken(all.size() * static_cast<size_t>(lists));
  if (const int32_t code =
          build.getSupportedFormatCombinations(all.data(), count(in), count(out), taken.data(), lists))
    return refused(name, "getSupportedFormatCombinations", code);
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
  return unsupported_format(name, furthest, all[furthest].desc.type);
}

template <class Build>
Status configure(Build& build, const char* name, const Plugin::Descs& in, const Plugin::Descs& out) {
  const auto with_in = with_range(in), with_out = with_range(out);
  const int32_t code = build.configurePlugin(with_in.data(), count(in), with_out.data(), count(out));
  return code == 0 ? Status() : refused(name, "configurePlugin", code);
}

/// Sets the first of the plugin's own tactics, which are not timed (the log says so); `otherwise` where it
/// has none.
template <class Build, class Runs>
Status choose_tactic(Build& build, Runs& runs, const char* name, bool& told,
                     std::optional<int32_t> otherwise = {}) {
  std::vector<int32_t> tactics(static_cast<size_t>(std::max(build.getNbTactics(), 0)));
  if (!tactics.empty())
    if (const int32_t code = build.getValidTactics(tactics.data(), count(tactics)))
      return refused(name, "getValidTactics", code);
  if (tactics.empty() && !otherwise) return {};
  if (tactics.size() > 1 && !std::exchange(told, true))
    Log().info("plugin '" + std::string(name) + "' offers " + std::to_string(tactics.size()) +
               " tactics: they are not timed, the first (" + std::to_string(tactics[0]) + ") is taken");
  const int32_t code = runs.setTactic(tactics.empty() ? *otherwise : tactics[0]);
  return code == 0 ? Status() : refused(name, "setTactic", code);
}

}  // namespace ingot::tensorrt
