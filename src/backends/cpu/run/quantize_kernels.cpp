// QuantizeLinear, DequantizeLinear (args: the op's attributes) and DynamicQuantizeLinear.
#include "backends/cpu/kernels/integer/quantize.h"
#include "backends/cpu/run/kernel.h"

namespace ingot::cpu {
namespace {

class QuantizeKernel final : public Kernel {
 public:
  QuantizeKernel(const KernelSpec& spec, Isa isa) : axis_(spec.args().get_int("axis", 1)), isa_(isa) {}

  Status resize(std::span<const TensorArg* const> in, std::span<const TensorArg* const> out) override {
    const Dims& x = in[0]->dims;
    const int64_t scales = num_elements(in[1]->dims);
    desc_ = {1, 1, num_elements(x)};
    if (scales != 1) {
      const auto rank = static_cast<int64_t>(x.size());
      const auto axis = static_cast<size_t>(axis_ < 0 ? axis_ + rank : axis_);
      if (axis >= x.size() || x[axis] != scales)
        return invalid_argument(scales, " scales along axis ", axis_, " of ", dims_to_string(x));
      desc_ = {1, scales, 1};
      for (size_t d = 0; d < x.size(); ++d) (d < axis ? desc_.outer : desc_.inner) *= d == axis ? 1 : x[d];
    }
    if (in.size() > 2 && in[2]->given() && num_elements(in[2]->dims) != scales)
      return invalid_argument("zero points of ", dims_to_string(in[2]->dims), " for ", scales, " scales");
    zero_.assign(static_cast<size_t>(scales), 0);
    empty_ = num_elements(out[0]->dims) == 0;
    return {};
  }

  Status run(const Invocation& call) override {
    if (empty_) return {};
    const TensorArg &x = *call.inputs[0], &y = *call.outputs[0];
    const float* scale = call.inputs[1]->as<const float>();
    if (call.inputs.size() > 2 && call.inputs[2]->given()) {
      const TensorArg& zero = *call.inputs[2];
      for (size_t i = 0; i < zero_.size(); ++i)
        zero_[i] = zero.dtype == DataType::kI8 ? zero.as<const int8_t>()[i] : zero.as<const uint8_t>()[i];
    }
    ThreadPool& pool = pool_of(call);
    if (x.dtype == DataType::kF32)
      quantize(pool, isa_, desc_, x.as<const float>(), scale, zero_.data(), y.dtype == DataType::kI8,
               y.as<uint8_t>());
    else if (x.dtype == DataType::kI32)
      dequantize_i32(pool, isa_, desc_, x.as<const int32_t>(), scale, y.as<float>());
    else
      dequantize(pool, isa_, desc_, x.as<const uint8_t>(), scale, zero_.data(), x.dtype == DataType::kI8,
                 y.as<float>());
    return {};
  }

 private:
  int64_t axis_;
  Isa isa_;
  QuantizeDesc desc_;
  std::vector<int32_t> zero_;
  bool empty_ = false;
};

class DynamicQuantizeKernel final : public Kernel {
 public:
  explicit DynamicQuantizeKernel(Isa isa) : isa_(isa) {}
  Status resize(std::span<const TensorArg* const>, std::span<const TensorArg* const>) override { return {}; }
  Status run(const Invocation& call) override {
    const TensorArg& x = *call.inputs[0];
    quantize_dynamically(pool_of(call), isa_, num_elements(x.dims), x.as<const float>(),
                         call.outputs[1]->as<float>(), call.outputs[2]->as<uint8_t>(),
                         call.outputs[0]->as<uint8_t>());
    return {};
  }

 private:
  Isa isa_;
};

}  // namespace

Result<std::unique_ptr<Kernel>> make_quantize_kernel(const KernelSpec& spec) {
  INGOT_ASSIGN_OR_RETURN(const Isa isa, isa_of(spec));
  return std::unique_ptr<Kernel>(std::make_unique<QuantizeKernel>(spec, isa));
}

Result<std::unique_ptr<Kernel>> make_dynamic_quantize_kernel(const KernelSpec& spec) {
  INGOT_ASSIGN_OR_RETURN(const Isa isa, isa_of(spec));
  return std::unique_ptr<Kernel>(std::make_unique<DynamicQuantizeKernel>(isa));
}

}  // namespace ingot::cpu
