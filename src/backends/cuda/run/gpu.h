// One GPU as this process sees it: the driver's functions, a context, the facts that choices depend on.
#pragma once

#include <memory>
#include <string>

#include "backends/cuda/driver/driver.h"

namespace ingot::cuda {

struct Gpu {
  const DriverFunctions& f;
  CUdevice device = 0;
  CUcontext context = nullptr;  // as open() says
  bool retained = false;        // it is the primary one, held as long as this lives
  std::string name;             // "NVIDIA H200"
  std::string arch;             // "sm_90a": what kernels are compiled for
  int multiprocessors = 0;
  int max_shared_bytes = 0;  // of one block
  size_t memory_bytes = 0;
  double gbytes_per_s = 0, tflops = 0;  // as of GpuInfo

  /// In the context that the calling thread is in, where a program's memory and streams lie (PyCUDA has one
  /// of its own), else the primary one, which other libraries of the process share. Errors: those of
  /// driver(); kNotFound when there is no GPU of that number.
  static Result<std::shared_ptr<const Gpu>> open(int ordinal);
  explicit Gpu(const DriverFunctions& functions) : f(functions) {}
  ~Gpu();
  Gpu(const Gpu&) = delete;

  /// Makes the context that of the calling thread, as every call of the driver needs it.
  Status activate() const { return f.check(f.cuCtxSetCurrent(context), "entering the GPU's context"); }
  /// Copies from the host's memory, and returns when it is there: streams do not wait for the default one.
  Status write(CUdeviceptr to, const void* from, size_t bytes, const char* what) const;
  /// Enters the context to free what lies in it. A program's own is asked for only where the thread is in it:
  /// elsewhere it may be gone, and what lay in it with it.
  bool still_there() const;
};

}  // namespace ingot::cuda
