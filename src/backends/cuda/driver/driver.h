// The CUDA driver (libcuda.so.1): the part of its interface that the backend uses, declared here so that a
// build needs no CUDA headers. Names and values are those of cuda.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "backends/cuda/driver/functions.h"

namespace ingot::cuda {

using CUresult = int;
using CUdevice = int;
using CUdeviceptr = unsigned long long;
using CUcontext = struct CUctx_st*;
using CUmodule = struct CUmod_st*;
using CUfunction = struct CUfunc_st*;
using CUstream = struct CUstream_st*;
using CUevent = struct CUevent_st*;
using CUgraph = struct CUgraph_st*;
using CUgraphExec = struct CUgraphExec_st*;
using CUgraphNode = struct CUgraphNode_st*;

inline constexpr CUresult kCudaSuccess = 0, kCudaOutOfMemory = 2, kCudaNoDevice = 100;

enum CUdevice_attribute : int {
  kMaxSharedMemoryPerBlock = 8,
  kMultiprocessorCount = 16,
  kClockRateKhz = 13,
  kMemoryClockRateKhz = 36,
  kMemoryBusBits = 37,
  kL2CacheBytes = 38,
  kComputeMajor = 75,
  kComputeMinor = 76,
  kMaxSharedMemoryPerBlockOptin = 97,
};
enum CUfunction_attribute : int { kFunctionMaxDynamicSharedBytes = 8 };
enum CUpointer_attribute : int { kPointerMemoryType = 2 };
inline constexpr int kMemoryTypeDevice = 2;
inline constexpr unsigned kStreamNonBlocking = 1, kEventDefault = 0, kEventDisableTiming = 2;
inline constexpr int kCaptureThreadLocal = 1;

enum CUlaunchAttributeID : unsigned {
  kLaunchClusterDimension = 4,
  kLaunchProgrammaticStreamSerialization = 6,
};
struct CUlaunchAttribute {
  CUlaunchAttributeID id;
  char pad[8 - sizeof(CUlaunchAttributeID)];
  union {
    char bytes[64];
    int programmatic_stream_serialization;
    struct {
      unsigned x, y, z;
    } cluster;
  } value;
};
struct CUlaunchConfig {
  unsigned grid_x, grid_y, grid_z, block_x, block_y, block_z, shared_bytes;
  CUstream stream;
  CUlaunchAttribute* attributes;
  unsigned num_attributes;
};
struct alignas(64) CUtensorMap {
  uint64_t opaque[16];
};

#define INGOT_CUDA_DRIVER_FUNCTIONS(F)                                                                     \
  F(cuInit, CUresult(unsigned))                                                                            \
  F(cuDriverGetVersion, CUresult(int*))                                                                    \
  F(cuGetErrorString, CUresult(CUresult, const char**))                                                    \
  F(cuDeviceGetCount, CUresult(int*))                                                                      \
  F(cuDeviceGet, CUresult(CUdevice*, int))                                                                 \
  F(cuDeviceGetName, CUresult(char*, int, CUdevice))                                                       \
  F(cuDeviceTotalMem_v2, CUresult(size_t*, CUdevice))                                                      \
  F(cuDeviceGetAttribute, CUresult(int*, CUdevice_attribute, CUdevice))                                    \
  F(cuDevicePrimaryCtxRetain, CUresult(CUcontext*, CUdevice))                                              \
  F(cuDevicePrimaryCtxRelease_v2, CUresult(CUdevice))                                                      \
  F(cuCtxGetCurrent, CUresult(CUcontext*))                                                                 \
  F(cuCtxGetDevice, CUresult(CUdevice*))                                                                   \
  F(cuCtxSetCurrent, CUresult(CUcontext))                                                                  \
  F(cuMemAlloc_v2, CUresult(CUdeviceptr*, size_t))                                                         \
  F(cuMemFree_v2, CUresult(CUdeviceptr))                                                                   \
  F(cuMemAllocHost_v2, CUresult(void**, size_t))                                                           \
  F(cuMemFreeHost, CUresult(void*))                                                                        \
  F(cuMemcpyHtoD_v2, CUresult(CUdeviceptr, const void*, size_t))                                           \
  F(cuMemcpyAsync, CUresult(CUdeviceptr, CUdeviceptr, size_t, CUstream))                                   \
  F(cuMemcpyHtoDAsync_v2, CUresult(CUdeviceptr, const void*, size_t, CUstream))                            \
  F(cuMemcpyDtoHAsync_v2, CUresult(void*, CUdeviceptr, size_t, CUstream))                                  \
  F(cuMemsetD8Async, CUresult(CUdeviceptr, unsigned char, size_t, CUstream))                               \
  F(cuPointerGetAttribute, CUresult(void*, CUpointer_attribute, CUdeviceptr))                              \
  F(cuStreamCreate, CUresult(CUstream*, unsigned))                                                         \
  F(cuStreamDestroy_v2, CUresult(CUstream))                                                                \
  F(cuStreamSynchronize, CUresult(CUstream))                                                               \
  F(cuStreamWaitEvent, CUresult(CUstream, CUevent, unsigned))                                              \
  F(cuStreamBeginCapture_v2, CUresult(CUstream, int))                                                      \
  F(cuStreamIsCapturing, CUresult(CUstream, int*))                                                         \
  F(cuStreamEndCapture, CUresult(CUstream, CUgraph*))                                                      \
  F(cuGraphInstantiateWithFlags, CUresult(CUgraphExec*, CUgraph, unsigned long long))                      \
  F(cuGraphGetNodes, CUresult(CUgraph, CUgraphNode*, size_t*))                                             \
  F(cuGraphLaunch, CUresult(CUgraphExec, CUstream))                                                        \
  F(cuGraphDestroy, CUresult(CUgraph))                                                                     \
  F(cuGraphExecDestroy, CUresult(CUgraphExec))                                                             \
  F(cuEventCreate, CUresult(CUevent*, unsigned))                                                           \
  F(cuEventDestroy_v2, CUresult(CUevent))                                                                  \
  F(cuEventRecord, CUresult(CUevent, CUstream))                                                            \
  F(cuEventElapsedTime, CUresult(float*, CUevent, CUevent))                                                \
  F(cuModuleLoadData, CUresult(CUmodule*, const void*))                                                    \
  F(cuModuleUnload, CUresult(CUmodule))                                                                    \
  F(cuModuleGetFunction, CUresult(CUfunction*, CUmodule, const char*))                                     \
  F(cuFuncSetAttribute, CUresult(CUfunction, CUfunction_attribute, int))                                   \
  F(cuLaunchKernelEx, CUresult(const CUlaunchConfig*, CUfunction, void**, void**))                         \
  F(cuTensorMapEncodeTiled, CUresult(CUtensorMap*, int, uint32_t, void*, const uint64_t*, const uint64_t*, \
                                     const uint32_t*, const uint32_t*, int, int, int, int))                \
  F(cuTensorMapEncodeIm2col,                                                                               \
    CUresult(CUtensorMap*, int, uint32_t, void*, const uint64_t*, const uint64_t*, const int*, const int*, \
             uint32_t, uint32_t, const uint32_t*, int, int, int, int))

struct DriverFunctions {
  INGOT_CUDA_DRIVER_FUNCTIONS(INGOT_CUDA_MEMBER)

  /// Success, or what the driver says about `result`; `what` names the call's purpose.
  Status check(CUresult result, const char* what) const;
};

/// The driver, loaded and initialised once per process. Errors: kNotFound without libcuda.so.1; kDeviceError
/// when it finds no GPU.
Result<const DriverFunctions*> driver();

}  // namespace ingot::cuda
