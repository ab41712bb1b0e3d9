// Kernels that make tensors from a few numbers: ConstantOfShape (args: value), Range, OneHot (args: axis),
// CumSum (args: exclusive, reverse), Trilu (args: upper).
#include "backends/cpu/kernels/create/create.h"
#include "backends/cpu/run/indices.h"
#include "backends/cpu/run/kernel.h"
#include "ops/common.h"
#include "ops/strided.h"

namespace ingot::cpu {
namespace {

// The one number of an operand; nullopt where it is not given.
Result<std::optional<int64_t>> number(const Invocation& call, size_t i) {
  if (i >= call.inputs.size() || !call.inputs[i]->given()) return std::optional<int64_t>();
  const TensorArg& a = *call.inputs[i];
  if (num_elements(a.dims) != 1)
    return invalid_argument("operand ", i, " has shape ", dims_to_string(a.dims), ", expected one number");
  if (a.dtype != DataType::kI64 && a.dtype != DataType::kI32)
    return invalid_argument("operand ", i, " is no integer");
  return std::optional(a.dtype == DataType::kI64 ? *a.as<const int64_t>() : int64_t{*a.as<const int32_t>()});
}

class StatelessKernel : public Kernel {
 public:
  explicit StatelessKernel(const KernelSpec& spec) : args_(spec.args()) {}
  Status resize(std::span<const TensorArg* const>, std::span<const TensorArg* const>) override { return {}; }

 protected:
  Attrs args_;
};

class FillKernel final : public StatelessKernel {
 public:
  using StatelessKernel::StatelessKernel;
  Status resize(std::span<const TensorArg* const> in, std::span<const TensorArg* const>) override {
    const Tensor value = args_.get<Tensor>("value");
    if (in[0]->dtype == DataType::kI64 && (!value.valid() || value.size() == 1)) return {};
    return corrupt("a tensor filled with ", value.size(), " values");
  }
  Status run(const Invocation& call) override {
    const TensorArg& shape = *call.inputs[0];
    const Dims dims(shape.as<const int64_t>(), shape.as<const int64_t>() + num_elements(shape.dims));
    const Tensor value = args_.get<Tensor>("value");
    const uint64_t zero = 0;
    const DataType type = value.valid() ? value.dtype() : DataType::kF32;
    INGOT_ASSIGN_OR_RETURN(void* const y, call.host.allocate_output(0, type, dims));
    fill(pool_of(call), bit_width(type) / 8, num_elements(dims), value.valid() ? value.data() : &zero, y);
    return {};
  }
};

class RangeKernel final : public StatelessKernel {
 public:
  using StatelessKernel::StatelessKernel;
  Status run(const Invocation& call) override {
    const DataType type = call.inputs[0]->dtype;
    for (const TensorArg* a : call.inputs)
      if (a->dtype != type || num_elements(a->dims) != 1)
        return invalid_argument("the bounds of a range are not three numbers");
    const void *start = call.inputs[0]->data, *delta = call.inputs[2]->data;
    const int64_t count = range_size(type, start, call.inputs[1]->data, delta);
    if (count < 0) return invalid_argument("the range has a delta of 0 or is too long");
    INGOT_ASSIGN_OR_RETURN(void* const y, call.host.allocate_output(0, type, {count}));
    range(type, count, start, delta, y);
    return {};
  }
};

class OneHotKernel final : public StatelessKernel {
 public:
  using StatelessKernel::StatelessKernel;
  Status resize(std::span<const TensorArg* const> in, std::span<const TensorArg* const>) override {
    return indices_.resize(*in[0]);
  }
  Status run(const Invocation& call) override {
    const TensorArg &x = *call.inputs[0], &values = *call.inputs[2];
    INGOT_ASSIGN_OR_RETURN(const auto depth, number(call, 1));
    if (!depth || *depth < 0 || num_elements(values.dims) != 2)
      return invalid_argument("depth or values are missing");
    INGOT_ASSIGN_OR_RETURN(
        const int axis, ops::normalize_axis(args_.get_int("axis", -1), static_cast<int>(x.dims.size()) + 1));
    Dims dims = x.dims;
    dims.insert(dims.begin() + axis, *depth);
    INGOT_ASSIGN_OR_RETURN(void* const y, call.host.allocate_output(0, values.dtype, dims));
    const ops::AxisSplit s = ops::split_at(dims, axis);
    one_hot(pool_of(call), {bit_width(values.dtype) / 8, s.outer, s.n, s.inner}, indices_.read(x),
            values.data, y);
    return {};
  }

