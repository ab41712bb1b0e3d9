#include "builder.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "calibration.h"
#include "device.h"
#include "engine.h"
#include "host_memory.h"
#include "plugin_registry.h"
#include "temporary_file.h"

namespace ingot::tensorrt {
namespace {

using nvinfer1::BuilderFlag;
using nvinfer1::ErrorCode;

#if NV_TENSORRT_MAJOR < 11
bool has_quantizers(const ingot::Network& network) {
  const auto nodes = network.nodes();
  return std::any_of(nodes.begin(), nodes.end(), [](const auto& n) { return n.op == "DequantizeLinear"; });
}

// Sets the precisions that the client allows where Ingot has them on this device, and names the others, for
// which the engine stays in a wider type. `quantized`: the network has quantizers, which a GPU follows.
std::string set_precisions(const BuilderConfig& config, bool quantized, BuildOptions& options) {
  std::string wider;
  const bool gpu = options.device == "cuda";
  options.fp16 = gpu && config.getFlag(BuilderFlag::kFP16);
#if NV_TENSORRT_MAJOR == 10
  options.bf16 = gpu && !options.fp16 && config.getFlag(BuilderFlag::kBF16);
#endif
  const struct {
    BuilderFlag flag;
    const char* name;
    bool has;
  } kFlags[] = {
    {BuilderFlag::kFP16, "FP16", options.fp16},
    {BuilderFlag::kINT8, "INT8", gpu},
    {BuilderFlag::kFP8, "FP8", gpu && quantized},
#if NV_TENSORRT_MAJOR == 10
    {BuilderFlag::kBF16, "BF16", options.bf16 || options.fp16},
    {BuilderFlag::kINT4, "INT4", false},
    {BuilderFlag::kFP4, "FP4", false},
#endif
  };
  for (const auto& [flag, name, has] : kFlags)
    if (!has && config.getFlag(flag)) wider += (wider.empty() ? "" : ", ") + std::string(name);
  return wider;
}
#endif

bool flag_set(const BuilderConfig& config, std::initializer_list<BuilderFlag> flags) {
  return std::any_of(flags.begin(), flags.end(), [&](BuilderFlag f) { return config.getFlag(f); });
}

bool wants_refit(const BuilderConfig& config) {
#if NV_TENSORRT_MAJOR >= 10
  return flag_set(config, {BuilderFlag::kREFIT, BuilderFlag::kREFIT_IDENTICAL, BuilderFlag::kREFIT_INDIVIDUAL,
                           BuilderFlag::kSTRIP_PLAN});
#else
  return flag_set(config, {BuilderFlag::kREFIT});
#endif
}

// Names the settings that ask for what an engine here does not have.
void warn_of_settings(const BuilderConfig& config, const Log& log) {
  const struct {
    BuilderFlag flag;
    const char* text;
  } kFlags[] = {
    {BuilderFlag::kSPARSE_WEIGHTS, "kSPARSE_WEIGHTS has no effect: there are no kernels for sparse weights"},
    {BuilderFlag::kSAFETY_SCOPE, "kSAFETY_SCOPE has no effect: there is no safety runtime to check for"},
#if NV_TENSORRT_MAJOR >= 10
    {BuilderFlag::kSTRIP_PLAN, "kSTRIP_PLAN: the engine keeps its weights, and can be given others"},
    {BuilderFlag::kWEIGHT_STREAMING,
     "kWEIGHT_STREAMING has no effect: an engine keeps all weights in the device's memory, whatever its "
     "budget"},
    {BuilderFlag::kERROR_ON_TIMING_CACHE_MISS,
     "kERROR_ON_TIMING_CACHE_MISS has no effect: kernels that the cache lacks are timed"},
#endif
  };
  for (const auto& [flag, text] : kFlags)
    if (config.getFlag(flag)) log.warning(text);
#if NV_TENSORRT_MAJOR < 11
  if (config.getAlgorithmSelector() != nullptr)
    log.warning("the algorithm selector is not asked: kernels are chosen by their times on this machine");
#endif
}

// Open dims have no meaning without bounds for them.
Status check_profiles(const NetworkDefinition& network, const BuilderConfig& config) {
  for (int32_t i = 0; i < network.getNbInputs(); ++i) {
    const nvinfer1::ITensor& input = *network.getInput(i);
    const nvinfer1::Dims dims = input.getDimensions();
    if (std::all_of(dims.d, dims.d + std::max(dims.nbDims, 0), [](int64_t d) { return d >= 0; })) continue;
    const std::string what = std::string("input '") + input.getName() + "' of dims " + to_string(dims);
    if (config.profiles().empty())
      return {StatusCode::kFailedPrecondition,
              what + " needs an optimization profile, and the configuration has none"};
    for (size_t p = 0; p < config.profiles().size(); ++p)
      if (!config.profiles()[p]->ranges().contains(input.getName()))
        return {StatusCode::kFailedPrecondition,
                what + " has no range in optimization profile " + std::to_string(p)};
  }
  return {};
}

#if NV_TENSORRT_MAJOR >= 10
// Ingot's phases as TensorRT's monitors see them: one after the other, each of so many steps. A phase that
// ends because the next begins, or with the build, has done all of them.
class Progress {
 public:
  explicit Progress(nvinfer1::IProgressMonitor& monitor) : monitor_(monitor) {}
  ~Progress() { finish(); }

