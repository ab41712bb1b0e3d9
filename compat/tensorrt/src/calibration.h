// INT8 calibration as clients drive it (TensorRT 8 and 10): their calibrator is asked for batches, and is
// given a cache of ranges to keep.
#pragma once

#include "builder_config.h"
#include "ingot/engine.h"

namespace ingot::tensorrt {

#if NV_TENSORRT_MAJOR < 11
/// Does nothing when the calibrator has a cache already. Otherwise runs `engine` (in wide types) on the
/// calibrator's batches, and gives it the ranges of the engine's inputs and outputs in TensorRT's text form.
Status calibrate(nvinfer1::IInt8Calibrator& calibrator, Engine& engine, const Profile* shapes,
                 const Log& log);
#endif

}  // namespace ingot::tensorrt
