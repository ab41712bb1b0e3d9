// Tensors from a few numbers, running sums, and the largest elements of rows.
#include "backends/cuda/kernels/create/create.h"

#include <cstring>

#include "backends/cuda/kernels/select/select.h"
#include "backends/cuda/steps/step.h"
#include "ops/common.h"
#include "ops/strided.h"

namespace ingot::cuda {
namespace {

Result<Launches> launch(const TensorArg& result, Result<KernelSpec> spec, std::vector<Pointer> pointers) {
  Launches out;
  if (num_elements(result.dims) == 0) return out;
  if (!spec.ok()) return spec.status();
  out.push_back({std::move(*spec), std::move(pointers)});
  return out;
}

Result<ops::AxisSplit> split(const Dims& dims, int64_t axis) {
  INGOT_ASSIGN_OR_RETURN(const int normal, ops::normalize_axis(axis, static_cast<int>(dims.size())));
  return ops::split_at(dims, normal);
}

}  // namespace

// args: value.
Result<Launches> fill_launches(const StepView& step) {
  const TensorArg& y = step.out(0);
  const Tensor value = step.args.get<Tensor>("value");
  uint64_t bits = 0;
  if (value.valid() && value.bytes() <= sizeof bits) std::memcpy(&bits, value.data(), value.bytes());
  return launch(y, fill_kernel(y.dtype, num_elements(y.dims), bits), {output(0)});
}

Result<Launches> range_launches(const StepView& step) {
  const TensorArg& y = step.out(0);
  return launch(y, range_kernel(y.dtype, num_elements(y.dims)), {input(0), input(2), output(0)});
}

// args: axis.
Result<Launches> one_hot_launches(const StepView& step) {
  const TensorArg& y = step.out(0);
  INGOT_ASSIGN_OR_RETURN(const ops::AxisSplit s, split(y.dims, step.args.get_int("axis", -1)));
  return launch(y, one_hot_kernel({y.dtype, step.in(0).dtype, s.outer, s.n, s.inner}),
                {input(0), input(2), output(0)});
}

// args: upper, diagonal.
Result<Launches> triangle_launches(const StepView& step) {
  const TensorArg& y = step.out(0);
  const size_t rank = y.dims.size();
  if (rank < 2) return unsupported("a triangle of ", dims_to_string(y.dims));
  const int64_t rows = y.dims[rank - 2], columns = y.dims[rank - 1];
  const int64_t outer = num_elements(y.dims) / std::max<int64_t>(1, rows * columns);
  return launch(y,
                triangle_kernel({y.dtype, outer, rows, columns, step.args.get_int("diagonal"),
                                 step.args.get_int("upper", 1) != 0}),
                {input(0), output(0)});
}

// args: axis, exclusive, reverse.
Result<Launches> running_sum_launches(const StepView& step) {
  const TensorArg& y = step.out(0);
  INGOT_ASSIGN_OR_RETURN(const ops::AxisSplit s, split(y.dims, step.args.get_int("axis")));
  return launch(y,
                running_sum_kernel({y.dtype, s.outer, s.n, s.inner, step.args.get_int("exclusive") != 0,
                                    step.args.get_int("reverse") != 0}),
                {input(0), output(0)});
}

// args: axis, largest. k is what the outputs have along the axis.
Result<Launches> top_k_launches(const StepView& step) {
  const TensorArg& x = step.in(0);
  const bool values = step.out(0).given(), indices = step.outputs.size() > 1 && step.out(1).given();
  const TensorArg& y = values ? step.out(0) : step.out(1);
  INGOT_ASSIGN_OR_RETURN(const int axis,
                         ops::normalize_axis(step.args.get_int("axis", -1), static_cast<int>(x.dims.size())));
  const ops::AxisSplit s = ops::split_at(x.dims, axis);
  const TopKProblem p{x.dtype,
                      s.outer,
                      s.n,
                      s.inner,
                      y.dims[static_cast<size_t>(axis)],
                      step.args.get_int("largest", 1) != 0};
  return launch(y, top_k_kernel(p),
                {input(0), values ? output(0) : nothing(), indices ? output(1) : nothing()});
}

}  // namespace ingot::cuda
