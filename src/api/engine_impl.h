// What stands behind Engine and Context; shared by the files of this room.
#pragma once

#include "engine/engine_file.h"
#include "ingot/engine.h"
#include "runtime/device.h"

namespace ingot {

struct Engine::Impl {
  std::shared_ptr<const EngineImage> image;
  std::shared_ptr<Device> device;
  std::vector<TensorInfo> inputs, outputs;
  std::vector<std::string> warnings;
  std::string build_report;  // JSON object of the build's own facts; "{}" for a loaded engine
};

/// Wraps an image whose first plan runs on `device`.
Result<Engine> make_engine(std::shared_ptr<const EngineImage> image, std::shared_ptr<Device> device,
                           std::vector<std::string> warnings, std::string build_report = "{}");
/// The device of that name ("cpu"). Errors: kUnsupported names those there are.
Result<std::shared_ptr<Device>> open_device(const std::string& name);

/// Plans of `image` made anew for this machine. libingot compiles; libingot_rt refuses (each library links
/// its own).
Result<std::shared_ptr<const EngineImage>> replan_for(const EngineImage& image, Device& device);

}  // namespace ingot
