// Our own kernels as loaded code: compiled by NVRTC when an engine is built, taken from the engine
// afterwards.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

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

  /// Has a spec compiled, if it is not known, as soon as a thread is free.
  void prefetch(const KernelSpec& spec);
  /// Memory of the GPU that holds zeros.
  Result<std::shared_ptr<void>> zeros(size_t bytes);
  /// Memory of the GPU that holds a copy.
  Result<std::shared_ptr<void>> upload(const Tensor& values);

  void add(const std::string& name, const Tensor& code);
  /// What is known under that name. Errors: kNotFound.
  Result<Tensor> code(const std::string& name) const;
  std::string name_of(const KernelSpec& spec) const;

 private:
  // A compilation, done by whoever needs it first.
  struct Job {
    KernelSpec spec;
    std::once_flag once;
    Result<Tensor> code = internal_error("not compiled");
  };
  struct Loaded {
    CUmodule module = nullptr;
    CUfunction function = nullptr;
    unsigned shared_bytes = 0;
  };
  Result<std::shared_ptr<void>> allocate(size_t bytes);
  void run(Job& job);
  void work();
  Result<Tensor> code_of(const KernelSpec& spec);

  std::shared_ptr<const Gpu> gpu_;
  mutable std::mutex mutex_;
  std::map<std::string, Tensor> codes_;
  std::map<std::string, std::shared_ptr<Job>> jobs_;
  std::map<std::string, Loaded> loaded_;
  std::mutex queue_mutex_;
  std::deque<std::shared_ptr<Job>> queue_;
  size_t working_ = 0;  // threads that take from the queue
  std::vector<std::thread> workers_;
};

}  // namespace ingot::cuda
