// What has no CUDA kernel: the op's `eval` on the host, between copies. Any op works this way, with sizes
// that depend on data and with subplans; the build report names the nodes that do.
#include "backends/cuda/run/custom_kernel.h"
#include "ops/op.h"

namespace ingot::cuda {
namespace {

class HostEval final : public EvalContext {
 public:
  HostEval(const Attrs& attrs, const Invocation& call, std::span<const Tensor> tensors)
      : EvalContext(attrs), call_(call), results_(call.outputs.size()) {
    views_.reserve(tensors.size());
    for (const Tensor& t : tensors) {
      views_.push_back(t.view());
      inputs.push_back(t.valid() ? &views_.back() : nullptr);
    }
    num_outputs = call.outputs.size();
  }

  Result<TensorView> output(size_t i, DataType dtype, const Dims& dims) override {
    INGOT_ASSIGN_OR_RETURN(results_[i], Tensor::allocate(dtype, dims));
    return results_[i].view();
  }

  Status run_subgraph(std::string_view name, std::span<const TensorView> formals,
                      std::vector<Tensor>& outputs) override {
    return call_.host.run_subplan(name, formals, outputs);
  }

  Status upload() {
    for (size_t i = 0; i < results_.size(); ++i) {
      if (!results_[i].valid() || !call_.outputs[i]->given()) continue;
      INGOT_ASSIGN_OR_RETURN(void* const to,
                             call_.host.allocate_output(i, results_[i].dtype(), results_[i].dims()));
      INGOT_RETURN_IF_ERROR(call_.stream.upload(to, results_[i].data(), results_[i].bytes()));
    }
    return {};
  }

 private:
  const Invocation& call_;
  std::vector<TensorView> views_;
  std::vector<Tensor> results_;
};

class HostKernel final : public Kernel {
 public:
  HostKernel(const OpDef& op, const KernelSource& source)
      : op_(op), attrs_(source.step.args), captures_(static_cast<size_t>(source.step.captures)) {
    for (TensorId t : source.step.inputs)
      constant_.push_back(t != kNoTensor && static_cast<size_t>(t) < source.plan.tensors.size() &&
                          source.plan.tensors[static_cast<size_t>(t)].weight >= 0);
    tensors_.resize(source.step.inputs.size() - captures_);
  }

  Status resize(std::span<const TensorArg* const>, std::span<const TensorArg* const>) override { return {}; }

  Status run(const Invocation& call) override {
    for (size_t i = 0; i < tensors_.size(); ++i) {
      const TensorArg& a = *call.inputs[i];
      if (!a.given() || (constant_[i] && tensors_[i].valid())) continue;
      INGOT_ASSIGN_OR_RETURN(tensors_[i], Tensor::allocate(a.dtype, a.dims));
      INGOT_RETURN_IF_ERROR(call.stream.download(tensors_[i].mutable_data(), a.data, a.bytes()));
    }
    HostEval context(attrs_, call, tensors_);
    INGOT_RETURN_IF_ERROR(op_.eval(context));
    return context.upload();
  }

 private:
  const OpDef& op_;
  Attrs attrs_;
  size_t captures_;
  std::vector<bool> constant_;
  std::vector<Tensor> tensors_;
};

class NopKernel final : public Kernel {
 public:
  Status resize(std::span<const TensorArg* const>, std::span<const TensorArg* const>) override { return {}; }
  bool can_record() const override { return true; }
  Status run(const Invocation&) override { return {}; }
};

}  // namespace

Result<std::unique_ptr<Kernel>> make_eval_kernel(const KernelSource& source) {
  const OpDef* op = find_op(source.step.kernel);
  if (op == nullptr) return not_found("no op '", source.step.kernel, "'");
  INGOT_RETURN_IF_ERROR(check_signature(*op,
                                        source.step.inputs.size() - static_cast<size_t>(source.step.captures),
                                        source.step.outputs.size(), source.step.args));
  if (op->name == "Custom") {
    INGOT_ASSIGN_OR_RETURN(std::unique_ptr<Kernel> custom, make_custom_kernel(source));
    if (custom != nullptr) return custom;
  }
  return std::unique_ptr<Kernel>(std::make_unique<HostKernel>(*op, source));
}

Result<std::unique_ptr<Kernel>> make_nop_kernel(const KernelSource&) {
  return std::unique_ptr<Kernel>(std::make_unique<NopKernel>());
}

}  // namespace ingot::cuda
