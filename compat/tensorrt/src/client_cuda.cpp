#include "client_cuda.h"

#include <dlfcn.h>

#include <atomic>

namespace ingot::tensorrt {
namespace {

using IsCapturing = int(cudaStream_t, int*);
using LaunchHostFunction = int(cudaStream_t, void (*)(void*), void*);

// A function of a library, if the process has loaded it. Looked up until it is found: each run asks.
template <class Function>
class Found {
 public:
  constexpr Found(const char* library, const char* name) : library_(library), name_(name) {}

  Function* get() {
    if (Function* known = function_) return known;
    void* handle = dlopen(library_, RTLD_LAZY | RTLD_NOLOAD);  // stays loaded
    return function_ = handle == nullptr ? nullptr : reinterpret_cast<Function*>(dlsym(handle, name_));
  }

 private:
  const char *library_, *name_;
  std::atomic<Function*> function_ = nullptr;
};

// Both runtimes may be loaded, and each knows its own streams only.
Found<IsCapturing> is_capturing[] = {{"libcudart.so.13", "cudaStreamIsCapturing"},
                                     {"libcudart.so.12", "cudaStreamIsCapturing"}};
Found<LaunchHostFunction> launch_host[] = {{"libcudart.so.13", "cudaLaunchHostFunc"},
                                           {"libcudart.so.12", "cudaLaunchHostFunc"}};

}  // namespace

bool is_captured(cudaStream_t stream) {
  if (stream == nullptr) return false;  // the default stream cannot be
  for (auto& function : is_capturing) {
    IsCapturing* ask = function.get();
    int status = 0;
    if (ask != nullptr && ask(stream, &status) == 0) return status != 0;
  }
  return false;
}

bool launch_host_function(cudaStream_t stream, void (*function)(void*), void* data) {
  for (auto& launch : launch_host) {
    LaunchHostFunction* call = launch.get();
    if (call != nullptr && call(stream, function, data) == 0) return true;
  }
  return false;
}

}  // namespace ingot::tensorrt
