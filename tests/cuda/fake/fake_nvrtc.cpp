// libnvrtc.so.13 that takes any source for compiled: what it gives is as long as a cubin, and does nothing.
#include <atomic>
#include <cstddef>
#include <cstring>

extern "C" {
#define EXPORT __attribute__((visibility("default")))

EXPORT int nvrtcVersion(int* major, int* minor) {
  *major = 13;
  *minor = 0;
  return 0;
}
EXPORT const char* nvrtcGetErrorString(int) { return "no error"; }
EXPORT int nvrtcCreateProgram(void** program, const char*, const char*, int, const char* const*,
                              const char* const*) {
  *program = nullptr;
  return 0;
}
EXPORT int nvrtcDestroyProgram(void**) { return 0; }
std::atomic<long> compiled = 0;
EXPORT int nvrtcCompileProgram(void*, int, const char* const*) {
  ++compiled;
  return 0;
}
EXPORT long fake_nvrtc_compiled() { return compiled; }
EXPORT int nvrtcGetProgramLogSize(void*, size_t* size) {
  *size = 1;
  return 0;
}
EXPORT int nvrtcGetProgramLog(void*, char* log) {
  *log = 0;
  return 0;
}
EXPORT int nvrtcGetCUBINSize(void*, size_t* size) {
  *size = 64;
  return 0;
}
EXPORT int nvrtcGetCUBIN(void*, char* cubin) {
  std::memset(cubin, 0, 64);
  return 0;
}
}
