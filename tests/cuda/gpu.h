// One GPU for tests of kernels: memory with guard zones, launches, times.
#pragma once

#include <functional>
#include <memory>

#include "backends/cuda/driver/driver.h"
#include "backends/cuda/kernels/kernel_spec.h"

namespace ingot::cuda {

/// Device memory between guard zones, filled with a pattern that is NaN in every floating type.
class GuardedMemory {
 public:
  GuardedMemory(const DriverFunctions& f, size_t bytes);
  ~GuardedMemory();
  GuardedMemory(const GuardedMemory&) = delete;
  CUdeviceptr address() const { return base_ + kGuard; }
  size_t bytes() const { return bytes_; }
  void upload(const void* data);
  void zero();
  std::vector<std::byte> download() const;
  /// Whether the zones still hold the pattern.
  bool intact() const;

 private:
  static constexpr size_t kGuard = 1024;
  const DriverFunctions& f_;
  size_t bytes_;
  CUdeviceptr base_ = 0;
};

class Gpu {
 public:
  /// Errors: those of `driver()`.
  static Result<std::unique_ptr<Gpu>> open();
  const DriverFunctions& functions() const { return f_; }
  std::string arch() const;
  int attribute(CUdevice_attribute what) const;

  Result<CUfunction> load(const std::vector<std::byte>& cubin, const KernelSpec& spec);
  Status launch(CUfunction function, const KernelSpec& spec, std::vector<CUdeviceptr> pointers);
  Status synchronize();
  /// Median time of one call of `enqueue`, in microseconds: replays of a graph of `calls` calls.
  Result<double> time(int calls, const std::function<Status(int call)>& enqueue);

 private:
  explicit Gpu(const DriverFunctions& f) : f_(f) {}
  const DriverFunctions& f_;
  CUdevice device_ = 0;
  CUstream stream_ = nullptr;
};

/// Compiles all specs on all cores; the same order. Equal keys share one compilation.
std::vector<Result<std::vector<std::byte>>> compile_all(const std::vector<const KernelSpec*>& specs,
                                                        const std::string& arch);

}  // namespace ingot::cuda
