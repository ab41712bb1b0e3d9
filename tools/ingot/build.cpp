// ingot build: an engine file from a model, with a report.
#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "feeds.h"
#include "model.h"
#include "output.h"

namespace ingot::cli {
namespace {

using Json = nlohmann::ordered_json;

// Bytes of intermediate memory of one context, or -1 where the inputs' dims are not known.
double context_bytes(const Engine& engine, const Shapes& shapes) {
  Context context = take(engine.context());
  try {
    for (const auto& [name, dims] : default_dims(engine, shapes)) check(context.set_input_shape(name, dims));
  } catch (const Error&) {
    return -1;
  }
  const auto bytes = context.memory_bytes();
  return bytes.ok() ? static_cast<double>(*bytes) : -1;
}

void count_kernels(const Json& steps, std::map<std::string, int>& kernels) {
  for (const Json& step : steps) {
    ++kernels[step.at("op") == "eval" ? "eval" : step.at("kernel").get<std::string>()];
    if (const auto bodies = step.find("bodies"); bodies != step.end())
      for (const Json& body : *bodies) count_kernels(body, kernels);
  }
}

void print_kernels(const Json& plan) {
  std::map<std::string, int> kernels;
  count_kernels(plan.at("steps"), kernels);
  std::vector<std::pair<std::string, int>> sorted(kernels.begin(), kernels.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  for (const auto& [kernel, count] : sorted)
    fmt::print("  {:5}  {}\n", count, kernel == "eval" ? "reference kernel" : kernel);
}

void print_reference(const Json& plan) {
  const Json& nodes = plan.at("reference_kernels");
  if (nodes.empty()) return;
  constexpr size_t kShown = 12;
  fmt::print("on the reference kernel (slow, correct):\n");
  for (size_t i = 0; i < std::min(nodes.size(), kShown); ++i)
    fmt::print("  {} ({})\n", nodes[i].at("name").get<std::string>(), nodes[i].at("op").get<std::string>());
  if (nodes.size() > kShown)
    fmt::print("  and {} more: ingot inspect --layers lists them\n", nodes.size() - kShown);
}

void print_report(const Json& report, const std::string& output) {
  fmt::print("{}: {} layers imported, {} after optimization\n", output, report.value("layers_imported", 0),
             report.value("layers_optimized", 0));
  for (const Json& plan : report.at("plans")) {
    fmt::print("kernels for {} {}, {} threads, {:.2f} GFLOP per run at the opt shapes:\n",
               plan.at("device").get<std::string>(), plan.at("arch").get<std::string>(),
               plan.at("threads").get<int>(), plan.at("flops").get<double>() / 1e9);
    print_kernels(plan);
    print_reference(plan);
  }
  fmt::print("weights {}", human_bytes(report.at("weight_bytes").get<double>()));
  if (report.at("context_bytes") >= 0)
    fmt::print(", memory of a context {}", human_bytes(report.at("context_bytes").get<double>()));
  const Json& build = report.at("build");
  const auto time = [](const Json& j, const char* key) { return human_time(j.at(key).get<double>()); };
  fmt::print(
      "\nbuilt in {}: import {}, optimization {}, kernels {} ({} of it timing them: {} measured, {} from the "
      "cache)\n",
      time(report, "seconds"), time(build, "import_seconds"), time(build, "optimize_seconds"),
      time(build, "plan_seconds"), time(build, "tuning_seconds"), build.at("timings_measured").get<int64_t>(),
      build.at("timings_from_cache").get<int64_t>());
}

}  // namespace

void run(const BuildCommand& o) {
  if (is_engine_file(o.model.path))
    throw Error(fmt::format("{} is an engine already, expected a model", o.model.path));
  const auto begin = std::chrono::steady_clock::now();
  const Engine engine = build_model(o.model);
  const std::string output =
      o.output.empty() ? o.model.path.substr(0, o.model.path.rfind(".onnx")) + ".ingot" : o.output;
  check(engine.save(output));
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();

  Json report = Json::parse(engine.report_json());
  report["seconds"] = seconds;
  report["context_bytes"] = context_bytes(engine, {});
  if (o.json != "-") print_report(report, output);
  if (!o.json.empty()) write_text(o.json, report.dump(1));
}

}  // namespace ingot::cli
