// How a family of CUDA kernels joins the device: one factory, one line in run/kernels.inc.
#pragma once

#include "backends/cuda/run/programs.h"
#include "backends/cuda/run/stream.h"
#include "backends/cuda/steps/step.h"

namespace ingot::cuda {

/// What a factory gets to make a kernel from. Only `stream` and `programs` outlive the call.
struct KernelSource {
  const PlanStep& step;
  const Plan& plan;
  CudaStream& stream;
  Programs& programs;
};

using KernelFactory = Result<std::unique_ptr<Kernel>> (*)(const KernelSource& source);

inline CudaStream& stream_of(const Invocation& call) { return static_cast<CudaStream&>(call.stream); }

/// A plan step that the kernels keep.
struct StepCopy {
  std::string kernel;
  Attrs args;
  explicit StepCopy(const PlanStep& step) : kernel(step.kernel), args(step.args) {}
  StepView view(std::span<const TensorArg* const> in, std::span<const TensorArg* const> out) const {
    return {kernel, args, in, out};
  }
};

/// Launches of our own kernels, ready to be enqueued.
class LaunchList {
 public:
  explicit LaunchList(Programs& programs) : programs_(programs) {}
  /// Workspaces of the launches begin at byte `workspace` of the scratch memory.
  Status set(Launches launches, size_t workspace = 0);
  size_t scratch_bytes() const { return scratch_bytes_; }
  Status enqueue(const Invocation& call, std::byte* scratch);
  /// Adds the names of their code.
  void add_binaries(std::vector<std::string>& names) const;

 private:
  struct Ready {
    Launch launch;
    CUfunction function;
    size_t workspace = 0;          // offset of its workspace within the scratch memory
    std::shared_ptr<void> zeroed;  // or memory of its own, where zeros are to stay from launch to launch
    std::vector<std::shared_ptr<void>> tables;  // for each pointer; null where it is no table
  };
  Programs& programs_;
  std::vector<Ready> ready_;
  size_t scratch_bytes_ = 0;
};

}  // namespace ingot::cuda
