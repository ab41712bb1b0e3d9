// INT8 calibration as clients drive it (TensorRT 8 and 10): their calibrator is asked for batches, and is
// given a cache of scales to keep.
#pragma once

#include <map>
#include <string>

#include "builder_config.h"
#include "ingot/engine.h"
#include "ingot/network.h"

namespace ingot::tensorrt {

#if NV_TENSORRT_MAJOR < 11
/// The scale of each tensor: what one step of INT8 is worth.
using Scales = std::map<std::string, float>;
inline constexpr float kInt8Steps = 127;  // of one sign

/// Reads them from the calibrator's cache; where that is missing or not a cache, runs `network` in wide types
/// on the calibrator's batches, with the shapes of `profile` (may be null), and gives the calibrator a cache
/// in TensorRT's text form. `name` tells a client's name of a value, empty for one that it does not know.
Result<Scales> calibrate(nvinfer1::IInt8Calibrator& calibrator, ingot::Network& network,
                         const std::map<int32_t, std::string>& names, const BuildOptions& options,
                         const Profile* profile, const Log& log);

/// The cache's text, and what it says; nothing for text that is none.
std::string scales_text(const Scales& scales, nvinfer1::CalibrationAlgoType algorithm);
std::optional<Scales> read_scales(const std::string& text);
#endif

}  // namespace ingot::tensorrt
