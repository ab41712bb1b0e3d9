// The one device: the processor, and it says so.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>
#include <thread>

#include "cudart.h"

namespace ingot::cudart {
namespace {

#if CUDART_VERSION < 13000
static_assert(sizeof(cudaDeviceProp) == 1032 && offsetof(cudaDeviceProp, multiProcessorCount) == 388 &&
              offsetof(cudaDeviceProp, integrated) == 396);
#else
static_assert(sizeof(cudaDeviceProp) == 1008 && offsetof(cudaDeviceProp, multiProcessorCount) == 384 &&
              offsetof(cudaDeviceProp, integrated) == 388);
#endif
static_assert(offsetof(cudaDeviceProp, totalGlobalMem) == 288 && offsetof(cudaDeviceProp, major) == 360);

// The processor's own name, as the kernel tells it.
std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name")) return line.substr(std::min(line.size(), line.find(": ") + 2));
  return "unknown processor";
}

int cores() { return static_cast<int>(std::max(1U, std::thread::hardware_concurrency())); }

cudaError_t properties(cudaDeviceProp* out, int device) {
  if (out == nullptr) return cudaErrorInvalidValue;
  if (device != 0) return cudaErrorInvalidDevice;
  *out = {};
  std::snprintf(out->name, sizeof out->name, "CPU (no GPU): %s", processor_name().c_str());
  out->totalGlobalMem = total_memory();
  out->warpSize = out->maxThreadsPerBlock = 1;
  std::fill_n(out->maxThreadsDim, 3, 1);
  std::fill_n(out->maxGridSize, 3, 1);
  out->multiProcessorCount = cores();
  out->integrated = out->canMapHostMemory = 1;
  return cudaSuccess;
}

// Those that are not zero.
int attribute(cudaDeviceAttr which) {
  switch (which) {
    case cudaDevAttrMultiProcessorCount:
      return cores();
    case cudaDevAttrMaxThreadsPerBlock:
    case cudaDevAttrWarpSize:
    case cudaDevAttrIntegrated:
    case cudaDevAttrCanMapHostMemory:
    case cudaDevAttrUnifiedAddressing:
      return 1;
    default:
      return 0;
  }
}

template <class T>
cudaError_t store(T* out, T value) {
  if (out == nullptr) return cudaErrorInvalidValue;
  *out = value;
  return cudaSuccess;
}

}  // namespace

size_t total_memory() {
  return static_cast<size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}
size_t free_memory() {
  return static_cast<size_t>(sysconf(_SC_AVPHYS_PAGES)) * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace ingot::cudart

using namespace ingot::cudart;

extern "C" {

cudaError_t cudaGetDeviceCount(int* out) { return keep(store(out, 1)); }
cudaError_t cudaGetDevice(int* out) { return keep(store(out, 0)); }
cudaError_t cudaSetDevice(int device) { return keep(device == 0 ? cudaSuccess : cudaErrorInvalidDevice); }
cudaError_t cudaSetDeviceFlags(unsigned) { return cudaSuccess; }
cudaError_t cudaGetDeviceFlags(unsigned* out) { return keep(store(out, 0U)); }
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* out, int device) { return keep(properties(out, device)); }
// the name that the header of CUDA 12 calls
cudaError_t cudaGetDeviceProperties_v2(cudaDeviceProp* out, int device) {
  return keep(properties(out, device));
}
cudaError_t cudaDeviceGetAttribute(int* out, cudaDeviceAttr which, int device) {
  return keep(device == 0 ? store(out, attribute(which)) : cudaErrorInvalidDevice);
}
cudaError_t cudaDeviceGetPCIBusId(char* out, int size, int device) {
  if (device != 0) return keep(cudaErrorInvalidDevice);
  if (out == nullptr || size < 13) return keep(cudaErrorInvalidValue);
  std::snprintf(out, static_cast<size_t>(size), "0000:00:00.0");
  return cudaSuccess;
}
cudaError_t cudaDeviceGetStreamPriorityRange(int* least, int* greatest) {
  if (least != nullptr) *least = 0;
  if (greatest != nullptr) *greatest = 0;
  return cudaSuccess;
}
cudaError_t cudaDeviceCanAccessPeer(int* out, int, int) { return keep(store(out, 0)); }
cudaError_t cudaDeviceEnablePeerAccess(int, unsigned) { return keep(cudaErrorPeerAccessUnsupported); }
cudaError_t cudaDeviceSynchronize() { return cudaSuccess; }
cudaError_t cudaDeviceReset() { return cudaSuccess; }
cudaError_t cudaDeviceSetLimit(cudaLimit, size_t) { return keep(cudaErrorNotSupported); }
cudaError_t cudaRuntimeGetVersion(int* out) { return keep(store(out, CUDART_VERSION)); }
cudaError_t cudaDriverGetVersion(int* out) { return keep(store(out, CUDART_VERSION)); }
cudaError_t cudaProfilerStart() { return cudaSuccess; }
cudaError_t cudaProfilerStop() { return cudaSuccess; }

}  // extern "C"