 private:
  Indices indices_;
};

Status expect_same(const TensorArg& x, const TensorArg& y) {
  if (x.dtype == y.dtype && x.dims == y.dims) return {};
  return invalid_argument("the result has shape ", dims_to_string(y.dims), ", expected ",
                          dims_to_string(x.dims));
}

class RunningSumKernel final : public StatelessKernel {
 public:
  using StatelessKernel::StatelessKernel;
  Status resize(std::span<const TensorArg* const> in, std::span<const TensorArg* const> out) override {
    return expect_same(*in[0], *out[0]);
  }
  Status run(const Invocation& call) override {
    const TensorArg& x = *call.inputs[0];
    INGOT_ASSIGN_OR_RETURN(const auto given, number(call, 1));
    INGOT_ASSIGN_OR_RETURN(const int axis,
                           ops::normalize_axis(given.value_or(0), static_cast<int>(x.dims.size())));
    const ops::AxisSplit s = ops::split_at(x.dims, axis);
    running_sum(
        pool_of(call),
        {x.dtype, s.outer, s.n, s.inner, args_.get_int("exclusive") != 0, args_.get_int("reverse") != 0},
        x.data, call.outputs[0]->data);
    return {};
  }
};

class TriangleKernel final : public StatelessKernel {
 public:
  using StatelessKernel::StatelessKernel;
  Status resize(std::span<const TensorArg* const> in, std::span<const TensorArg* const> out) override {
    return expect_same(*in[0], *out[0]);
  }
  Status run(const Invocation& call) override {
    const TensorArg& x = *call.inputs[0];
    const size_t rank = x.dims.size();
    if (rank < 2) return invalid_argument("a triangle of ", dims_to_string(x.dims));
    INGOT_ASSIGN_OR_RETURN(const auto k, number(call, 1));
    const int64_t elements = num_elements(x.dims), rows = x.dims[rank - 2], columns = x.dims[rank - 1];
    if (elements == 0) return {};
    triangle(pool_of(call),
             {bit_width(x.dtype) / 8, elements / (rows * columns), rows, columns, k.value_or(0),
              args_.get_int("upper", 1) != 0},
             x.data, call.outputs[0]->data);
    return {};
  }
};

template <class K>
Result<std::unique_ptr<Kernel>> make(const KernelSpec& spec, size_t inputs) {
  if (spec.step.inputs.size() < inputs || spec.step.outputs.size() != 1)
    return corrupt("'", spec.step.op, "' has the wrong operands");
  return std::unique_ptr<Kernel>(std::make_unique<K>(spec));
}

}  // namespace

Result<std::unique_ptr<Kernel>> make_fill_kernel(const KernelSpec& spec) { return make<FillKernel>(spec, 1); }
Result<std::unique_ptr<Kernel>> make_range_kernel(const KernelSpec& spec) {
  return make<RangeKernel>(spec, 3);
}
Result<std::unique_ptr<Kernel>> make_one_hot_kernel(const KernelSpec& spec) {
  return make<OneHotKernel>(spec, 3);
}
Result<std::unique_ptr<Kernel>> make_running_sum_kernel(const KernelSpec& spec) {
  return make<RunningSumKernel>(spec, 2);
}
Result<std::unique_ptr<Kernel>> make_triangle_kernel(const KernelSpec& spec) {
  return make<TriangleKernel>(spec, 1);
}

}  // namespace ingot::cpu
