// ingot inspect: what an engine is, and why each choice was made.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "ingot/device.h"
#include "model.h"
#include "output.h"

namespace ingot::cli {
namespace {

using Json = nlohmann::ordered_json;

void print_devices(bool as_json) {
  Json all = Json::array();
  for (const DeviceInfo& d : devices()) {
    all.push_back({{"name", d.name},
                   {"model", d.model},
                   {"arch", d.arch},
                   {"cores", d.cores},
                   {"memory_bytes", d.memory_bytes},
                   {"libraries", d.libraries}});
    if (as_json) continue;
    const bool gpu = d.memory_bytes > 0;
    fmt::print("{}: {}, {}, {} {}{}\n", d.name, d.model, d.arch, d.cores, gpu ? "multiprocessors, " : "cores",
               gpu ? human_bytes(static_cast<double>(d.memory_bytes)) : "");
    for (const std::string& library : d.libraries) fmt::print("  {}\n", library);
  }
  if (as_json) fmt::print("{}\n", all.dump(1));
  if (const std::string why = missing_gpu(); !as_json && !why.empty()) fmt::print("cuda: none: {}\n", why);
}

void print_summary(const Engine& engine, const Json& report) {
  fmt::print("network '{}', {} layers imported, {} after optimization, weights {}\n",
             report.value("name", ""), report.value("layers_imported", 0),
             report.value("layers_optimized", 0), human_bytes(report.at("weight_bytes").get<double>()));
  for (const TensorInfo& i : engine.inputs()) fmt::print("input  {}\n", describe(i));
  for (const TensorInfo& o : engine.outputs()) fmt::print("output {}\n", describe(o));
  for (const Json& plan : report.at("plans")) {
    fmt::print("plan for {} {}, {} threads: {} steps, {} of them on the reference kernel, {:.3f} GFLOP\n",
               plan.at("device").get<std::string>(), plan.at("arch").get<std::string>(),
               plan.at("threads").get<int>(), plan.at("steps").size(), plan.at("reference_kernels").size(),
               plan.at("flops").get<double>() / 1e9);
    for (const Json& p : plan.at("profile"))
      fmt::print("  {}: {} to {}, tuned at {}\n", p.at("input").get<std::string>(),
                 to_text(p.at("min").get<Dims>()), to_text(p.at("max").get<Dims>()),
                 to_text(p.at("opt").get<Dims>()));
  }
}

// "f32[1, 8, N, 28] blocked in place"
std::string result_text(const Json& tensor) {
  std::string dims;
  for (const Json& d : tensor.at("dims"))
    dims += (dims.empty() ? "" : ", ") + (d.is_string() ? d.get<std::string>() : d.dump());
  return fmt::format("{}[{}] {}{}", tensor.at("type").get<std::string>(),
                     tensor.at("dims").is_null() ? "..." : dims, tensor.at("layout").get<std::string>(),
                     tensor.contains("in_place") ? " in place" : "");
}

// Bodies of control flow are indented below their step.
void print_steps(const Json& steps, const std::string& indent) {
  for (const Json& s : steps) {
    const std::string kernel =
        indent + (s.at("op") == "eval" ? "reference " : "") + s.at("kernel").get<std::string>();
    std::string results;
    for (const Json& o : s.at("outputs")) results += (results.empty() ? "" : ", ") + result_text(o);
    fmt::print("{:10.3f}  {:<34} {:<40} {}\n", s.at("flops").get<double>() / 1e6, shortened(kernel, 34),
               shortened(s.at("name"), 40), results);
    if (!s.contains("bodies")) continue;
    for (const auto& [name, body] : s.at("bodies").items()) {
      fmt::print("{:10}  {}{}:\n", "", indent, name);
      print_steps(body, indent + "  ");
    }
  }
}

void print_layers(const Json& report) {
  for (const Json& plan : report.at("plans")) {
    fmt::print("\n{:>10}  {:<34} {:<40} {}\n", "MFLOP", "kernel", "layer", "results");
    print_steps(plan.at("steps"), "");
  }
}

}  // namespace

void run(const InspectCommand& o) {
  if (o.devices) return print_devices(o.json);
  if (o.model.path.empty()) throw Error("inspect: a model is required, or --devices");
  const Engine engine = open_model(o.model);
  if (!o.why.empty()) {
    fmt::print("{}\n", take(o.json ? engine.why_json(o.why) : engine.why(o.why)));
    return;
  }
  if (o.graph) {
    fmt::print("{}", engine.graph_text());
    return;
  }
  const Json report = Json::parse(engine.report_json());
  if (o.json) {
    fmt::print("{}\n", report.dump(1));
    return;
  }
  print_summary(engine, report);
  if (o.layers) print_layers(report);
}

}  // namespace ingot::cli
