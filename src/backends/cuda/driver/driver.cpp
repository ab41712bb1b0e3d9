#include "backends/cuda/driver/driver.h"

namespace ingot::cuda {
namespace {

Result<DriverFunctions> load() {
  INGOT_ASSIGN_OR_RETURN(const Library library, Library::open({"libcuda.so.1"}));
  DriverFunctions table;
  INGOT_CUDA_DRIVER_FUNCTIONS(INGOT_CUDA_LOAD)
  INGOT_RETURN_IF_ERROR(table.check(table.cuInit(0), "starting the driver"));
  int count = 0;
  INGOT_RETURN_IF_ERROR(table.check(table.cuDeviceGetCount(&count), "counting the GPUs"));
  if (count == 0) return device_error("the CUDA driver finds no GPU");
  return table;
}

// Errors of a kernel (a bad address, a timeout, an assertion...), after which the driver refuses everything.
bool is_sticky(CUresult result) {
  return result == 700 || result == 702 || result == 710 || (result >= 714 && result <= 719);
}

}  // namespace

Status DriverFunctions::check(CUresult result, const char* what) const {
  if (result == kCudaSuccess) return {};
  const char* text = nullptr;
  cuGetErrorString(result, &text);
  const std::string message =
      str(what, ": ", text == nullptr ? "unknown error" : text, " (CUDA ", result, ")",
          is_sticky(result) ? "; the GPU's context is lost, and the process has to begin anew (with "
                              "CUDA_LAUNCH_BLOCKING=1 the error names the step)"
                            : "");
  return result == kCudaOutOfMemory ? out_of_memory(message) : device_error(message);
}

Result<const DriverFunctions*> driver() {
  static const Result<DriverFunctions> table = load();
  if (!table.ok()) return table.status();
  return &*table;
}

}  // namespace ingot::cuda
