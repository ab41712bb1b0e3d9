#include "builder.h"

#include <cstdio>
#include <fstream>
#include <sstream>

#include "calibration.h"
#include "engine.h"
#include "host_memory.h"
#include "plugin_registry.h"
#include "temporary_file.h"

namespace ingot::tensorrt {
namespace {

using nvinfer1::BuilderFlag;
using nvinfer1::ErrorCode;

// Types that the client allows and Ingot does not compute in: the engine stays in the wider type.
std::string narrower_types(const BuilderConfig& config) {
  std::string out;
#if NV_TENSORRT_MAJOR < 11
  const std::pair<BuilderFlag, const char*> kFlags[] = {
    {BuilderFlag::kFP16, "FP16"},
    {BuilderFlag::kINT8, "INT8"},
    {BuilderFlag::kFP8, "FP8"},
#if NV_TENSORRT_MAJOR == 10
    {BuilderFlag::kBF16, "BF16"},
    {BuilderFlag::kINT4, "INT4"},
    {BuilderFlag::kFP4, "FP4"},
#endif
  };
  for (const auto& [flag, name] : kFlags)
    if (config.getFlag(flag)) out += (out.empty() ? "" : ", ") + std::string(name);
#endif
  return out;
}

#if NV_TENSORRT_MAJOR >= 10
// Ingot's phases as TensorRT's monitors see them: one after the other, each of so many steps. Stops being
// told once the client asked to stop: a build cannot be interrupted.
class Progress {
 public:
  Progress(nvinfer1::IProgressMonitor& monitor, const Log& log) : monitor_(monitor), log_(log) {}
  ~Progress() { finish(); }

  void operator()(const BuildProgress& now) {
    if (now.phase != phase_) {
      finish();
      phase_ = now.phase;
      steps_ = 0;
      monitor_.phaseStart(phase_.c_str(), nullptr, static_cast<int32_t>(now.total));
    }
    for (; steps_ < static_cast<int32_t>(now.done); ++steps_)
      if (!monitor_.stepComplete(phase_.c_str(), steps_) && !std::exchange(warned_, true))
        log_.warning("the progress monitor asked to stop: the build goes on to its end");
  }

 private:
  void finish() {
    if (!phase_.empty()) monitor_.phaseFinish(phase_.c_str());
  }

  nvinfer1::IProgressMonitor& monitor_;
  const Log& log_;
  std::string phase_;
  int32_t steps_ = 0;
  bool warned_ = false;
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

Result<Engine> Builder::build(NetworkDefinition& network, const BuilderConfig& config) {
  if (Status complete = network.finish(); !complete.ok()) return complete;
  if (const std::string types = narrower_types(config); !types.empty())
    log_.warning(types + " is allowed, and the CPU computes in FP32: the engine stays in FP32");

  BuildOptions options;
  options.level = config.getBuilderOptimizationLevel();
  options.threads = max_threads_;
  for (const OptimizationProfile* p : config.profiles()) options.profiles.push_back(p->ranges());
#if NV_TENSORRT_MAJOR >= 10
  std::optional<Progress> progress;
  if (config.getProgressMonitor() != nullptr) {
    progress.emplace(*config.getProgressMonitor(), log_);
    options.progress = [&](const BuildProgress& now) { (*progress)(now); };
  }
#endif
  auto engine = build(network, config, options);
#if NV_TENSORRT_MAJOR < 11
  if (engine.ok() && config.getFlag(BuilderFlag::kINT8) && config.getInt8Calibrator() != nullptr) {
    const auto* profile = static_cast<const OptimizationProfile*>(config.calibration_profile());
    const Profile ranges = profile == nullptr ? Profile() : profile->ranges();
    const Profile* shapes = profile != nullptr         ? &ranges
                            : options.profiles.empty() ? nullptr
                                                       : &options.profiles.front();
    if (Status s = calibrate(*config.getInt8Calibrator(), *engine, shapes, log_); !s.ok()) return s;
  }
#endif
  return engine;
}

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
  auto engine = build(static_cast<NetworkDefinition&>(network), static_cast<const BuilderConfig&>(config));
  return log_.check(engine.status()) ? new HostMemory(engine->serialize()) : nullptr;
}

nvinfer1::ICudaEngine* Builder::buildEngineWithConfig(nvinfer1::INetworkDefinition& network,
                                                      nvinfer1::IBuilderConfig& config) noexcept {
  auto engine = build(static_cast<NetworkDefinition&>(network), static_cast<const BuilderConfig&>(config));
  return log_.check(engine.status()) ? new CudaEngine(log_, std::move(*engine)) : nullptr;
}

#if NV_TENSORRT_MAJOR >= 10
bool Builder::buildSerializedNetworkToStream(nvinfer1::INetworkDefinition& network,
                                             nvinfer1::IBuilderConfig& config,
                                             nvinfer1::IStreamWriter& writer) noexcept {
  const std::unique_ptr<nvinfer1::IHostMemory> plan(buildSerializedNetwork(network, config));
  if (plan == nullptr) return false;
  const int64_t written = writer.write(plan->data(), static_cast<int64_t>(plan->size()));
  if (written == static_cast<int64_t>(plan->size())) return true;
  log_.error(ErrorCode::kFAILED_EXECUTION, "the stream writer took " + std::to_string(written) + " of " +
                                               std::to_string(plan->size()) + " bytes");
  return false;
}
#endif

bool Builder::isNetworkSupported(const nvinfer1::INetworkDefinition& network,
                                 const nvinfer1::IBuilderConfig&) const noexcept {
  auto& definition = const_cast<NetworkDefinition&>(static_cast<const NetworkDefinition&>(network));
  return log_.check(definition.finish());
}

}  // namespace ingot::tensorrt
