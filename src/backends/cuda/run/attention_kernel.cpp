// MultiHeadAttention by cuBLASLt's products. args: the op's, and tf32.
#include <algorithm>

#include "backends/cuda/run/kernel.h"
#include "backends/cuda/steps/attention.h"

namespace ingot::cuda {
namespace {

class AttentionKernel final : public Kernel {
 public:
  explicit AttentionKernel(const KernelSource& source)
      : step_(source.step),
        stream_(source.stream),
        split_(source.programs),
        normalise_(source.programs),
        join_(source.programs) {}

  Status resize(std::span<const TensorArg* const> in, std::span<const TensorArg* const> out) override {
    INGOT_ASSIGN_OR_RETURN(attention_, attention_step(step_.view(in, out), step_.args.get_int("tf32") != 0));
    INGOT_ASSIGN_OR_RETURN(const CublasLtHandle handle, stream_.cublaslt_handle());
    INGOT_ASSIGN_OR_RETURN(scores_, MatMulPlan::create(**cublaslt(), handle, attention_.scores));
    INGOT_ASSIGN_OR_RETURN(values_, MatMulPlan::create(**cublaslt(), handle, attention_.values));
    INGOT_RETURN_IF_ERROR(split_.set(std::move(attention_.split), attention_.bytes));
    INGOT_RETURN_IF_ERROR(normalise_.set(std::move(attention_.normalise), attention_.bytes));
    return join_.set(std::move(attention_.join), attention_.bytes);
  }

  size_t scratch_bytes() const override {
    return std::max({attention_.bytes + std::max(scores_->workspace_bytes(), values_->workspace_bytes()),
                     split_.scratch_bytes(), normalise_.scratch_bytes(), join_.scratch_bytes()});
  }
  bool can_record() const override { return true; }
  std::vector<std::string> binaries() const override {
    std::vector<std::string> names;
    for (const LaunchList* list : {&split_, &normalise_, &join_}) list->add_binaries(names);
    return names;
  }

  Status run(const Invocation& call) override {
    auto* scratch = static_cast<std::byte*>(call.scratch);
    const AttentionStep& a = attention_;
    const CUstream stream = stream_of(call).handle();
    std::byte* const workspace = scratch + a.bytes;
    INGOT_RETURN_IF_ERROR(split_.enqueue(call, scratch));
    INGOT_RETURN_IF_ERROR(scores_->run(
        stream, {scratch + a.q, scratch + a.k, nullptr, nullptr, scratch + a.logits, workspace}));
    INGOT_RETURN_IF_ERROR(normalise_.enqueue(call, scratch));
    INGOT_RETURN_IF_ERROR(values_->run(
        stream, {scratch + a.weights, scratch + a.v, nullptr, nullptr, scratch + a.result, workspace}));
    return join_.enqueue(call, scratch);
  }

 private:
  StepCopy step_;
  CudaStream& stream_;
  AttentionStep attention_;
  std::unique_ptr<MatMulPlan> scores_, values_;
  LaunchList split_, normalise_, join_;
};

}  // namespace

Result<std::unique_ptr<Kernel>> make_attention_kernel(const KernelSource& source) {
  if (source.step.inputs.size() < 3)
    return corrupt("an attention has ", source.step.inputs.size(), " inputs");
  return std::unique_ptr<Kernel>(std::make_unique<AttentionKernel>(source));
}

}  // namespace ingot::cuda
