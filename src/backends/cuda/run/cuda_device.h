// The GPU as a Device, for the files of this backend that need more than the contract.
#pragma once

#include "backends/cuda/run/programs.h"
#include "runtime/device.h"

namespace ingot::cuda {

class CudaDevice final : public Device {
 public:
  explicit CudaDevice(std::shared_ptr<const Gpu> gpu) : gpu_(std::move(gpu)), programs_(gpu_) {}

  std::string_view name() const override { return "cuda"; }
  std::string_view arch() const override { return gpu_->arch; }
  std::string model() const override { return gpu_->name; }
  bool can_run(const Plan& plan) const override { return plan.device == "cuda" && plan.arch == gpu_->arch; }
  bool shares_memory() const override { return false; }
  bool can_access(const void* data) const override;
  Result<void*> constant(const Tensor& tensor) override;
  bool has_binaries() const override { return true; }
  Result<Tensor> binary(const std::string& name) const override { return programs_.code(name); }
  void add_binary(const std::string& name, const Tensor& code) override { programs_.add(name, code); }
  void prefetch(const PlanStep& step, std::span<const TensorArg* const> inputs,
                std::span<const TensorArg* const> outputs) override;
  Result<std::unique_ptr<Buffer>> allocate(size_t bytes) override;
  Result<std::unique_ptr<Stream>> make_stream(int threads) override;
  Result<std::unique_ptr<Kernel>> make_kernel(const PlanStep& step, const Plan& plan,
                                              Stream& stream) override;

  const std::shared_ptr<const Gpu>& gpu() const { return gpu_; }
  Programs& programs() { return programs_; }

 private:
  struct Constant {
    Tensor host;  // keeps the address taken
    std::unique_ptr<Buffer> buffer;
  };
  std::shared_ptr<const Gpu> gpu_;
  Programs programs_;
  std::mutex mutex_;
  std::map<const void*, Constant> constants_;
};

}  // namespace ingot::cuda
