// Matrix products by cuBLASLt. args: those of MatMulStep, the algorithm as 8 integers, and tf32.
#include "backends/cuda/run/kernel.h"
#include "backends/cuda/steps/matmul_problem.h"

namespace ingot::cuda {
namespace {

class MatMulKernel final : public Kernel {
 public:
  explicit MatMulKernel(const KernelSource& source)
      : step_(source.step), stream_(source.stream), sums_(source.programs), after_(source.programs) {}

  Status resize(std::span<const TensorArg* const> in, std::span<const TensorArg* const> out) override {
    const StepView view = step_.view(in, out);
    plan_.reset();
    if (is_empty_product(view)) {
      INGOT_ASSIGN_OR_RETURN(Launches all, empty_product_launches(view));
      return after_.set(std::move(all));
    }
    INGOT_ASSIGN_OR_RETURN(product_, matmul_step(view, step_.args.get_int("tf32") != 0));
    INGOT_ASSIGN_OR_RETURN(const CublasLtHandle handle, stream_.cublaslt_handle());
    INGOT_ASSIGN_OR_RETURN(plan_, MatMulPlan::create(**cublaslt(), handle, product_.problem));
    // An algorithm of another size or library may not do here: then the library's first choice stays.
    if (const Ints words = step_.args.get_ints("algorithm"); words.size() == std::size(CublasLtAlgo{}.data)) {
      CublasLtAlgo algorithm;
      for (size_t i = 0; i < words.size(); ++i) algorithm.data[i] = static_cast<uint64_t>(words[i]);
      plan_->use(algorithm);
    }
    if (product_.add_c) {
      INGOT_ASSIGN_OR_RETURN(Launches sum,
                             epilogue_launches(step_.view(in.first(kMatMulExtras), out), "add x0 x1", 2));
      INGOT_RETURN_IF_ERROR(sums_.set(std::move(sum)));
    }
    INGOT_ASSIGN_OR_RETURN(Launches rest, epilogue_launches(view, product_.epilogue, kMatMulExtras));
    return after_.set(std::move(rest));
  }

  size_t scratch_bytes() const override {
    return std::max(plan_ ? plan_->workspace_bytes() : 0, after_.scratch_bytes());
  }
  bool can_record() const override { return true; }
  std::vector<std::string> binaries() const override {
    std::vector<std::string> names;
    for (const LaunchList* list : {&sums_, &after_}) list->add_binaries(names);
    return names;
  }

  Status run(const Invocation& call) override {
    CudaStream& stream = stream_of(call);
    INGOT_RETURN_IF_ERROR(stream.gpu().activate());
    if (plan_ == nullptr) return after_.enqueue(call, static_cast<std::byte*>(call.scratch));
    const MatMulPlan::Pointers p{call.inputs[0]->data,
                                 call.inputs[1]->data,
                                 product_.problem.bias ? call.inputs[2]->data : nullptr,
                                 product_.residual != 0 ? call.inputs[product_.residual]->data : nullptr,
                                 call.outputs[0]->data,
                                 call.scratch};
    INGOT_RETURN_IF_ERROR(plan_->run(stream.handle(), p));
    if (product_.add_c) INGOT_RETURN_IF_ERROR(sums_.enqueue(call, nullptr));
    return after_.enqueue(call, static_cast<std::byte*>(call.scratch));
  }

 private:
  StepCopy step_;
  CudaStream& stream_;
  MatMulStep product_;
  std::unique_ptr<MatMulPlan> plan_;
  LaunchList sums_, after_;
};

}  // namespace

Result<std::unique_ptr<Kernel>> make_matmul_kernel(const KernelSource& source) {
  if (source.step.inputs.size() < 2) return corrupt("a product has ", source.step.inputs.size(), " inputs");
  return std::unique_ptr<Kernel>(std::make_unique<MatMulKernel>(source));
}

}  // namespace ingot::cuda
