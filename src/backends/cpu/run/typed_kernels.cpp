// Pointwise kernels on typed elements: binary functions (args: `function`, a TypedOp; `unary`: 1 where the
// operand meets a zero), Where, Cast.
#include "backends/cpu/kernels/pointwise/typed.h"
#include "backends/cpu/run/kernel.h"
#include "ops/broadcast.h"

namespace ingot::cpu {
namespace {

// The strides of an operand along the dims of the result.
Result<Dims> strides_of(const TensorArg& a, const Dims& to) {
  bool fits = a.dims.size() <= to.size();
  for (size_t i = 0; fits && i < a.dims.size(); ++i) {
    const int64_t n = a.dims[a.dims.size() - 1 - i];
    fits = n == 1 || n == to[to.size() - 1 - i];
  }
  if (!fits)
    return invalid_argument("shape ", dims_to_string(a.dims), " does not broadcast to ", dims_to_string(to));
  return ops::broadcast_strides(a.dims, to);
}

class TypedKernel final : public Kernel {
 public:
  TypedKernel(TypedOp op, bool unary) : unary_(unary) { desc_.op = op; }

  Status resize(std::span<const TensorArg* const> in, std::span<const TensorArg* const> out) override {
    desc_.type = in[0]->dtype;
    desc_.dims = out[0]->dims;
    const bool truth = desc_.op >= TypedOp::kEqual && desc_.op <= TypedOp::kGreaterEqual;
    if (!typed_binary_supported(desc_.op, desc_.type) || (!unary_ && in[1]->dtype != desc_.type) ||
        out[0]->dtype != (truth ? DataType::kBool : desc_.type))
      return invalid_argument("no function from ", data_type_name(desc_.type), " to ",
                              data_type_name(out[0]->dtype));
    INGOT_ASSIGN_OR_RETURN(desc_.a_strides, strides_of(*in[0], desc_.dims));
    INGOT_ASSIGN_OR_RETURN(desc_.b_strides, strides_of(unary_ ? TensorArg{} : *in[1], desc_.dims));
    if (unary_ && desc_.op == TypedOp::kSub) desc_.a_strides.swap(desc_.b_strides);
    empty_ = num_elements(desc_.dims) == 0;
    return {};
  }

  Status run(const Invocation& call) override {
    const int64_t zero = 0;
    const void *a = call.inputs[0]->data, *b = unary_ ? &zero : call.inputs[1]->data;
    if (unary_ && desc_.op == TypedOp::kSub) std::swap(a, b);
    if (!empty_) typed_binary(pool_of(call), desc_, a, b, call.outputs[0]->data);
    return {};
  }

 private:
  bool unary_, empty_ = false;
  TypedBinaryDesc desc_;
};

class WhereKernel final : public Kernel {
 public:
  Status resize(std::span<const TensorArg* const> in, std::span<const TensorArg* const> out) override {
    desc_.element_size = bit_width(out[0]->dtype) / 8;
    desc_.dims = out[0]->dims;
    if (in[0]->dtype != DataType::kBool || in[1]->dtype != out[0]->dtype || in[2]->dtype != out[0]->dtype)
      return invalid_argument("a choice between ", data_type_name(in[1]->dtype), " and ",
                              data_type_name(in[2]->dtype));
    INGOT_ASSIGN_OR_RETURN(desc_.condition_strides, strides_of(*in[0], desc_.dims));
    INGOT_ASSIGN_OR_RETURN(desc_.a_strides, strides_of(*in[1], desc_.dims));
    INGOT_ASSIGN_OR_RETURN(desc_.b_strides, strides_of(*in[2], desc_.dims));
    empty_ = num_elements(desc_.dims) == 0;
    return {};
  }
  Status run(const Invocation& call) override {
    if (!empty_)
      where(pool_of(call), desc_, call.inputs[0]->data, call.inputs[1]->data, call.inputs[2]->data,
            call.outputs[0]->data);
    return {};
  }

 private:
  bool empty_ = false;
  WhereDesc desc_;
};

class CastKernel final : public Kernel {
 public:
  explicit CastKernel(Isa isa) : isa_(isa) {}
  Status resize(std::span<const TensorArg* const> in, std::span<const TensorArg* const> out) override {
    if (!cast_supported(in[0]->dtype, out[0]->dtype) || in[0]->dims != out[0]->dims)
      return invalid_argument("no cast from ", data_type_name(in[0]->dtype), " to ",
                              data_type_name(out[0]->dtype));
    return {};
  }
  Status run(const Invocation& call) override {
    const TensorArg &x = *call.inputs[0], &y = *call.outputs[0];
    const int64_t count = num_elements(x.dims);
    if (count > 0) cast(pool_of(call), isa_, x.dtype, y.dtype, count, x.data, y.data);
    return {};
  }

 private:
  Isa isa_;
};

}  // namespace

Result<std::unique_ptr<Kernel>> make_typed_kernel(const KernelSpec& spec) {
  const int64_t op = spec.args().get_int("function", -1);
  const bool unary = spec.args().get_int("unary") != 0;
  if (op < 0 || op > static_cast<int64_t>(TypedOp::kXor) || spec.step.inputs.size() != (unary ? 1u : 2u) ||
      spec.step.outputs.size() != 1)
    return corrupt("a typed function ", op, " with ", spec.step.inputs.size(), " operands");
  return std::unique_ptr<Kernel>(std::make_unique<TypedKernel>(static_cast<TypedOp>(op), unary));
}

Result<std::unique_ptr<Kernel>> make_where_kernel(const KernelSpec& spec) {
  if (spec.step.inputs.size() != 3 || spec.step.outputs.size() != 1)
    return corrupt("a choice with ", spec.step.inputs.size(), " operands");
  return std::unique_ptr<Kernel>(std::make_unique<WhereKernel>());
}

Result<std::unique_ptr<Kernel>> make_cast_kernel(const KernelSpec& spec) {
  if (spec.step.inputs.empty() || spec.step.outputs.size() != 1) return corrupt("a cast without operand");
  INGOT_ASSIGN_OR_RETURN(const Isa isa, isa_of(spec));
  return std::unique_ptr<Kernel>(std::make_unique<CastKernel>(isa));
}

}  // namespace ingot::cpu
