#include "plugin/device_code.h"

#include <dlfcn.h>

#include <map>
#include <mutex>

namespace ingot::tensorrt {
namespace {

struct Library;
struct Kernel;
using CuResult = int;

// What of CUDA's driver is called here; null where it is not there.
struct Driver {
  CuResult (*load)(Library**, const void*, void*, void*, unsigned, void*, void*, unsigned);
  CuResult (*find)(Kernel**, Library*, const char*);
  CuResult (*parameter)(Kernel*, size_t, size_t* offset, size_t* bytes);  // from CUDA 12.4 on
  CuResult (*set)(int attribute, int value, Kernel*, int device);
  CuResult (*device)(int*);
  CuResult (*launch)(Kernel*, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, void*,
                     void**, void**);
  CuResult (*copy)(uint64_t, uint64_t, size_t, void*);
  CuResult (*capture_mode)(int*);
  CuResult (*text)(CuResult, const char**);

  bool there() const { return load && find && set && device && launch && copy && capture_mode && text; }
};

const Driver& driver() {
  static const Driver found = [] {
    Driver d{};
    void* handle = dlopen("libcuda.so.1", RTLD_LAZY);
    if (handle == nullptr) return d;
    const auto get = [&](auto& function, const char* name) {
      function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(handle, name));
    };
    get(d.load, "cuLibraryLoadData"), get(d.find, "cuLibraryGetKernel");
    get(d.parameter, "cuKernelGetParamInfo"), get(d.set, "cuKernelSetAttribute");
    get(d.device, "cuCtxGetDevice"), get(d.launch, "cuLaunchKernel");
    get(d.copy, "cuMemcpyDtoDAsync_v2"), get(d.capture_mode, "cuThreadExchangeStreamCaptureMode");
    get(d.text, "cuGetErrorString");
    return d;
  }();
  return found;
}

Status check(CuResult result, const std::string& doing) {
  if (result == 0) return {};
  const char* text = nullptr;
  driver().text(result, &text);
  return {StatusCode::kInternal, doing + ": " + (text == nullptr ? "unknown error" : text)};
}

Status no_driver() { return {StatusCode::kUnsupported, "CUDA's driver is missing or older than CUDA 12"}; }

// Kernels by code and name, once for the process: a library belongs to no context, and engines of the same
// code come and go.
Result<Kernel*> load(const std::string& code, const std::string& name) {
  static std::mutex& mutex = *new std::mutex;
  static auto& known = *new std::map<std::pair<std::string, std::string>, Kernel*>;
  const std::lock_guard lock(mutex);
  Kernel*& kernel = known[{code, name}];
  if (kernel != nullptr) return kernel;
  int mode = 2;  // relaxed: the stream may be captured at this moment
  driver().capture_mode(&mode);
  Library* library = nullptr;
  Status status = check(driver().load(&library, code.c_str(), nullptr, nullptr, 0, nullptr, nullptr, 0),
                        "loading the code of kernel '" + name + "'");
  if (status.ok())
    status = check(driver().find(&kernel, library, name.c_str()), "looking for kernel '" + name + "'");
  driver().capture_mode(&mode);
  return status.ok() ? Result<Kernel*>(kernel) : Result<Kernel*>(status);
}

}  // namespace

Status launch_code(const std::string& code, const std::string& name, const DeviceLaunch& l,
                   const std::vector<DeviceArgument>& arguments, void* stream) {
  const Driver& d = driver();
  if (!d.there()) return no_driver();
  const auto kernel = load(code, name);
  if (!kernel.ok()) return kernel.status();
  std::vector<DeviceArgument> given = arguments;
  size_t offset = 0, bytes = 0;
  for (size_t i = 0; d.parameter != nullptr; ++i) {
    const bool last = d.parameter(*kernel, i, &offset, &bytes) != 0;
    if (last && i >= given.size()) break;
    if (i == given.size() && bytes == sizeof(void*)) given.emplace_back(bytes, '\0');
    if (last || i >= given.size() || given[i].size() != bytes)
      return {StatusCode::kInvalidArgument, "kernel '" + name + "' does not take " +
                                                std::to_string(arguments.size()) +
                                                " arguments of these sizes: inputs, integers, outputs"};
  }
  constexpr int kMaxDynamicShared = 8;  // CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
  constexpr unsigned kAlwaysThere = 48 * 1024;
  int device = 0;
  if (l.shared_bytes > kAlwaysThere) {
    if (Status s = check(d.device(&device), "asking for the device"); !s.ok()) return s;
    if (Status s = check(d.set(kMaxDynamicShared, static_cast<int>(l.shared_bytes), *kernel, device),
                         "reserving shared memory of kernel '" + name + "'");
        !s.ok())
      return s;
  }
  std::vector<void*> parameters;
  for (DeviceArgument& a : given) parameters.push_back(a.data());
  return check(d.launch(*kernel, l.grid[0], l.grid[1], l.grid[2], l.block[0], l.block[1], l.block[2],
                        l.shared_bytes, stream, parameters.data(), nullptr),
               "launching kernel '" + name + "'");
}

Status copy_on_device(void* to, const void* from, size_t bytes, void* stream) {
  if (to == from || bytes == 0) return {};
  if (!driver().there()) return no_driver();
  return check(driver().copy(reinterpret_cast<uint64_t>(to), reinterpret_cast<uint64_t>(from), bytes, stream),
               "copying an aliased input");
}

}  // namespace ingot::tensorrt
