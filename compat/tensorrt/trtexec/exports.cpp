#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <numeric>

#include "layer_json.h"
#include "output.h"
#include "report.h"
#include "values.h"
#include "version.h"

namespace ingot::trtexec {
namespace {

using Json = nlohmann::ordered_json;

void write(const std::string& path, const Json& json) {
  cli::write_text(path, json.dump(1, ' ', false, Json::error_handler_t::replace));
}

void write_raw(const std::string& name, const char* role, const TensorRef& tensor) {
  std::string path = name;
  for (char& c : path)
    if (c == '/') c = '_';
  path += fmt::format(".{}.{}.{}.raw", role, fmt::join(tensor.dims, "."), data_type_name(tensor.dtype));
  std::FILE* file = std::fopen(path.c_str(), "wb");
  bool ok = file != nullptr && std::fwrite(tensor.data, 1, tensor.bytes(), file) == tensor.bytes();
  if (file != nullptr) ok = std::fclose(file) == 0 && ok;
  if (!ok) throw Error(fmt::format("{} cannot be written", path));
}

}  // namespace

std::string layers_json(const Engine& engine, const Options& options) {
  const std::string verbosity = options.text("--profilingVerbosity");
  if (verbosity != "detailed" && verbosity != "layer_names_only" && verbosity != "default" &&
      verbosity != "none" && verbosity != "verbose")
    throw Error(
        fmt::format("--profilingVerbosity={}: expected layer_names_only, detailed or none", verbosity));
  using tensorrt::LayerDetail;
  const LayerDetail detail = verbosity == "none"                                         ? LayerDetail::kNone
                             : verbosity == "layer_names_only" || verbosity == "default" ? LayerDetail::kNames
                                                                                         : LayerDetail::kAll;
  return tensorrt::inspector_document(Json::parse(engine.report_json()), detail, version().major)
      .dump(1, ' ', false, Json::error_handler_t::replace);
}

void export_layers(const Engine& engine, const Options& options, const std::string& path) {
  cli::write_text(path, layers_json(engine, options));
}

void export_times(const Timing& timing, const std::string& path) {
  Json list = Json::array();
  for (const Query& q : timing.queries) {
    const double compute = q.start + q.upload, download = compute + q.compute;
    list.push_back({{"startEnqMs", q.start},
                    {"endEnqMs", q.enqueued},
                    {"startH2dMs", q.start},
                    {"endH2dMs", compute},
                    {"startComputeMs", compute},
                    {"endComputeMs", download},
                    {"startD2hMs", download},
                    {"endD2hMs", download + q.download},
                    {"h2dMs", q.upload},
                    {"computeMs", q.compute},
                    {"d2hMs", q.download},
                    {"latencyMs", q.latency(timing.transfers)}});
  }
  write(path, list);
}

void export_profile(const std::vector<LayerProfile>& layers, const std::string& path) {
  const auto sum = [](const LayerProfile& l) { return std::accumulate(l.ms.begin(), l.ms.end(), 0.0); };
  double total = 0;
  for (const LayerProfile& l : layers) total += sum(l);
  Json list = Json::array({{{"count", layers.empty() ? 0 : layers.front().ms.size()}}});
  for (const LayerProfile& l : layers)
    list.push_back({{"name", l.name},
                    {"timeMs", sum(l)},
                    {"averageMs", sum(l) / static_cast<double>(l.ms.size())},
                    {"medianMs", median(l.ms)},
                    {"percentage", total > 0 ? sum(l) / total * 100 : 0}});
  write(path, list);
}

void export_outputs(const Inference& inference, const std::string& path) {
  Json list = Json::array();
  for (const TensorInfo& output : inference.engine().outputs()) {
    const TensorRef tensor = inference.output(output.name);
    Json values = Json::array();
    for (int64_t i = 0; i < tensor.size(); ++i) values.push_back(cli::value_at(tensor, i));
    list.push_back({{"name", output.name},
                    {"dimensions", fmt::format("{}", fmt::join(tensor.dims, "x"))},
                    {"values", std::move(values)}});
  }
  write(path, list);
}

void write_bindings(const Inference& inference) {
  for (const auto& [name, feed] : inference.inputs()) write_raw(name, "input", feed.array.ref);
  for (const TensorInfo& output : inference.engine().outputs())
    write_raw(output.name, "output", inference.output(output.name));
}

}  // namespace ingot::trtexec
