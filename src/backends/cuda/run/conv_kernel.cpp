// Convolutions by cuDNN. args: those of ConvStep, the engine's index, knobs and values, and tf32.
#include "backends/cuda/run/kernel.h"
#include "backends/cuda/steps/conv_problem.h"

namespace ingot::cuda {
namespace {

class ConvKernel final : public Kernel {
 public:
  explicit ConvKernel(const KernelSource& source)
      : step_(source.step), stream_(source.stream), before_(source.programs), after_(source.programs) {
    engine_ = {step_.args.get_int("engine"), step_.args.get_ints("knobs"), step_.args.get_ints("values")};
  }

  Status resize(std::span<const TensorArg* const> in, std::span<const TensorArg* const> out) override {
    const StepView view = step_.view(in, out);
    plan_.reset();
    if (num_elements(out[0]->dims) == 0) return {};  // no images
    INGOT_ASSIGN_OR_RETURN(conv_, conv_step(view, step_.args.get_int("tf32") != 0));
    INGOT_RETURN_IF_ERROR(choose_plan());
    padded_bytes_ = 0;
    if (conv_.pads_channels) {
      padded_bytes_ = byte_size(conv_.problem.type, num_elements(conv_.problem.x));
      padded_bytes_ = aligned(padded_bytes_);
      INGOT_ASSIGN_OR_RETURN(Launches copies, pad_channels_launches(view, conv_));
      INGOT_RETURN_IF_ERROR(before_.set(std::move(copies)));
    }
    INGOT_ASSIGN_OR_RETURN(Launches rest, epilogue_launches(view, conv_.epilogue, kConvExtras));
    return after_.set(std::move(rest));
  }

  size_t scratch_bytes() const override {
    return plan_ == nullptr ? 0 : padded_bytes_ + std::max(plan_->workspace_bytes(), after_.scratch_bytes());
  }
  bool can_record() const override { return true; }
  std::vector<std::string> binaries() const override {
    std::vector<std::string> names;
    for (const LaunchList* list : {&before_, &after_}) list->add_binaries(names);
    return names;
  }

  Status run(const Invocation& call) override {
    if (plan_ == nullptr) return {};
    auto* scratch = static_cast<std::byte*>(call.scratch);
    const void* x = call.inputs[0]->data;
    CudaStream& stream = stream_of(call);
    if (conv_.pads_channels) {
      INGOT_RETURN_IF_ERROR(before_.enqueue(call, scratch));
      x = scratch;
    }
    scratch += padded_bytes_;
    CudnnPlan::Pointers p;
    p.x = x;
    p.w = call.inputs[1]->data;
    p.bias = conv_.problem.bias ? call.inputs[2]->data : nullptr;
    p.residual = conv_.problem.residual ? call.inputs[kConvExtras]->data : nullptr;
    p.y = call.outputs[0]->data;
    p.workspace = scratch;
    INGOT_ASSIGN_OR_RETURN(const CudnnHandle handle, stream.cudnn_handle());
    INGOT_RETURN_IF_ERROR(plan_->run(handle, p));
    return after_.enqueue(call, scratch);
  }

 private:
  // The engine that was chosen at the build, or, where these sizes or this cuDNN cannot have it, the first
  // that works.
  Status choose_plan() {
    auto plan = stream_.conv_plan(conv_.problem, engine_);
    if (plan.ok()) {
      plan_ = *plan;
      return {};
    }
    INGOT_ASSIGN_OR_RETURN(const CudnnHandle handle, stream_.cudnn_handle());
    INGOT_ASSIGN_OR_RETURN(const std::vector<CudnnEngine> engines,
                           cudnn_engines(**cudnn(), handle, conv_.problem, kMostEngines));
    for (const CudnnEngine& engine : engines) {
      auto other = stream_.conv_plan(conv_.problem, engine);
      if (!other.ok()) continue;
      plan_ = *other;
      return {};
    }
    return plan.status();
  }
  static constexpr size_t kMostEngines = 20;

  StepCopy step_;
  CudaStream& stream_;
  CudnnEngine engine_;
  ConvStep conv_;
  std::shared_ptr<CudnnPlan> plan_;
  size_t padded_bytes_ = 0;
  LaunchList before_, after_;
};

}  // namespace

Result<std::unique_ptr<Kernel>> make_conv_kernel(const KernelSource& source) {
  if (source.step.inputs.size() < 2)
    return corrupt("a convolution has ", source.step.inputs.size(), " inputs");
  return std::unique_ptr<Kernel>(std::make_unique<ConvKernel>(source));
}

}  // namespace ingot::cuda
