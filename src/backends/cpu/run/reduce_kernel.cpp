// Reductions of floats. args: `reduce`: the op's name; `axes`: normalised; ArgMax and ArgMin: axis,
// select_last_index.
#include <map>

#include "backends/cpu/kernels/reduce/reduce.h"
#include "backends/cpu/run/kernel.h"

namespace ingot::cpu {
namespace {

const std::map<std::string, ReduceOp, std::less<>> kOps = {
    {"ReduceSum", ReduceOp::kSum},       {"ReduceMean", ReduceOp::kMean},
    {"ReduceMax", ReduceOp::kMax},       {"ReduceMin", ReduceOp::kMin},
    {"ReduceProd", ReduceOp::kProduct},  {"ReduceSumSquare", ReduceOp::kSumSquares},
    {"ReduceL1", ReduceOp::kL1},         {"ReduceL2", ReduceOp::kL2},
    {"ReduceLogSum", ReduceOp::kLogSum}, {"ReduceLogSumExp", ReduceOp::kLogSumExp}};

class ReduceKernel final : public Kernel {
 public:
  ReduceKernel(ReduceOp op, Ints axes, Isa isa) : op_(op), axes_(std::move(axes)), isa_(isa) {}

  Status resize(std::span<const TensorArg* const> in, std::span<const TensorArg* const>) override {
    ReduceDesc d;
    d.op = op_;
    d.dims = in[0]->dims;
    d.reduced.assign(d.dims.size(), false);
    for (int64_t axis : axes_) {
      if (axis < 0 || axis >= static_cast<int64_t>(d.dims.size()))
        return corrupt("axis ", axis, " for ", dims_to_string(d.dims));
      d.reduced[static_cast<size_t>(axis)] = true;
    }
    reduce_.prepare(d, isa_);
    return {};
  }
  size_t scratch_bytes() const override { return reduce_.scratch_bytes(); }
  Status run(const Invocation& call) override {
    reduce_.run(pool_of(call), call.inputs[0]->as<const float>(), call.outputs[0]->as<float>(), call.scratch);
    return {};
  }

 private:
  ReduceOp op_;
  Ints axes_;
  Isa isa_;
  Reduce reduce_;
};

class ArgKernel final : public Kernel {
 public:
  explicit ArgKernel(const KernelSpec& spec) : axis_(spec.args().get_int("axis")) {
    desc_.smallest = spec.args().get_string("reduce") == "ArgMin";
    desc_.last = spec.args().get_int("select_last_index") != 0;
  }
  Status resize(std::span<const TensorArg* const> in, std::span<const TensorArg* const>) override {
    const Dims& x = in[0]->dims;
    const auto rank = static_cast<int64_t>(x.size());
    const int64_t axis = axis_ < 0 ? axis_ + rank : axis_;
    if (axis < 0 || axis >= rank) return corrupt("axis ", axis_, " for ", dims_to_string(x));
    desc_.outer = desc_.axis = desc_.inner = 1;
    for (int64_t d = 0; d < rank; ++d)
      (d < axis ? desc_.outer : d > axis ? desc_.inner : desc_.axis) *= x[static_cast<size_t>(d)];
    return {};
  }
  Status run(const Invocation& call) override {
    arg_extreme(pool_of(call), desc_, call.inputs[0]->as<const float>(), call.outputs[0]->as<int64_t>());
    return {};
  }

 private:
  int64_t axis_;
  ArgExtremeDesc desc_;
};

}  // namespace

Result<std::unique_ptr<Kernel>> make_reduce_kernel(const KernelSpec& spec) {
  INGOT_ASSIGN_OR_RETURN(const Isa isa, isa_of(spec));
  const std::string name = spec.args().get_string("reduce");
  if (name == "ArgMax" || name == "ArgMin") return std::unique_ptr<Kernel>(std::make_unique<ArgKernel>(spec));
  auto op = kOps.find(name);
  if (op == kOps.end()) return not_found("no reduction '", name, "'");
  return std::unique_ptr<Kernel>(
      std::make_unique<ReduceKernel>(op->second, spec.args().get_ints("axes"), isa));
}

}  // namespace ingot::cpu
