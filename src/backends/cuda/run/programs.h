// Our own kernels as loaded code: compiled by NVRTC when an engine is built, taken from the engine
// afterwards.
#pragma once

#include <future>
#include <map>
#include <memory>
#include <mutex>

#include "backends/cuda/kernels/kernel_spec.h"
#include "backends/cuda/run/gpu.h"

namespace ingot::cuda {

/// Thread-safe; one for each device object.
class Programs {
 public:
  explicit Programs(std::shared_ptr<const Gpu> gpu) : gpu_(std::move(gpu)) {}
  ~Programs();

  /// The function of a spec, with its limit of shared memory raised as far as the spec needs it. Errors:
  /// kNotFound when it is neither known nor can be compiled here.
  Result<CUfunction> find(const KernelSpec& spec);

  /// Begins to compile a spec, if it is not known, on a thread of its own.
  void prefetch(const KernelSpec& spec);
  /// Memory of the GPU that holds zeros.
  Result<std::shared_ptr<void>> zeros(size_t bytes);
  /// Memory of the GPU that holds a copy.
  Result<std::shared_ptr<void>> upload(const Tensor& values);

  void add(const std::string& name, const Tensor& code);
  std::vector<std::pair<std::string, Tensor>> all() const;

 private:
  struct Loaded {
    CUmodule module = nullptr;
    CUfunction function = nullptr;
    unsigned shared_bytes = 0;
  };
  Result<std::shared_ptr<void>> allocate(size_t bytes);
  std::string name_of(const KernelSpec& spec) const;
  Result<Tensor> code_of(const KernelSpec& spec);

  std::shared_ptr<const Gpu> gpu_;
  mutable std::mutex mutex_;
  std::map<std::string, Tensor> codes_;
  std::map<std::string, std::future<Result<Tensor>>> compiling_;
  std::map<std::string, Loaded> loaded_;
};

}  // namespace ingot::cuda
