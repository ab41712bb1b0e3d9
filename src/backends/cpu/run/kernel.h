// How a family of CPU kernels joins the device: one factory, one line in run/kernels.inc.
#pragma once

#include "backends/cpu/kernels/simd/isa.h"
#include "base/threads.h"
#include "runtime/device.h"

namespace ingot::cpu {

class CpuStream final : public HostStream {
 public:
  explicit CpuStream(int threads) : pool(threads) {}
  ThreadPool pool;
};

inline ThreadPool& pool_of(const Invocation& invocation) {
  return static_cast<CpuStream&>(invocation.stream).pool;
}

/// What a factory gets to make a kernel from. Referred to only during the call.
struct KernelSpec {
  const PlanStep& step;
  const Plan& plan;
  int threads;
  const Attrs& args() const { return step.args; }
};

/// The instruction set that the plan's kernels and packed weights are for.
inline Result<Isa> isa_of(const KernelSpec& spec) {
  if (const auto isa = parse_isa(spec.plan.arch)) return *isa;
  return corrupt("the plan is for instruction set '", spec.plan.arch, "', which does not exist");
}

using KernelFactory = Result<std::unique_ptr<Kernel>> (*)(const KernelSpec& spec);

}  // namespace ingot::cpu
