// devices() and the measured peak: what the machine offers.
#include <sched.h>

#include <thread>

#include "backends/cpu/kernels/peak/peak.h"
#include "backends/cpu/kernels/simd/isa.h"
#include "backends/cpu/plugin.h"
#include "backends/cuda/plugin.h"
#include "base/status.h"
#include "ingot/device.h"

namespace ingot {
namespace {

int usable_cores() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
  return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

}  // namespace

std::vector<DeviceInfo> devices() {
  std::vector<DeviceInfo> out = {
      {"cpu", cpu::processor_model(), std::string(cpu::isa_name(cpu::machine_isa())), usable_cores(), {}}};
  for (const cuda::GpuInfo& gpu : cuda::gpus())
    out.push_back({"cuda", gpu.name, gpu.arch, gpu.multiprocessors, cuda::library_report(), gpu.memory_bytes,
                   gpu.gbytes_per_s, gpu.tflops});
  return out;
}

std::string missing_gpu() {
  const auto device = cuda::make_device();
  return device.ok() ? "" : std::string(device.status().message());
}

Result<double> measure_peak_gflops(int threads) {
  if (threads < 1 || threads > 1024)
    return invalid_argument("thread count ", threads, " is out of range, expected 1 to 1024");
  return cpu::measure_peak_gflops(threads);
}

}  // namespace ingot
