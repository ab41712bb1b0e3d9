// libcuda.so.1 of a GPU that is not there, so that what the backend asks of a driver can be tested anywhere:
// its memory is the host's, copies are done at once, kernels do nothing. Counts calls, and fails when told
// to.
#include "fake_cuda.h"

#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <set>
#include <string>

#include "backends/cuda/driver/driver.h"

namespace {

using namespace ingot::cuda;

struct State {
  std::recursive_mutex mutex;
  std::map<std::string, long> calls;
  std::map<unsigned long long, size_t> memory;  // sizes by address
  std::string failing;
  long failing_after = 0;
  int code = 0, lost = 0;
  bool sticky = false;
  int major = 9, minor = 0;
  std::map<CUstream, long> captures;  // launches recorded so far
  std::set<void*> host_memory;
  uintptr_t handles = 0;
  bool copying = false;  // from pageable memory, on the default stream: not there when the call returns
};
// Never destroyed: a lost context keeps what it had, and a device object may end later than all else.
State& state() {
  static State* const s = new State;
  return *s;
}

// A name for an object that nobody looks into.
template <class Handle>
Handle new_handle() {
  return reinterpret_cast<Handle>(state().handles += 16);
}

// Counts a call; the error that it is to give.
int enter(const char* function) {
  State& s = state();
  ++s.calls[function];
  ++s.calls[""];
  if (s.lost != 0) return s.lost;
  if (s.failing != function || s.failing_after-- > 0) return 0;
  s.failing.clear();
  if (s.sticky) s.lost = s.code;
  return s.code;
}

}  // namespace

