// A stand-in for the CUDA driver: there is no device, and memory is the host's. As much as NVIDIA's Python
// module asks for when a program reads an engine through a stream of its own.
#include <cstddef>
#include <cstring>

namespace {
enum Result { kSuccess = 0, kInvalidValue = 1, kNoDevice = 100 };
}

extern "C" {

int cuInit(unsigned) { return kNoDevice; }

int cuDeviceGetCount(int* count) {
  if (count == nullptr) return kInvalidValue;
  *count = 0;
  return kNoDevice;
}

int cuGetErrorString(int result, const char** text) {
  if (text == nullptr) return kInvalidValue;
  *text = result == kSuccess ? "no error" : result == kNoDevice ? "there is no GPU" : "invalid argument";
  return kSuccess;
}

/// No pointer is one of a device's.
int cuPointerGetAttribute(void*, int, unsigned long long) { return kInvalidValue; }

int cuMemcpyHtoD_v2(unsigned long long to, const void* from, size_t bytes) {
  if (to == 0 || from == nullptr) return bytes == 0 ? kSuccess : kInvalidValue;
  std::memcpy(reinterpret_cast<void*>(to), from, bytes);
  return kSuccess;
}

}  // extern "C"
