// The reference kernel: runs an op's `eval`. Any op works this way; the build report names the nodes that do.
#include "backends/cpu/run/kernel.h"
#include "ops/op.h"

namespace ingot::cpu {
namespace {

class StepEval final : public EvalContext {
 public:
  StepEval(const Attrs& attrs, const Invocation& call, size_t captures) : EvalContext(attrs), call_(call) {
    views_.reserve(call.inputs.size());
    for (size_t i = 0; i + captures < call.inputs.size(); ++i) {
      const TensorArg& a = *call.inputs[i];
      views_.push_back({a.dtype, a.dims, a.data});
      inputs.push_back(a.given() ? &views_.back() : nullptr);
    }
    num_outputs = call.outputs.size();
  }

  Result<TensorView> output(size_t i, DataType dtype, const Dims& dims) override {
    if (!call_.outputs[i]->given()) {  // not wanted by anyone: the op may write it all the same
      INGOT_ASSIGN_OR_RETURN(Tensor t, Tensor::allocate(dtype, dims));
      unwanted_.push_back(t);
      return t.view();
    }
    INGOT_ASSIGN_OR_RETURN(void* const data, call_.host.allocate_output(i, dtype, dims));
    return TensorView{dtype, dims, data};
  }

  Status run_subgraph(std::string_view name, std::span<const TensorView> formals,
                      std::vector<Tensor>& outputs) override {
    return call_.host.run_subplan(name, formals, outputs);
  }

  Result<TensorType> subgraph_output_type(std::string_view name, size_t i) override {
    return call_.host.subplan_output_type(name, i);
  }

 private:
  const Invocation& call_;
  std::vector<TensorView> views_;
  std::vector<Tensor> unwanted_;
};

class EvalKernel final : public Kernel {
 public:
  EvalKernel(const OpDef& op, const PlanStep& step)
      : op_(op), attrs_(step.args), captures_(static_cast<size_t>(step.captures)) {}

  Status resize(std::span<const TensorArg* const>, std::span<const TensorArg* const>) override { return {}; }
  Status run(const Invocation& call) override {
    StepEval context(attrs_, call, captures_);
    return op_.eval(context);
  }

 private:
  const OpDef& op_;
  Attrs attrs_;
  size_t captures_;
};

class NopKernel final : public Kernel {
 public:
  Status resize(std::span<const TensorArg* const>, std::span<const TensorArg* const>) override { return {}; }
  Status run(const Invocation&) override { return {}; }
};

}  // namespace

Result<std::unique_ptr<Kernel>> make_eval_kernel(const KernelSpec& spec) {
  const OpDef* op = find_op(spec.step.kernel);
  if (op == nullptr) return not_found("no op '", spec.step.kernel, "'");
  INGOT_RETURN_IF_ERROR(check_signature(*op,
                                        spec.step.inputs.size() - static_cast<size_t>(spec.step.captures),
                                        spec.step.outputs.size(), spec.step.args));
  return std::unique_ptr<Kernel>(std::make_unique<EvalKernel>(*op, spec.step));
}

Result<std::unique_ptr<Kernel>> make_nop_kernel(const KernelSpec&) {
  return std::unique_ptr<Kernel>(std::make_unique<NopKernel>());
}

}  // namespace ingot::cpu
