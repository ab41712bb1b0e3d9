#include "calibration.h"

#if NV_TENSORRT_MAJOR < 11

#include <cstdio>
#include <cstring>
#include <sstream>

#include "convert.h"
#include "ingot/histogram.h"

namespace ingot::tensorrt {
namespace {

using Algorithm = nvinfer1::CalibrationAlgoType;
const std::string kPrefix = "calibrated: ";  // of outputs that only calibration has

const char* algorithm_name(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kLEGACY_CALIBRATION:
      return "LegacyCalibration";
    case Algorithm::kENTROPY_CALIBRATION:
      return "EntropyCalibration";
    case Algorithm::kENTROPY_CALIBRATION_2:
      return "EntropyCalibration2";
    default:
      return "MinMaxCalibration";
  }
}

float limit(const Histogram& h, nvinfer1::IInt8Calibrator& calibrator, Algorithm algorithm) {
  const auto most = static_cast<float>(h.largest());
  switch (algorithm) {
    case Algorithm::kENTROPY_CALIBRATION:
    case Algorithm::kENTROPY_CALIBRATION_2:
      return static_cast<float>(h.entropy_range());
    case Algorithm::kLEGACY_CALIBRATION: {
      auto& legacy = static_cast<nvinfer1::IInt8LegacyCalibrator&>(calibrator);
      const auto cutoff = static_cast<float>(legacy.getRegressionCutoff());
      const auto quantile = static_cast<float>(h.quantile(legacy.getQuantile()));
      return cutoff > 0 && cutoff < 1 ? std::max(quantile, cutoff * most) : quantile;
    }
    default:
      return most;
  }
}

// Float values with names as further outputs, under kPrefix; gives the name of each.
std::vector<std::string> observe(ingot::Network& network, const std::map<int32_t, std::string>& names) {
  std::vector<std::string> out;
  for (const auto& [id, name] : names) {
    if (name.empty() || network.info({id}).dtype != DataType::kF32) continue;
    network.output(network.op("Identity", {{id}}), kPrefix + name);
    out.push_back(name);
  }
  return out;
}

void forget(ingot::Network& network) {
  for (NetworkTensor t : network.outputs())
    if (network.info(t).name.starts_with(kPrefix)) network.remove_output(t);
}

// Dims of an input for a batch: those of the profile, or the calibrator's batch size in front.
Result<ShapeDims> batch_dims(const TensorInfo& input, const Profile* profile, int32_t batch) {
  ShapeDims dims = to_vector(to_dims(input.dims));
  if (profile != nullptr)
    if (const auto it = profile->find(input.name); it != profile->end()) dims = it->second.opt;
  if (!dims.empty() && dims[0] < 0) dims[0] = batch;
  for (int64_t d : dims)
    if (d < 0)
      return Status(StatusCode::kInvalidArgument,
                    "calibration: input '" + input.name + "' has open dims and no calibration profile");
  return dims;
}

Result<std::map<std::string, Histogram>> run_batches(nvinfer1::IInt8Calibrator& calibrator,
                                                     const Engine& engine,
                                                     const std::vector<std::string>& observed,
                                                     const Profile* profile) {
  auto context = engine.context();
  if (!context.ok()) return context.status();
  std::vector<const char*> names;
  std::vector<ShapeDims> dims;
  for (const TensorInfo& input : engine.inputs()) {
    names.push_back(input.name.c_str());
    auto known = batch_dims(input, profile, calibrator.getBatchSize());
    if (!known.ok()) return known.status();
    dims.push_back(std::move(*known));
  }
  std::map<std::string, Histogram> out;
  std::vector<void*> batch(names.size(), nullptr);
  size_t batches = 0;
  while (calibrator.getBatch(batch.data(), names.data(), static_cast<int32_t>(names.size()))) {
    for (size_t i = 0; i < names.size(); ++i) {
      if (batch[i] == nullptr)
        return Status(StatusCode::kInvalidArgument,
                      std::string("calibration: the batch has no address for input '") + names[i] + "'");
      if (Status s = context->set_input(names[i], {engine.inputs()[i].dtype, dims[i], batch[i]}); !s.ok())
        return s;
    }
    if (Status s = context->run(); !s.ok()) return s;
    for (const std::string& name : observed) {
      const auto values = context->output(kPrefix + name);
      if (!values.ok()) return values.status();
      out[name].add({static_cast<const float*>(values->data), static_cast<size_t>(values->size())});
    }
    ++batches;
  }
  if (batches == 0) return Status(StatusCode::kInvalidArgument, "calibration: the calibrator gave no batch");
  return out;
}

}  // namespace

std::string scales_text(const Scales& scales, Algorithm algorithm) {
  std::string out = "TRT-" + std::to_string(NV_TENSORRT_VERSION) + "-" + algorithm_name(algorithm) + "\n";
  for (const auto& [name, scale] : scales) {
    uint32_t bits;
    std::memcpy(&bits, &scale, sizeof(bits));
    char number[16];
    std::snprintf(number, sizeof(number), "%08x", bits);
    out += name + ": " + number + "\n";
  }
  return out;
}

std::optional<Scales> read_scales(const std::string& text) {
  std::istringstream lines(text);
  std::string line;
  if (!std::getline(lines, line) || !line.starts_with("TRT-")) return std::nullopt;
  Scales out;
  while (std::getline(lines, line)) {
    const size_t colon = line.rfind(": ");
    if (colon == std::string::npos) continue;
    char* end = nullptr;
    const auto bits = static_cast<uint32_t>(std::strtoul(line.c_str() + colon + 2, &end, 16));
    if (end == line.c_str() + colon + 2) return std::nullopt;
    std::memcpy(&out[line.substr(0, colon)], &bits, sizeof(bits));
  }
  return out;
}

Result<Scales> calibrate(nvinfer1::IInt8Calibrator& calibrator, ingot::Network& network,
                         const std::map<int32_t, std::string>& names, const BuildOptions& options,
                         const Profile* profile, const Log& log) {
  const Algorithm algorithm = calibrator.getAlgorithm();
  uint64_t length = 0;
  if (const void* cache = calibrator.readCalibrationCache(length); cache != nullptr && length > 0) {
    if (auto scales = read_scales({static_cast<const char*>(cache), length})) {
      log.info("the calibrator's cache has " + std::to_string(scales->size()) +
               " scales: it is not asked for batches");
      return std::move(*scales);
    }
    log.warning("the calibrator's cache is none of TensorRT's: its batches are run");
  }
  BuildOptions wide;
  wide.device = options.device;
  wide.threads = options.threads;
  wide.level = 0;
  if (profile != nullptr) wide.profiles = {*profile};
  const std::vector<std::string> observed = observe(network, names);
  const auto engine = ingot::build(network, wide);
  forget(network);
  if (!engine.ok()) return engine.status();
  const auto histograms = run_batches(calibrator, *engine, observed, profile);
  if (!histograms.ok()) return histograms.status();
  Scales scales;
  for (const auto& [name, h] : *histograms) scales[name] = limit(h, calibrator, algorithm) / kInt8Steps;
  const std::string text = scales_text(scales, algorithm);
  calibrator.writeCalibrationCache(text.data(), text.size());
  return scales;
}

}  // namespace ingot::tensorrt

#endif
