// Custom ops that work on the GPU's memory: the program's code puts its work on the stream.
#include "backends/cuda/run/custom_kernel.h"

namespace ingot::cuda {
namespace {

// The operands of a step as an op's evaluation sees them, in the GPU's memory.
class GpuEval final : public EvalContext {
 public:
  GpuEval(const Attrs& attrs, const Invocation& call) : EvalContext(attrs), call_(call) {
    views_.reserve(call.inputs.size());
    for (const TensorArg* a : call.inputs) {
      views_.push_back({a->dtype, a->dims, a->data});
      inputs.push_back(a->given() ? &views_.back() : nullptr);
    }
    num_outputs = call.outputs.size();
  }
  Result<TensorView> output(size_t i, DataType dtype, const Dims& dims) override {
    INGOT_ASSIGN_OR_RETURN(void* const data, call_.host.allocate_output(i, dtype, dims));
    return TensorView{dtype, dims, data};
  }
  Status run_subgraph(std::string_view, std::span<const TensorView>, std::vector<Tensor>&) override {
    return internal_error("a custom op has no bodies");
  }

 private:
  const Invocation& call_;
  std::vector<TensorView> views_;
};

class CustomKernel final : public Kernel {
 public:
  CustomKernel(std::shared_ptr<ops::CustomHooks> hooks, const PlanStep& step, const Gpu& gpu)
      : hooks_(std::move(hooks)), attrs_(step.args), gpu_(gpu) {}
  ~CustomKernel() override {
    if (workspace_ != 0 && gpu_.still_there()) gpu_.f.cuMemFree_v2(workspace_);
  }

  Status resize(std::span<const TensorArg* const>, std::span<const TensorArg* const>) override { return {}; }
  Status run(const Invocation& call) override {
    GpuEval context(attrs_, call);
    const auto workspace = [this](size_t bytes) { return grow(bytes); };
    const auto read = [&](void* host, const void* device, size_t bytes) {
      return call.stream.download(host, device, bytes);
    };
    return hooks_->enqueue(context, {stream_of(call).handle(), workspace, read});
  }

 private:
  // Freeing waits until the GPU is done with what came before.
  Result<void*> grow(size_t bytes) {
    if (bytes > workspace_bytes_) {
      INGOT_RETURN_IF_ERROR(gpu_.activate());
      if (workspace_ != 0) gpu_.f.cuMemFree_v2(workspace_);
      workspace_ = 0, workspace_bytes_ = 0;
      INGOT_RETURN_IF_ERROR(gpu_.f.check(gpu_.f.cuMemAlloc_v2(&workspace_, bytes), "allocating a workspace"));
      workspace_bytes_ = bytes;
    }
    return reinterpret_cast<void*>(workspace_);
  }

  std::shared_ptr<ops::CustomHooks> hooks_;
  Attrs attrs_;
  const Gpu& gpu_;
  CUdeviceptr workspace_ = 0;
  size_t workspace_bytes_ = 0;
};

}  // namespace

Result<std::unique_ptr<Kernel>> make_custom_kernel(const KernelSource& source) {
  INGOT_ASSIGN_OR_RETURN(std::shared_ptr<ops::CustomHooks> hooks, ops::custom_hooks(source.step.args));
  if (!hooks->on_gpu()) return std::unique_ptr<Kernel>();
  return std::unique_ptr<Kernel>(
      std::make_unique<CustomKernel>(std::move(hooks), source.step, source.stream.gpu()));
}

}  // namespace ingot::cuda
