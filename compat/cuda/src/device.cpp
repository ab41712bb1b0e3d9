// The one device: the processor, and it says so.
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>
#include <thread>

#include "cudart.h"

namespace ingot::cudart {
namespace {

// The processor's own name, as the kernel tells it.
std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name")) return line.substr(std::min(line.size(), line.find(": ") + 2));
  return "unknown processor";
}

int cores() { return static_cast<int>(std::max(1U, std::thread::hardware_concurrency())); }

// The start of cudaDeviceProp. What follows it is zero: features that a processor does not have.
struct Properties {
  char name[256];
  char uuid[16], luid[8];
  unsigned luid_mask;
  size_t total_memory, shared_memory_per_block;
  int registers_per_block, warp_size;
  size_t pitch;
  int threads_per_block, threads_dim[3], grid[3];
#if INGOT_CUDA_MAJOR == 12
  int clock_rate;
#endif
  size_t constant_memory;
  int major, minor;
  size_t texture_alignment, texture_pitch_alignment;
#if INGOT_CUDA_MAJOR == 12
  int overlap;
#endif
  int processors;
#if INGOT_CUDA_MAJOR == 12
  int run_time_limit;
#endif
  int integrated, maps_host_memory;
};
#if INGOT_CUDA_MAJOR == 12
constexpr size_t kPropertiesSize = 1032;
static_assert(offsetof(Properties, processors) == 388 && offsetof(Properties, integrated) == 396);
#else
constexpr size_t kPropertiesSize = 1008;
static_assert(offsetof(Properties, processors) == 384 && offsetof(Properties, integrated) == 388);
#endif
static_assert(offsetof(Properties, total_memory) == 288 && offsetof(Properties, major) == 360);

Error properties(void* out, int device) {
  if (out == nullptr) return kInvalidValue;
  if (device != 0) return kInvalidDevice;
  std::memset(out, 0, kPropertiesSize);
  auto& p = *static_cast<Properties*>(out);
  std::snprintf(p.name, sizeof p.name, "CPU (no GPU): %s", processor_name().c_str());
  p.total_memory = total_memory();
  p.warp_size = p.threads_per_block = 1;
  std::fill_n(p.threads_dim, 3, 1);
  std::fill_n(p.grid, 3, 1);
  p.processors = cores();
  p.integrated = p.maps_host_memory = 1;
  return kSuccess;
}

// Those of cudaDeviceAttr that are not zero.
int attribute(int which) {
  constexpr int kMaxThreadsPerBlock = 1, kWarpSize = 10, kProcessors = 16, kIntegrated = 18, kMapsHost = 19,
                kUnified = 41;
  switch (which) {
    case kProcessors:
      return cores();
    case kMaxThreadsPerBlock:
    case kWarpSize:
    case kIntegrated:
    case kMapsHost:
    case kUnified:
      return 1;
    default:
      return 0;
  }
}

Error store(int* out, int value) {
  if (out == nullptr) return kInvalidValue;
  *out = value;
  return kSuccess;
}

}  // namespace

size_t total_memory() {
  return static_cast<size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}
size_t free_memory() {
  return static_cast<size_t>(sysconf(_SC_AVPHYS_PAGES)) * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

INGOT_CUDA_API int cudaGetDeviceCount(int* out) { return keep(store(out, 1)); }
INGOT_CUDA_API int cudaGetDevice(int* out) { return keep(store(out, 0)); }
INGOT_CUDA_API int cudaSetDevice(int device) { return keep(device == 0 ? kSuccess : kInvalidDevice); }
INGOT_CUDA_API int cudaSetDeviceFlags(unsigned) { return kSuccess; }
INGOT_CUDA_API int cudaGetDeviceFlags(unsigned* flags) {
  return keep(store(reinterpret_cast<int*>(flags), 0));
}
INGOT_CUDA_API int cudaGetDeviceProperties(void* out, int device) { return keep(properties(out, device)); }
#if INGOT_CUDA_MAJOR == 12  // the name that its header calls
INGOT_CUDA_API int cudaGetDeviceProperties_v2(void* out, int device) { return keep(properties(out, device)); }
#endif
INGOT_CUDA_API int cudaDeviceGetAttribute(int* out, int which, int device) {
  return keep(device == 0 ? store(out, attribute(which)) : kInvalidDevice);
}
INGOT_CUDA_API int cudaDeviceGetPCIBusId(char* out, int size, int device) {
  if (device != 0) return keep(kInvalidDevice);
  if (out == nullptr || size < 13) return keep(kInvalidValue);
  std::snprintf(out, static_cast<size_t>(size), "0000:00:00.0");
  return kSuccess;
}
INGOT_CUDA_API int cudaDeviceGetStreamPriorityRange(int* least, int* greatest) {
  if (least != nullptr) *least = 0;
  if (greatest != nullptr) *greatest = 0;
  return kSuccess;
}
INGOT_CUDA_API int cudaDeviceCanAccessPeer(int* out, int, int) { return keep(store(out, 0)); }
INGOT_CUDA_API int cudaDeviceEnablePeerAccess(int, unsigned) { return keep(kPeerAccessUnsupported); }
INGOT_CUDA_API int cudaDeviceSynchronize() { return kSuccess; }
INGOT_CUDA_API int cudaDeviceReset() { return kSuccess; }
INGOT_CUDA_API int cudaDeviceSetLimit(int, size_t) { return keep(kNotSupported); }
INGOT_CUDA_API int cudaRuntimeGetVersion(int* out) { return keep(store(out, INGOT_CUDA_MAJOR * 1000)); }
INGOT_CUDA_API int cudaDriverGetVersion(int* out) { return keep(store(out, INGOT_CUDA_MAJOR * 1000)); }
INGOT_CUDA_API int cudaProfilerStart() { return kSuccess; }
INGOT_CUDA_API int cudaProfilerStop() { return kSuccess; }

}  // namespace ingot::cudart
