// Products of 8-bit integers with zero points, and DynamicQuantizeLinear.
#include "backends/cuda/kernels/integer/integer.h"

#include <algorithm>

#include "backends/cuda/steps/step.h"

namespace ingot::cuda {
namespace {

using Problem = IntegerProductProblem;

// Zero points of `count` rows or columns.
Result<Problem::Zeros> zeros_of(const StepView& step, size_t i, int64_t count) {
  if (!step.has(i)) return Problem::kNone;
  const Dims& dims = step.in(i).dims;
  if (num_elements(dims) == 1) return Problem::kOne;
  if (dims.size() == 1 && dims[0] == count) return Problem::kMany;
  return unsupported("zero points of shape ", dims_to_string(dims));
}

}  // namespace

// args: trans_b, where B lies [columns, depth].
Result<Launches> integer_product_launches(const StepView& step) {
  const Dims &a = step.in(0).dims, &b = step.in(1).dims, &y = step.out(0).dims;
  if (a.size() < 2 || b.size() < 2) return unsupported("an integer product of vectors");
  if (num_elements(y) == 0) return Launches{};
  Problem p{step.in(0).dtype, step.in(1).dtype, 1, a[a.size() - 2], y.back(), a.back()};
  p.b_transposed = step.args.get_int("trans_b") != 0;
  p.zero_rows = p.rows;
  const Dims batch(y.begin(), y.end() - 2);
  // From one matrix to the next; 0 where there is only one.
  const auto step_of = [&](const Dims& dims, int64_t size) -> Result<int64_t> {
    if (num_elements(dims) == size) return int64_t{0};
    if (Dims(dims.begin(), dims.end() - 2) != batch)
      return unsupported("operands that repeat along a part of the batch");
    return size;
  };
  INGOT_ASSIGN_OR_RETURN(p.a_step, step_of(a, p.rows * p.depth));
  INGOT_ASSIGN_OR_RETURN(p.b_step, step_of(b, p.depth * p.columns));
  const int64_t matrices = num_elements(batch);
  if (p.b_step == 0 && (p.a_step != 0 || matrices == 1))
    p.rows *= matrices;  // all rows in one matrix
  else
    p.batch = matrices;
  INGOT_ASSIGN_OR_RETURN(p.a_zeros, zeros_of(step, 2, p.zero_rows));
  INGOT_ASSIGN_OR_RETURN(p.b_zeros, zeros_of(step, 3, p.columns));
  INGOT_ASSIGN_OR_RETURN(KernelSpec spec, integer_product_kernel(p));
  Launches out;
  out.push_back({std::move(spec),
                 {input(0), input(1), step.has(2) ? input(2) : nothing(), step.has(3) ? input(3) : nothing(),
                  output(0)}});
  return out;
}

Result<Launches> dynamic_quantize_launches(const StepView& step) {
  const int64_t elements = num_elements(step.in(0).dims);
  INGOT_ASSIGN_OR_RETURN(KernelSpec range, range_of_parts_kernel(elements));
  INGOT_ASSIGN_OR_RETURN(KernelSpec quantize, dynamic_quantize_kernel(elements));
  const Pointer parts = scratch(0, static_cast<size_t>(range_parts(elements)) * 2 * sizeof(float));
  const auto wanted = [&](size_t i) {
    return i < step.outputs.size() && step.out(i).given() ? output(i) : nothing();
  };
  Launches out;
  out.push_back({std::move(range), {input(0), parts}});
  out.push_back({std::move(quantize), {input(0), parts, wanted(0), wanted(1), wanted(2)}});
  return out;
}

}  // namespace ingot::cuda
