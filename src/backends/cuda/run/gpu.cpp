#include "backends/cuda/run/gpu.h"

namespace ingot::cuda {

Result<std::shared_ptr<const Gpu>> Gpu::open(int ordinal) {
  INGOT_ASSIGN_OR_RETURN(const DriverFunctions* const f, driver());
  auto gpu = std::make_shared<Gpu>(*f);
  int count = 0;
  INGOT_RETURN_IF_ERROR(f->check(f->cuDeviceGetCount(&count), "counting the GPUs"));
  if (ordinal < 0 || ordinal >= count) return not_found("no GPU ", ordinal, ", there are ", count);
  INGOT_RETURN_IF_ERROR(f->check(f->cuDeviceGet(&gpu->device, ordinal), "opening the GPU"));
  char name[256] = "";
  f->cuDeviceGetName(name, sizeof name, gpu->device);
  gpu->name = name;
  f->cuDeviceTotalMem_v2(&gpu->memory_bytes, gpu->device);
  const auto attribute = [&](CUdevice_attribute which) {
    int value = 0;
    f->cuDeviceGetAttribute(&value, which, gpu->device);
    return value;
  };
  const int major = attribute(kComputeMajor), minor = attribute(kComputeMinor);
  gpu->arch = str("sm_", major, minor, major >= 9 ? "a" : "");
  gpu->multiprocessors = attribute(kMultiprocessorCount);
  gpu->gbytes_per_s = 2e-6 * attribute(kMemoryClockRateKhz) * attribute(kMemoryBusBits) / 8;
  const double each_clock = major >= 9 ? 4096 : 2048;  // dense 16-bit operations of a multiprocessor
  gpu->tflops = 1e-9 * each_clock * attribute(kClockRateKhz) * attribute(kMultiprocessorCount);
  gpu->max_shared_bytes = attribute(kMaxSharedMemoryPerBlockOptin);
  CUcontext current = nullptr;
  CUdevice of_current = -1;
  if (f->cuCtxGetCurrent(&current) == 0 && current != nullptr) f->cuCtxGetDevice(&of_current);
  INGOT_RETURN_IF_ERROR(
      f->check(f->cuDevicePrimaryCtxRetain(&gpu->context, gpu->device), "making a context"));
  gpu->retained = true;
  if (of_current == gpu->device && current != gpu->context) {
    f->cuDevicePrimaryCtxRelease_v2(gpu->device);
    gpu->context = current;
    gpu->retained = false;
  }
  return std::shared_ptr<const Gpu>(std::move(gpu));
}

Status Gpu::write(CUdeviceptr to, const void* from, size_t bytes, const char* what) const {
  INGOT_RETURN_IF_ERROR(f.check(f.cuMemcpyHtoD_v2(to, from, bytes), what));
  return f.check(f.cuStreamSynchronize(nullptr), what);
}

bool Gpu::still_there() const {
  if (retained) return activate().ok();
  CUcontext current = nullptr;
  return f.cuCtxGetCurrent(&current) == 0 && current == context;
}

Gpu::~Gpu() {
  if (retained) f.cuDevicePrimaryCtxRelease_v2(device);
}

}  // namespace ingot::cuda
