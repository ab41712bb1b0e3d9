// Building: model or network -> graph -> engine image -> Engine.
#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "api/calibrate.h"
#include "api/compile_impl.h"
#include "api/network_impl.h"
#include "backends/cpu/plugin.h"
#include "backends/cuda/plugin.h"
#include "compiler/compile.h"
#include "frontend/onnx/onnx_import.h"
#include "ir/text.h"
#include "target/target.h"

namespace ingot {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// How the build went; what it made is described by the engine itself.
std::string build_report(const BuildOptions& options, const CompileStats& stats, double import_seconds) {
  nlohmann::ordered_json out;
  out["level"] = options.level;
  out["import_seconds"] = import_seconds;
  out["optimize_seconds"] = stats.optimize_seconds;
  out["plan_seconds"] = stats.plan_seconds;
  out["tuning_seconds"] = stats.tuning.seconds;
  out["timings_measured"] = stats.tuning.measured;
  out["timings_from_cache"] = stats.tuning.cached;
  return out.dump();
}

CompileOptions compile_options(const BuildOptions& options) {
  CompileOptions out;
  out.level = options.level;
  out.timing_cache = options.timing_cache;
  out.disable_passes = options.disable_passes;
  out.dump_before = options.dump_before;
  out.dump_after = options.dump_after;
  out.dump_dir = options.dump_dir;
  out.stop_after = options.stop_after;
  out.refittable = options.refittable;
  out.metadata = options.metadata;
  out.cancelled = options.cancelled;
  out.meta.set("tf32", static_cast<int64_t>(options.tf32));
  out.floats = options.fp16 ? DataType::kF16 : options.bf16 ? DataType::kBF16 : DataType::kF32;
  out.quantized = options.device != "cpu" || options.int8 || options.fp8;
  for (const Profile& profile : options.profiles) {
    CompileProfile converted;
    for (const auto& [name, range] : profile) converted[name] = {name, range.min, range.opt, range.max};
    out.profiles.push_back(std::move(converted));
  }
  return out;
}

Status check_options(const BuildOptions& options, const Graph& graph) {
  if (options.level < 0 || options.level > 5)
    return invalid_argument("level ", options.level, " is out of range, expected 0 to 5");
  if (options.threads < 0 || options.threads > 1024)
    return invalid_argument("thread count ", options.threads, " is out of range, expected 0 to 1024");
  if (options.fp16 && options.bf16)
    return invalid_argument("fp16 and bf16 are both given, expected one of them at most");
  if (options.calibration != nullptr && !options.int8)
    return invalid_argument("a calibration is given without int8");
  if (options.calibration != nullptr && options.refittable)
    return unsupported("an engine of calibrated weights cannot be refitted: put quantizers into the model");
  auto check_name = [&](const std::string& name, const char* what) -> Status {
    std::string names;
    for (const Value* v : graph.inputs()) {
      if (v->name() == name) return {};
      names += str(names.empty() ? "'" : ", '", v->name(), "'");
    }
    return invalid_argument(what, " names input '", name, "', expected one of ",
                            names.empty() ? "none" : names);
  };
  for (const auto& [name, dims] : options.shapes) INGOT_RETURN_IF_ERROR(check_name(name, "a shape"));
  for (const Profile& profile : options.profiles) {
    for (const auto& [name, range] : profile) {
      INGOT_RETURN_IF_ERROR(check_name(name, "a profile"));
      if (range.min.size() != range.opt.size() || range.opt.size() != range.max.size())
        return invalid_argument("profile of input '", name, "': min, opt and max differ in rank");
      for (size_t i = 0; i < range.opt.size(); ++i)
        if (range.min[i] < 0 || range.min[i] > range.opt[i] || range.opt[i] > range.max[i])
          return invalid_argument("profile of input '", name, "': dimension ", i, " has min ", range.min[i],
                                  ", opt ", range.opt[i], ", max ", range.max[i],
                                  ", expected min <= opt <= max");
    }
  }
  return {};
}

bool has_quantized_layer(const Graph& graph, bool fp8) {
  return std::any_of(graph.nodes().begin(), graph.nodes().end(), [&](const auto& node) {
    const bool layer = node->is("QuantizedConv") || node->is("QuantizedMatMul");
    const bool in_body =
        std::any_of(node->subgraphs().begin(), node->subgraphs().end(),
                    [&](const auto& body) { return has_quantized_layer(*body.second, fp8); });
    return in_body || (layer && is_float(node->input(0)->dtype()) == fp8);
  });
}

// What was asked for and changed nothing.
void note_without_effect(const BuildOptions& options, const Graph& optimized,
                         std::vector<std::string>& notes) {
  for (const bool fp8 : {false, true})
    if ((fp8 ? options.fp8 : options.int8) && !has_quantized_layer(optimized, fp8))
      notes.push_back(str(fp8 ? "fp8" : "int8",
                          " is without effect: no layer lies between a DequantizeLinear "
                          "of ",
                          fp8 ? "FP8 (E4M3)" : "8-bit integers", " for each of its operands"));
}

int default_threads() {
  const unsigned cores = std::thread::hardware_concurrency();
  return cores == 0 ? 1 : static_cast<int>(cores);
}

// Adds an estimate of the time left to what the compiler reports: the phase goes on as it went so far.
std::function<void(std::string_view, double, double)> with_estimate(
    const std::function<void(const BuildProgress&)>& show) {
  return [show, phase = std::string(), begin = Clock::now()](std::string_view now, double done,
                                                             double total) mutable {
    if (now != phase) {
      phase = now;
      begin = Clock::now();
    }
    const double seconds = seconds_since(begin);
    show({phase, done, total, done > 0 ? seconds / done * (total - done) : -1});
  };
}

ImportOptions import_options(const BuildOptions& options) {
  ImportOptions out;
  for (const auto& [name, dims] : options.shapes) out.input_shapes[name] = to_shape(dims);
  return out;
}

// Shapes given for a network's open inputs: its symbols take those values throughout.
Status fix_shapes(Graph& graph, const std::map<std::string, Dims>& shapes) {
  SymbolValues symbols;
  for (Value* v : graph.inputs()) {
    auto it = shapes.find(v->name());
    if (it != shapes.end())
      INGOT_RETURN_IF_ERROR(
          bind_dims(v->shape(), it->second, symbols).with_context(str("input '", v->name(), "'")));
  }
  for (Value* v : graph.inputs()) {
    TensorType type = v->type();
    for (Dim& d : type.shape) d = d.substitute(symbols);
    v->set_type(std::move(type));
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Target>> make_target(Device& device, int threads, bool tf32) {
  return device.name() == "cuda" ? cuda::make_target(device, tf32) : cpu::make_target(threads);
}

Result<ImportedModel> import_model(const std::string& onnx_path, const BuildOptions& options) {
  const auto begin = Clock::now();
  if (options.progress) options.progress({"import", 0, 1, -1});
  ImportReport report;
  INGOT_ASSIGN_OR_RETURN(std::unique_ptr<Graph> graph,
                         import_onnx_file(onnx_path, import_options(options), &report));
  return ImportedModel{std::move(graph), std::move(report.notes), seconds_since(begin)};
}

Result<Engine> build_graph(Graph& graph, const BuildOptions& options, std::vector<std::string> notes,
                           double import_seconds) {
  INGOT_RETURN_IF_ERROR(check_options(options, graph));
  if (options.calibration != nullptr) INGOT_RETURN_IF_ERROR(calibrate(graph, *options.calibration, notes));
  INGOT_ASSIGN_OR_RETURN(std::shared_ptr<Device> device, open_device(options.device));
  const int threads = options.threads == 0 ? default_threads() : options.threads;
  INGOT_ASSIGN_OR_RETURN(const std::unique_ptr<Target> target, make_target(*device, threads, options.tf32));
  CompileOptions compile = compile_options(options);
  if (options.progress) compile.progress = with_estimate(options.progress);
  CompileStats stats;
  INGOT_ASSIGN_OR_RETURN(std::shared_ptr<EngineImage> image,
                         ingot::compile(graph, *target, *device, compile, &stats));
  notes.insert(notes.end(), stats.notes.begin(), stats.notes.end());
  note_without_effect(options, graph, notes);
  if (const int64_t nodes = stats.tuning.without_memory; nodes > 0)
    notes.push_back(str("the memory of the device did not suffice to time the kernels of ", nodes,
                        " nodes: each has the one that was expected to be fastest"));
  return make_engine(std::move(image), std::move(device), std::move(notes),
                     build_report(options, stats, import_seconds));
}

Result<Engine> build(const std::string& onnx_path, const BuildOptions& options) {
  INGOT_ASSIGN_OR_RETURN(const ImportedModel model, import_model(onnx_path, options));
  return build_graph(*model.graph, options, model.notes, model.seconds);
}

Result<Engine> build_bytes(const void* data, size_t size, const std::string& base_dir,
                           const BuildOptions& options) {
  ImportReport report;
  INGOT_ASSIGN_OR_RETURN(std::unique_ptr<Graph> graph,
                         import_onnx_bytes({static_cast<const std::byte*>(data), size}, nullptr, base_dir,
                                           import_options(options), &report));
  return build_graph(*graph, options, std::move(report.notes));
}

Result<Engine> build(const Network& network, const BuildOptions& options) {
  INGOT_RETURN_IF_ERROR(network.status());
  if (network.impl().outputs.empty()) return invalid_argument("the network has no output");
  const std::unique_ptr<Graph> graph = network.impl().graph->clone();
  INGOT_RETURN_IF_ERROR(fix_shapes(*graph, options.shapes));
  return build_graph(*graph, options, {});
}

Result<std::vector<Tensor>> stored_weights(const EngineImage& image) {
  INGOT_ASSIGN_OR_RETURN(const std::unique_ptr<Target> target, cpu::make_target(default_threads()));
  return graph_weights(image, *target);
}

Result<std::unique_ptr<Graph>> stored_graph(const EngineImage& image) {
  INGOT_ASSIGN_OR_RETURN(const std::vector<Tensor> constants, stored_weights(image));
  return parse_graph(image.graph, constants);
}

Result<std::unique_ptr<Target>> make_target(const EngineImage& image, Device& device) {
  const int threads = image.plans.empty() ? default_threads() : image.plans.front().threads;
  return make_target(device, threads, image.meta.get_int("tf32", 1) != 0);
}

Result<std::shared_ptr<const EngineImage>> replan_for(const EngineImage& image, Device& device) {
  INGOT_ASSIGN_OR_RETURN(const std::unique_ptr<Target> target, make_target(image, device));
  CompileOptions options;
  options.level = 0;
  INGOT_ASSIGN_OR_RETURN(const std::vector<Tensor> weights, stored_weights(image));
  INGOT_ASSIGN_OR_RETURN(std::shared_ptr<EngineImage> replanned,
                         replan(image, weights, *target, device, options));
  return std::shared_ptr<const EngineImage>(std::move(replanned));
}

}  // namespace ingot
