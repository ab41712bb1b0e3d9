#include "calibration.h"

#if NV_TENSORRT_MAJOR < 11

#include <cmath>
#include <cstdio>
#include <cstring>

#include "convert.h"

namespace ingot::tensorrt {
namespace {

// The largest magnitude of each tensor that was seen.
class Ranges {
 public:
  void see(const std::string& name, const TensorRef& values) {
    if (values.dtype != DataType::kF32) return;
    float& most = most_[name];
    const auto* data = static_cast<const float*>(values.data);
    for (int64_t i = 0; i < values.size(); ++i)
      if (std::isfinite(data[i])) most = std::max(most, std::abs(data[i]));
  }
  // A line for each tensor: its scale's bits in hexadecimal.
  std::string text() const {
    std::string out = "TRT-" + std::to_string(NV_TENSORRT_VERSION) + "-MinMaxCalibration\n";
    for (const auto& [name, most] : most_) {
      const float scale = most / 127;
      uint32_t bits;
      std::memcpy(&bits, &scale, sizeof(bits));
      char number[16];
      std::snprintf(number, sizeof(number), "%08x", bits);
      out += name + ": " + number + "\n";
    }
    return out;
  }

 private:
  std::map<std::string, float> most_;
};

}  // namespace

Status calibrate(nvinfer1::IInt8Calibrator& calibrator, Engine& engine, const Profile* shapes,
                 const Log& log) {
  size_t length = 0;
  if (calibrator.readCalibrationCache(length) != nullptr && length > 0) {
    log.info("the calibrator has a cache: it is not asked for batches");
    return {};
  }
  auto context = engine.context();
  if (!context.ok()) return context.status();

  std::vector<const char*> names;
  std::vector<ShapeDims> dims;
  for (const TensorInfo& input : engine.inputs()) {
    names.push_back(input.name.c_str());
    dims.push_back(to_vector(to_dims(input.dims)));
    if (shapes != nullptr)
      if (const auto it = shapes->find(input.name); it != shapes->end()) dims.back() = it->second.opt;
    if (!dims.back().empty() && dims.back()[0] < 0) dims.back()[0] = calibrator.getBatchSize();
    for (int64_t d : dims.back())
      if (d < 0)
        return {StatusCode::kInvalidArgument,
                "calibration: input '" + input.name + "' has open dims and no calibration profile"};
  }
  Ranges ranges;
  std::vector<void*> batch(names.size(), nullptr);
  while (calibrator.getBatch(batch.data(), names.data(), static_cast<int32_t>(names.size()))) {
    for (size_t i = 0; i < names.size(); ++i) {
      const TensorRef values{engine.inputs()[i].dtype, dims[i], batch[i]};
      if (batch[i] == nullptr)
        return {StatusCode::kInvalidArgument,
                std::string("calibration: the batch has no address for input '") + names[i] + "'"};
      if (Status s = context->set_input(names[i], values); !s.ok()) return s;
      ranges.see(names[i], values);
    }
    if (Status s = context->run(); !s.ok()) return s;
    for (const TensorInfo& output : engine.outputs())
      if (auto values = context->output(output.name); values.ok()) ranges.see(output.name, *values);
  }
  const std::string text = ranges.text();
  calibrator.writeCalibrationCache(text.data(), text.size());
  return {};
}

}  // namespace ingot::tensorrt

#endif
