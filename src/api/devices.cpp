// devices() and the measured peak: what the machine offers.
#include <sched.h>

#include <fstream>
#include <thread>

#include "backends/cpu/kernels/peak/peak.h"
#include "backends/cpu/kernels/simd/isa.h"
#include "base/status.h"
#include "ingot/device.h"

namespace ingot {
namespace {

std::string processor_model() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name")) return line.substr(std::min(line.find(':') + 2, line.size()));
  return "unknown processor";
}

int usable_cores() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
  return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

}  // namespace

std::vector<DeviceInfo> devices() {
  return {{"cpu", processor_model(), std::string(cpu::isa_name(cpu::machine_isa())), usable_cores()}};
}

Result<double> measure_peak_gflops(int threads) {
  if (threads < 1 || threads > 1024)
    return invalid_argument("thread count ", threads, " is out of range, expected 1 to 1024");
  return cpu::measure_peak_gflops(threads);
}

}  // namespace ingot
