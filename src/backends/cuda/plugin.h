// The CUDA backend's two doors: the Target lives in compile/, the Device in run/. A run-only library links
// the Device alone. Nothing here is linked against CUDA: libraries are loaded when a GPU is asked for.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"

namespace ingot {
class Device;
class Target;
}  // namespace ingot

namespace ingot::cuda {

/// GPU number `ordinal`. Errors: kNotFound without a driver or GPU of that number; kDeviceError.
Result<std::unique_ptr<Device>> make_device(int ordinal = 0);
/// Kernels for `device`, which is of this backend. `tf32` allows float32 operands of products and
/// convolutions to be rounded to TF32, unless NVIDIA_TF32_OVERRIDE=0 stands in the environment.
Result<std::unique_ptr<Target>> make_target(Device& device, bool tf32);

struct GpuInfo {
  std::string name, arch;
  int multiprocessors = 0;
  size_t memory_bytes = 0;
  double gbytes_per_s = 0, tflops = 0;  // nominal: of the memory, of 16-bit matrix products
};
/// The GPUs of this machine; none without a driver.
std::vector<GpuInfo> gpus();
/// One line for each library: its version and where it was found, or what is lost without it.
std::vector<std::string> library_report();

}  // namespace ingot::cuda
