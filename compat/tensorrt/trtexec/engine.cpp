#include "engine.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "ingot/device.h"
#include "ingot/network.h"
#include "log.h"
#include "output.h"
#include "plugins.h"
#include "refit.h"

namespace ingot::trtexec {
namespace {

using Clock = std::chrono::steady_clock;

double since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

bool is_open(const std::string& dim) { return dim.find_first_not_of("0123456789") != std::string::npos; }

// Inputs with open dims that no flag mentions: the batch is that of --batch, everything else 1.
void add_default_shapes(const Options& options, const Network& network, std::vector<Profile>& profiles) {
  const bool batch = options.has("--batch");
  const auto first = static_cast<int64_t>(batch ? options.number("--batch", 1) : 1);
  for (const NetworkTensor tensor : network.inputs()) {
    const TensorInfo input = network.info(tensor);
    if (!input.ranked || std::none_of(input.dims.begin(), input.dims.end(), is_open)) continue;
    Dims dims;
    for (const std::string& dim : input.dims)
      dims.push_back(!is_open(dim) ? std::stoll(dim) : dims.empty() ? first : 1);
    if (profiles.empty()) profiles.emplace_back();
    for (Profile& profile : profiles)
      if (profile.emplace(input.name, ShapeRange{dims, dims, dims}).second && !batch)
        warning(
            "Dynamic dimensions required for input: {}, but no shapes were provided. Automatically "
            "overriding shape to: {}",
            input.name, cli::to_text(dims));
  }
}

void check_names(const Network& network, const std::vector<Profile>& profiles) {
  std::vector<std::string> names;
  for (const NetworkTensor tensor : network.inputs()) names.push_back(network.info(tensor).name);
  for (const Profile& profile : profiles)
    for (const auto& [name, range] : profile)
      if (std::find(names.begin(), names.end(), name) == names.end())
        throw Error(fmt::format("Cannot find input tensor with name \"{}\" in the network inputs: {}", name,
                                fmt::join(names, ", ")));
}

Engine build_engine(const Options& options, const std::string& device, ImportHelp& help) {
  info("Start parsing network model.");
  auto begin = Clock::now();
  const Network network = cli::take(Network::from_onnx(options.text("--onnx"), &help));
  info("Finished parsing network model. Parse time: {:.6g}", since(begin));

  BuildOptions build_options;
  build_options.device = device;
  const bool gpu = device != "cpu";
  build_options.fp16 = gpu && (options.has("--fp16") || options.has("--best"));
  build_options.bf16 = gpu && options.has("--bf16") && !build_options.fp16;
  build_options.tf32 = !options.has("--noTF32");
  build_options.profiles = options.profiles();
  build_options.level = static_cast<int>(options.number("--builderOptimizationLevel"));
  build_options.timing_cache = options.text("--timingCacheFile");
  build_options.refittable = wants_refit(options);
  build_options.progress = [phase = std::string()](const BuildProgress& p) mutable {
    if (p.phase == phase) return;
    phase = p.phase;
    log(Severity::kVerbose, fmt::format("Build phase: {}", phase));
  };
  check_names(network, build_options.profiles);
  add_default_shapes(options, network, build_options.profiles);
  begin = Clock::now();
  Engine engine = cli::take(build(network, build_options));
  info("Engine built in {:.6g} sec.", since(begin));
  if (const std::string path = options.text("--saveEngine"); !path.empty()) {
    cli::check(engine.save(path));
    std::error_code failed;
    const auto size = std::filesystem::file_size(path, failed);
    info("Created engine with size: {:.6g} MiB", failed ? 0 : static_cast<double>(size) / (1 << 20));
  }
  return engine;
}

Engine load_engine(const Options& options) {
  const std::string path = options.text("--loadEngine");
  char magic[4] = {};
  std::ifstream(path, std::ios::binary).read(magic, sizeof magic);
  if (std::memcmp(magic, "ftrt", 4) == 0 || std::memcmp(magic, "ptrt", 4) == 0)
    throw Error(
        fmt::format("{} is a plan of NVIDIA's TensorRT, made for one GPU model and version: build the "
                    "engine again from the ONNX model, with --onnx and --saveEngine",
                    path));
  const auto begin = Clock::now();
  Engine engine = cli::take(load(path));
  cli::check(engine.check_weights());
  info("Engine loaded in {:.6g} sec.", since(begin));
  if (options.has("--timeDeserialize")) {
    const auto again = Clock::now();
    cli::check(load(path).status());
    info("Engine deserialized in {:.6g} sec.", since(again));
  }
  return engine;
}

}  // namespace

std::string choose_device(const Options& options) {
  const auto index = static_cast<size_t>(options.number("--device"));
  std::vector<DeviceInfo> gpus, all = devices();
  std::copy_if(all.begin(), all.end(), std::back_inserter(gpus),
               [](const DeviceInfo& d) { return d.name.starts_with("cuda"); });
  if (!gpus.empty() && index >= gpus.size())
    throw Error(fmt::format("Cannot find device ID {}: there are {}", index, gpus.size()));
  const DeviceInfo& device = gpus.empty() ? all.front() : gpus[index];
  info("=== Device Information ===");
  info("Selected Device: {}", device.model);
  info("Device name: {}, kernels: {}, cores: {}", device.name, device.arch, device.cores);
  if (gpus.empty() && index > 0) warning("--device has no effect: there is no GPU, runs are on the CPU");
  info("");
  return device.name;
}

Engine make_engine(const Options& options, const std::string& device) {
  const bool built = options.has("--onnx");
  if (built && options.has("--loadEngine")) throw Error("--onnx and --loadEngine exclude each other");
  if (!built && !options.has("--loadEngine"))
    throw Error("Model missing or format not recognized: expected --onnx or --loadEngine");
  ImportHelp help;
  load_plugins(options, help);
  Engine engine = built ? build_engine(options, device, help) : load_engine(options);
  for (const std::string& text : engine.warnings()) warning("{}", text);
  return refitted(options, std::move(engine));
}

void print_profiles(const Engine& engine) {
  const auto report = nlohmann::json::parse(engine.report_json());
  size_t index = 0;
  for (const auto& plan : report.at("plans")) {
    info("Optimization profile {}:", index++);
    for (const auto& range : plan.at("profile"))
      info("  {}: min={} opt={} max={}", range.at("input").get<std::string>(),
           cli::to_text(range.at("min").get<Dims>()), cli::to_text(range.at("opt").get<Dims>()),
           cli::to_text(range.at("max").get<Dims>()));
  }
}

}  // namespace ingot::trtexec
