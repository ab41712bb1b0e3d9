#include "client_cuda.h"

#include <dlfcn.h>

#include <atomic>

namespace ingot::tensorrt {
namespace {

// A library whose functions take the client's handles, if the process has loaded it.
class Library {
 public:
  constexpr Library(const char* name) : name_(name) {}

  template <class Function>
  Function* find(const char* function) {
    if (handle_ == nullptr) handle_ = dlopen(name_, RTLD_LAZY | RTLD_NOLOAD);
    return handle_ == nullptr ? nullptr : reinterpret_cast<Function*>(dlsym(handle_, function));
  }

 private:
  const char* name_;
  std::atomic<void*> handle_ = nullptr;  // stays loaded
};

// Both runtimes may be loaded, and each knows its own streams only.
Library runtimes[] = {"libcudart.so.13", "libcudart.so.12"};

}  // namespace

bool is_captured(cudaStream_t stream) {
  if (stream == nullptr) return false;  // the default stream cannot be
  for (Library& runtime : runtimes) {
    auto* is_capturing = runtime.find<int(cudaStream_t, int*)>("cudaStreamIsCapturing");
    int status = 0;
    if (is_capturing != nullptr && is_capturing(stream, &status) == 0) return status != 0;
  }
  return false;
}

bool launch_host_function(cudaStream_t stream, void (*function)(void*), void* data) {
  for (Library& runtime : runtimes) {
    auto* launch = runtime.find<int(cudaStream_t, void (*)(void*), void*)>("cudaLaunchHostFunc");
    if (launch != nullptr && launch(stream, function, data) == 0) return true;
  }
  return false;
}

}  // namespace ingot::tensorrt