#define ENTER(name)                          \
  const std::lock_guard lock(state().mutex); \
  if (const int error = enter(#name); error != 0) return error

thread_local CUcontext current_context = nullptr;

extern "C" {

#define EXPORT __attribute__((visibility("default")))

EXPORT long fake_cuda_calls(const char* function) {
  const std::lock_guard lock(state().mutex);
  return state().calls[function];
}
EXPORT void fake_cuda_fail(const char* function, long after, int code, bool sticky) {
  const std::lock_guard lock(state().mutex);
  State& s = state();
  s.failing = function == nullptr ? "" : function;
  s.failing_after = after;
  s.code = code;
  s.sticky = sticky;
  s.lost = 0;
}
EXPORT void fake_cuda_set_arch(int major, int minor) {
  state().major = major;
  state().minor = minor;
}
EXPORT long fake_cuda_allocated() {
  const std::lock_guard lock(state().mutex);
  long bytes = 0;
  for (const auto& [address, size] : state().memory) bytes += static_cast<long>(size);
  return bytes;
}

EXPORT CUresult cuInit(unsigned) {
  ENTER(cuInit);
  return 0;
}
EXPORT CUresult cuDriverGetVersion(int* version) {
  ENTER(cuDriverGetVersion);
  *version = 13000;
  return 0;
}
EXPORT CUresult cuGetErrorString(CUresult code, const char** text) {
  *text = code == 2 ? "out of memory" : code == 700 ? "an illegal memory access was encountered" : "an error";
  return 0;
}
EXPORT CUresult cuDeviceGetCount(int* count) {
  ENTER(cuDeviceGetCount);
  *count = 1;
  return 0;
}
EXPORT CUresult cuDeviceGet(CUdevice* device, int) {
  ENTER(cuDeviceGet);
  *device = 0;
  return 0;
}
EXPORT CUresult cuDeviceGetName(char* name, int size, CUdevice) {
  ENTER(cuDeviceGetName);
  std::strncpy(name, "Pretended GPU", static_cast<size_t>(size));
  return 0;
}
EXPORT CUresult cuDeviceTotalMem_v2(size_t* bytes, CUdevice) {
  ENTER(cuDeviceTotalMem_v2);
  *bytes = size_t{8} << 30;
  return 0;
}
EXPORT CUresult cuDeviceGetAttribute(int* value, CUdevice_attribute what, CUdevice) {
  ENTER(cuDeviceGetAttribute);
  *value = what == kComputeMajor                   ? state().major
           : what == kComputeMinor                 ? state().minor
           : what == kMultiprocessorCount          ? 132
           : what == kMaxSharedMemoryPerBlockOptin ? 227 << 10
                                                   : 48 << 10;
  return 0;
}
EXPORT CUresult cuDevicePrimaryCtxRetain(CUcontext* context, CUdevice) {
  ENTER(cuDevicePrimaryCtxRetain);
  *context = reinterpret_cast<CUcontext>(&state());
  return 0;
}
EXPORT CUresult cuDevicePrimaryCtxRelease_v2(CUdevice) {
  ENTER(cuDevicePrimaryCtxRelease_v2);
  return 0;
}
EXPORT CUresult cuCtxSetCurrent(CUcontext context) {
  ENTER(cuCtxSetCurrent);
  current_context = context;
  return 0;
}
EXPORT CUresult cuCtxGetCurrent(CUcontext* context) {
  ENTER(cuCtxGetCurrent);
  *context = current_context;
  return 0;
}
EXPORT CUresult cuCtxGetDevice(CUdevice* device) {
  ENTER(cuCtxGetDevice);
  *device = 0;
  return 0;
}
EXPORT void* fake_cuda_enter(void* context) {
  return std::exchange(current_context, static_cast<CUcontext>(context));
}
EXPORT CUresult cuMemAlloc_v2(CUdeviceptr* address, size_t bytes) {
  ENTER(cuMemAlloc_v2);
  void* const memory = std::aligned_alloc(256, (bytes + 255) / 256 * 256);
  std::memset(memory, 0, bytes);
  *address = reinterpret_cast<CUdeviceptr>(memory);
  state().memory[*address] = bytes;
  return 0;
}
EXPORT CUresult cuMemFree_v2(CUdeviceptr address) {
  const std::lock_guard lock(state().mutex);  // also of a lost context
  ++state().calls["cuMemFree_v2"];
  if (state().memory.erase(address) != 1) return 1;
  std::free(reinterpret_cast<void*>(address));
  return 0;
}
EXPORT CUresult cuMemAllocHost_v2(void** memory, size_t bytes) {
  ENTER(cuMemAllocHost_v2);
  state().host_memory.insert(*memory = std::malloc(bytes));
  return 0;
}
EXPORT CUresult cuMemFreeHost(void* memory) {
  ENTER(cuMemFreeHost);
  if (state().host_memory.erase(memory) != 1) return 1;
  std::free(memory);
  return 0;
}
EXPORT CUresult cuMemcpyAsync(CUdeviceptr to, CUdeviceptr from, size_t bytes, CUstream) {
  ENTER(cuMemcpyAsync);
  std::memcpy(reinterpret_cast<void*>(to), reinterpret_cast<void*>(from), bytes);
  return 0;
}
EXPORT CUresult cuMemcpyHtoD_v2(CUdeviceptr to, const void* from, size_t bytes) {
  ENTER(cuMemcpyHtoD_v2);
  state().copying = true;
  std::memcpy(reinterpret_cast<void*>(to), from, bytes);
  return 0;
}
EXPORT CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void* from, size_t bytes, CUstream) {
  ENTER(cuMemcpyHtoDAsync_v2);
  std::memcpy(reinterpret_cast<void*>(to), from, bytes);
  return 0;
}
EXPORT CUresult cuMemcpyDtoHAsync_v2(void* to, CUdeviceptr from, size_t bytes, CUstream) {
  ENTER(cuMemcpyDtoHAsync_v2);
  std::memcpy(to, reinterpret_cast<void*>(from), bytes);
  return 0;
}
EXPORT CUresult cuMemsetD8Async(CUdeviceptr to, unsigned char value, size_t bytes, CUstream) {
  ENTER(cuMemsetD8Async);
  std::memset(reinterpret_cast<void*>(to), value, bytes);
  return 0;
}
EXPORT CUresult cuPointerGetAttribute(void* value, CUpointer_attribute, CUdeviceptr address) {
  ENTER(cuPointerGetAttribute);
  const auto& memory = state().memory;
  auto it = memory.upper_bound(address);
  if (it == memory.begin() || address >= (--it)->first + it->second) return 1;
  *static_cast<unsigned*>(value) = kMemoryTypeDevice;
  return 0;
}
EXPORT CUresult cuStreamCreate(CUstream* stream, unsigned) {
  ENTER(cuStreamCreate);
  *stream = new_handle<CUstream>();
  return 0;
}
EXPORT CUresult cuStreamDestroy_v2(CUstream) {
  ENTER(cuStreamDestroy_v2);
  return 0;
}
EXPORT CUresult cuStreamSynchronize(CUstream stream) {
  ENTER(cuStreamSynchronize);
  if (stream == nullptr) state().copying = false;
  return 0;
}
EXPORT CUresult cuStreamWaitEvent(CUstream, CUevent, unsigned) {
  ENTER(cuStreamWaitEvent);
  return 0;
}
EXPORT CUresult cuStreamIsCapturing(CUstream stream, int* status) {
  ENTER(cuStreamIsCapturing);
  *status = state().captures.contains(stream) ? 1 : 0;
  return 0;
}
EXPORT CUresult cuStreamBeginCapture_v2(CUstream stream, int) {
  ENTER(cuStreamBeginCapture_v2);
  state().captures[stream] = 0;
  return 0;
}
EXPORT CUresult cuStreamEndCapture(CUstream stream, CUgraph* graph) {
  ENTER(cuStreamEndCapture);
  *graph = reinterpret_cast<CUgraph>(new long(state().captures[stream]));
  state().captures.erase(stream);
  return 0;
}
EXPORT CUresult cuGraphInstantiateWithFlags(CUgraphExec* executable, CUgraph, unsigned long long) {
  ENTER(cuGraphInstantiateWithFlags);
  *executable = new_handle<CUgraphExec>();
  return 0;
}
EXPORT CUresult cuGraphGetNodes(CUgraph graph, CUgraphNode*, size_t* count) {
  ENTER(cuGraphGetNodes);
  *count = static_cast<size_t>(*reinterpret_cast<long*>(graph));
  return 0;
}
EXPORT CUresult cuGraphLaunch(CUgraphExec, CUstream) {
  ENTER(cuGraphLaunch);
  return 0;
}
EXPORT CUresult cuGraphDestroy(CUgraph graph) {
  ENTER(cuGraphDestroy);
  delete reinterpret_cast<long*>(graph);
  return 0;
}
EXPORT CUresult cuGraphExecDestroy(CUgraphExec) {
  ENTER(cuGraphExecDestroy);
  return 0;
}
EXPORT CUresult cuEventCreate(CUevent* event, unsigned) {
  ENTER(cuEventCreate);
  *event = new_handle<CUevent>();
  return 0;
}
EXPORT CUresult cuEventDestroy_v2(CUevent) {
  ENTER(cuEventDestroy_v2);
  return 0;
}
EXPORT CUresult cuEventRecord(CUevent, CUstream) {
  ENTER(cuEventRecord);
  return 0;
}
EXPORT CUresult cuEventElapsedTime(float* milliseconds, CUevent, CUevent) {
  ENTER(cuEventElapsedTime);
  *milliseconds = 0.01f;
  return 0;
}
EXPORT CUresult cuModuleLoadData(CUmodule* module, const void*) {
  ENTER(cuModuleLoadData);
  *module = new_handle<CUmodule>();
  return 0;
}
EXPORT CUresult cuModuleUnload(CUmodule) {
  ENTER(cuModuleUnload);
  return 0;
}
EXPORT CUresult cuModuleGetFunction(CUfunction* function, CUmodule module, const char*) {
  ENTER(cuModuleGetFunction);
  *function = reinterpret_cast<CUfunction>(module);
  return 0;
}
EXPORT CUresult cuFuncSetAttribute(CUfunction, CUfunction_attribute, int) {
  ENTER(cuFuncSetAttribute);
  return 0;
}
EXPORT CUresult cuLaunchKernelEx(const CUlaunchConfig* config, CUfunction, void**, void**) {
  ENTER(cuLaunchKernelEx);
  if (state().copying && config->stream != nullptr) ++state().calls["launch beside a copy"];
  if (auto it = state().captures.find(config->stream); it != state().captures.end()) ++it->second;
  return 0;
}
EXPORT CUresult cuTensorMapEncodeTiled(CUtensorMap*, int, uint32_t, void*, const uint64_t*, const uint64_t*,
                                       const uint32_t*, const uint32_t*, int, int, int, int) {
  ENTER(cuTensorMapEncodeTiled);
  return 0;
}
EXPORT CUresult cuTensorMapEncodeIm2col(CUtensorMap*, int, uint32_t, void*, const uint64_t*, const uint64_t*,
                                        const int*, const int*, uint32_t, uint32_t, const uint32_t*, int, int,
                                        int, int) {
  ENTER(cuTensorMapEncodeIm2col);
  return 0;
}
}