  void operator()(const BuildProgress& now) {
    if (now.phase != phase_) {
      complete();
      finish();
      phase_ = now.phase;
      steps_ = 0, total_ = static_cast<int32_t>(now.total);
      monitor_.phaseStart(phase_.c_str(), nullptr, total_);
    }
    advance(static_cast<int32_t>(now.done));
  }
  void complete() { advance(total_); }
  bool cancelled() const { return cancelled_; }

 private:
  void advance(int32_t done) {
    for (; steps_ < done && !cancelled_; ++steps_)
      cancelled_ = !monitor_.stepComplete(phase_.c_str(), steps_);
  }
  void finish() {
    if (!phase_.empty()) monitor_.phaseFinish(phase_.c_str());
  }

  nvinfer1::IProgressMonitor& monitor_;
  std::string phase_;
  int32_t steps_ = 0, total_ = 0;
  bool cancelled_ = false;
};
#endif

}  // namespace

nvinfer1::INetworkDefinition* Builder::createNetworkV2(uint32_t flags) noexcept {
#if NV_TENSORRT_MAJOR == 8
  constexpr uint32_t kExplicitBatch =
      1U << static_cast<uint32_t>(nvinfer1::NetworkDefinitionCreationFlag::kEXPLICIT_BATCH);
  if ((flags & kExplicitBatch) == 0)
    log_.warning("a network with an implicit batch dimension is asked for: all dims are explicit here");
#endif
  return new NetworkDefinition(*this, log_, flags);
}

nvinfer1::IOptimizationProfile* Builder::createOptimizationProfile() noexcept {
  profiles_.push_back(std::make_unique<OptimizationProfile>(log_));
  return profiles_.back().get();
}

void Builder::reset() noexcept {
  profiles_.clear();
  max_threads_ = 0;
}

bool Builder::setMaxThreads(int32_t threads) noexcept {
  if (threads < 1) {
    log_.error(ErrorCode::kINVALID_ARGUMENT,
               "setMaxThreads: got " + std::to_string(threads) + ", expected 1 or more");
    return false;
  }
  max_threads_ = threads;
  return true;
}

nvinfer1::IPluginRegistry& Builder::getPluginRegistry() noexcept { return PluginRegistry::global(); }

EngineNotes Builder::notes(const NetworkDefinition& network, const BuilderConfig& config) const {
  bool individually = false;
#if NV_TENSORRT_MAJOR >= 10
  individually = config.getFlag(BuilderFlag::kREFIT_INDIVIDUAL);
#endif
  EngineNotes out = network.notes(individually);
  out.refittable = wants_refit(config);
  out.verbosity = static_cast<int32_t>(config.getProfilingVerbosity());
  out.hardware_level = static_cast<int32_t>(config.getHardwareCompatibilityLevel());
  out.capability = static_cast<int32_t>(config.getEngineCapability());
  for (const OptimizationProfile* p : config.profiles()) out.shape_values.push_back(p->shape_values());
#if NV_TENSORRT_MAJOR >= 10
  out.streams_weights = config.getFlag(BuilderFlag::kWEIGHT_STREAMING);
#endif
  return out;
}

Result<Engine> Builder::build(NetworkDefinition& network, const BuilderConfig& config) {
  if (Status complete = network.finish(); !complete.ok()) return complete;
  if (Status s = check_profiles(network, config); !s.ok()) return s;

  warn_of_settings(config, log_);
  BuildOptions options;
  options.device = device();
  options.level = config.getBuilderOptimizationLevel();
  options.tf32 = config.getFlag(BuilderFlag::kTF32);
  options.refittable = wants_refit(config);
  options.metadata = notes(network, config).metadata();
  options.threads = max_threads_;
  for (const OptimizationProfile* p : config.profiles()) options.profiles.push_back(p->ranges());
#if NV_TENSORRT_MAJOR < 11
  if (Status s = narrow(network, config, options); !s.ok()) return s;
#endif
#if NV_TENSORRT_MAJOR >= 10
  std::optional<Progress> progress;
  if (config.getProgressMonitor() != nullptr) {
    progress.emplace(*config.getProgressMonitor());
    options.progress = [&](const BuildProgress& now) { (*progress)(now); };
    options.cancelled = [&] { return progress->cancelled(); };
  }
  auto engine = build(network, config, options);
  if (progress && engine.ok()) progress->complete();
  return engine;
#else
  return build(network, config, options);
#endif
}

#if NV_TENSORRT_MAJOR < 11
Status Builder::narrow(NetworkDefinition& network, const BuilderConfig& config, BuildOptions& options) {
  if (config.getFlag(BuilderFlag::kINT8))
    if (Status s = quantize(network, config, options); !s.ok()) return s;
  const bool quantized = has_quantizers(network.graph());
  if (const std::string types = set_precisions(config, quantized, options); !types.empty())
    log_.warning(types + " is allowed, and not there on this device: the engine stays in a wider type");
  if (config.getFlag(BuilderFlag::kINT8) && options.device != "cpu" && !options.int8 && !quantized)
    log_.warning(
        options.refittable
            ? "INT8 is allowed, and has no effect together with kREFIT: bytes cannot be given other values"
            : "INT8 is allowed, and has no effect: no calibrator, dynamic range or quantizer tells of "
              "ranges");
  if (const int64_t count = options.fp16 || options.bf16 ? network.layers_in_float() : 0; count > 0)
    log_.warning(std::to_string(count) + " layers ask for FP32: precisions are not chosen layer by layer");
  return {};
}

// The calibrator is asked wherever the network runs; its scales, or the tensors' dynamic ranges, quantize the
// network on a GPU. Weights of a quantized network cannot be replaced.
Status Builder::quantize(NetworkDefinition& network, const BuilderConfig& config, BuildOptions& options) {
  Scales scales;
  const auto names = network.tensor_names();
  if (config.getInt8Calibrator() != nullptr) {
    const auto* chosen = static_cast<const OptimizationProfile*>(config.calibration_profile());
    const Profile own = chosen == nullptr ? Profile() : chosen->ranges();
    const Profile* profile = chosen != nullptr          ? &own
                             : options.profiles.empty() ? nullptr
                                                        : &options.profiles.front();
    auto found = calibrate(*config.getInt8Calibrator(), network.graph(), names, options, profile, log_);
    if (!found.ok()) return found.status();
    scales = std::move(*found);
  } else {
    for (const auto& [name, range] : notes(network, config).ranges)
      scales[name] = std::max(std::abs(range.first), std::abs(range.second)) / kInt8Steps;
  }
  auto ranges = nlohmann::ordered_json::object();
  for (const auto& [id, name] : names)
    if (const auto it = scales.find(name); it != scales.end())
      ranges[network.graph().info({id}).name] = double{it->second} * kInt8Steps;
  if (options.device == "cpu" || options.refittable || ranges.empty()) return {};
  auto calibration = std::make_shared<Calibration>();
  calibration->read_cache = [text = ranges.dump()] { return text; };
  options.int8 = true;
  options.calibration = std::move(calibration);
  return {};
}
#endif

Result<Engine> Builder::build(NetworkDefinition& network, const BuilderConfig& config,
                              BuildOptions& options) {
  TimingCache* cache = config.getFlag(BuilderFlag::kDISABLE_TIMING_CACHE) ? nullptr : config.timing_cache();
  if (cache == nullptr) return ingot::build(network.graph(), options);

  const TemporaryFile file(cache->text());
  if (!file.ok()) {
    log_.warning("the timing cache is neither read nor written: no temporary file can be made at " +
                 file.path());
    return ingot::build(network.graph(), options);
  }
  options.timing_cache = file.path();
  auto engine = ingot::build(network.graph(), options);
  cache->set_text(file.read());
  return engine;
}

nvinfer1::IHostMemory* Builder::buildSerializedNetwork(nvinfer1::INetworkDefinition& network,
                                                       nvinfer1::IBuilderConfig& config) noexcept {
  return log_.guard("buildSerializedNetwork", [&]() -> nvinfer1::IHostMemory* {
    auto engine = build(static_cast<NetworkDefinition&>(network), static_cast<const BuilderConfig&>(config));
    return log_.check(engine.status()) ? new HostMemory(engine->serialize()) : nullptr;
  });
}

nvinfer1::ICudaEngine* Builder::buildEngineWithConfig(nvinfer1::INetworkDefinition& network,
                                                      nvinfer1::IBuilderConfig& config) noexcept {
  return log_.guard("buildEngineWithConfig", [&]() -> nvinfer1::ICudaEngine* {
    auto engine = build(static_cast<NetworkDefinition&>(network), static_cast<const BuilderConfig&>(config));
    return log_.check(engine.status()) ? new CudaEngine(log_.logger(), allocator_, std::move(*engine))
                                       : nullptr;
  });
}

#if NV_TENSORRT_MAJOR >= 10
bool Builder::buildSerializedNetworkToStream(nvinfer1::INetworkDefinition& network,
                                             nvinfer1::IBuilderConfig& config,
                                             nvinfer1::IStreamWriter& writer) noexcept {
  const std::unique_ptr<nvinfer1::IHostMemory> plan(buildSerializedNetwork(network, config));
  if (plan == nullptr) return false;
  return log_.guard("IStreamWriter::write", [&] {
    const int64_t written = writer.write(plan->data(), static_cast<int64_t>(plan->size()));
    if (written == static_cast<int64_t>(plan->size())) return true;
    log_.error(ErrorCode::kFAILED_EXECUTION, "the stream writer took " + std::to_string(written) + " of " +
                                                 std::to_string(plan->size()) + " bytes");
    return false;
  });
}
#endif

bool Builder::isNetworkSupported(const nvinfer1::INetworkDefinition& network,
                                 const nvinfer1::IBuilderConfig&) const noexcept {
  auto& definition = const_cast<NetworkDefinition&>(static_cast<const NetworkDefinition&>(network));
  return log_.guard("isNetworkSupported", [&] { return log_.check(definition.finish()); });
}

}  // namespace ingot::tensorrt
