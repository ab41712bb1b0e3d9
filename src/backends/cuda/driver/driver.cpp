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

}  // namespace

Status DriverFunctions::check(CUresult result, const char* what) const {
  if (result == kCudaSuccess) return {};
  const char* text = nullptr;
  cuGetErrorString(result, &text);
  const std::string message =
      str(what, ": ", text == nullptr ? "unknown error" : text, " (CUDA ", result, ")");
  return result == kCudaOutOfMemory ? out_of_memory(message) : device_error(message);
}

Result<const DriverFunctions*> driver() {
  static const Result<DriverFunctions> table = load();
  if (!table.ok()) return table.status();
  return &*table;
}

}  // namespace ingot::cuda
