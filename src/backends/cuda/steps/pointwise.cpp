// Pointwise programs, conversions between types, and every kind of strided copy: one kernel.
#include "backends/cuda/kernels/pointwise/pointwise.h"

#include <algorithm>

#include "backends/cuda/steps/step.h"

namespace ingot::cuda {
namespace {

// An operand repeated along the dims of `out`: its own strides, aligned at the last dim.
StridedOperand repeated(const TensorArg& a, const Dims& out) {
  StridedOperand operand{a.dtype, Dims(out.size(), 0)};
  const Dims strides = strides_of(a);
  const size_t skipped = out.size() - a.dims.size();
  for (size_t d = 0; d < a.dims.size(); ++d)
    if (a.dims[d] != 1) operand.strides[skipped + d] = strides[d];
  return operand;
}

// Kernels walk dims from the outermost to the innermost: those of channels-last tensors in memory's order.
void order_by_memory(PointwiseProblem& p) {
  const size_t rank = p.dims.size();
  std::vector<size_t> order(rank);
  for (size_t d = 0; d < rank; ++d) order[d] = d;
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return p.output.strides[a] > p.output.strides[b]; });
  const auto permute = [&](Dims& values) {
    Dims out(rank);
    for (size_t d = 0; d < rank; ++d) out[d] = values[order[d]];
    values = std::move(out);
  };
  permute(p.dims);
  permute(p.output.strides);
  for (StridedOperand& x : p.inputs) permute(x.strides);
}

int alignment_of(size_t offset) {
  int alignment = 16;
  while (offset % static_cast<size_t>(alignment) != 0) alignment /= 2;
  return alignment;
}

Result<Launches> launch(PointwiseProblem problem, std::vector<Pointer> pointers) {
  order_by_memory(problem);
  for (const Pointer& p : pointers) problem.alignment = std::min(problem.alignment, alignment_of(p.offset));
  if (num_elements(problem.dims) == 0) return Launches{};
  INGOT_ASSIGN_OR_RETURN(KernelSpec spec, pointwise_kernel(problem));
  Launches out;
  out.push_back({std::move(spec), std::move(pointers)});
  return out;
}

Result<Launches> program_launches(const StepView& step, std::string_view text,
                                  std::vector<Pointer> operands) {
  PointwiseProblem problem;
  if (!text.empty()) {
    INGOT_ASSIGN_OR_RETURN(problem.program, ops::PointwiseProgram::parse(text));
  }
  const TensorArg& y = step.out(0);
  problem.dims = y.dims;
  problem.output = {y.dtype, strides_of(y)};
  for (const Pointer& p : operands)
    problem.inputs.push_back(repeated(p.of == Pointer::kInput ? step.in(p.index) : y, y.dims));
  operands.push_back(output(0));
  return launch(std::move(problem), std::move(operands));
}

// A copy of `dims` elements between two strided places.
Result<Launches> copy(DataType from_type, Dims from_strides, Pointer from, DataType to_type, Dims to_strides,
                      Pointer to, Dims dims) {
  PointwiseProblem problem;
  problem.dims = std::move(dims);
  problem.inputs = {{from_type, std::move(from_strides)}};
  problem.output = {to_type, std::move(to_strides)};
  return launch(std::move(problem), {from, to});
}

void append(Launches& all, Launches more) {
  for (Launch& l : more) all.push_back(std::move(l));
}

size_t offset_bytes(const TensorArg& a, int64_t elements) {
  return static_cast<size_t>(elements) * byte_size(a.dtype, 1);
}

}  // namespace

Result<Launches> epilogue_launches(const StepView& step, std::string_view epilogue, size_t first) {
  if (epilogue.empty()) return Launches{};
  std::vector<Pointer> operands = {output(0)};
  for (size_t i = first; i < step.inputs.size(); ++i) operands.push_back(input(i));
  return program_launches(step, epilogue, std::move(operands));
}

// args: program.
Result<Launches> pointwise_launches(const StepView& step) {
  std::vector<Pointer> operands;
  for (size_t i = 0; i < step.inputs.size(); ++i) operands.push_back(input(i));
  return program_launches(step, step.args.get_string("program"), std::move(operands));
}

Result<Launches> convert_launches(const StepView& step) { return program_launches(step, "", {input(0)}); }
Result<Launches> reorder_launches(const StepView& step) { return program_launches(step, "", {input(0)}); }
Result<Launches> expand_launches(const StepView& step) { return program_launches(step, "", {input(0)}); }

// args: perm.
Result<Launches> transpose_launches(const StepView& step) {
  const TensorArg &x = step.in(0), &y = step.out(0);
  const size_t rank = x.dims.size();
  Ints perm = step.args.get_ints("perm");
  if (perm.empty())
    for (size_t d = rank; d-- > 0;) perm.push_back(static_cast<int64_t>(d));
  const Dims strides = strides_of(x);
  Dims from(rank);
  for (size_t d = 0; d < rank; ++d) from[d] = strides[static_cast<size_t>(perm[d])];
  return copy(x.dtype, std::move(from), input(0), y.dtype, strides_of(y), output(0), y.dims);
}

// args: axis.
Result<Launches> concat_launches(const StepView& step) {
  const TensorArg& y = step.out(0);
  const auto axis = static_cast<size_t>(step.args.get_int("axis"));
  const Dims strides = strides_of(y);
  Launches all;
  int64_t at = 0;
  for (size_t i = 0; i < step.inputs.size(); ++i) {
    const TensorArg& x = step.in(i);
    INGOT_ASSIGN_OR_RETURN(Launches part, copy(x.dtype, strides_of(x), input(i), y.dtype, strides,
                                               output(0, offset_bytes(y, at * strides[axis])), x.dims));
    append(all, std::move(part));
    at += x.dims[axis];
  }
  if (at != y.dims[axis])
    return invalid_argument("the parts of a concat have ", at, " along axis ", axis, ", its result ",
                            y.dims[axis]);
  return all;
}

// args: axis, starts (one for each output).
Result<Launches> slice_launches(const StepView& step) {
  const TensorArg& x = step.in(0);
  const auto axis = static_cast<size_t>(step.args.get_int("axis"));
  const Ints starts = step.args.get_ints("starts");
  const Dims strides = strides_of(x);
  if (axis >= x.dims.size() || starts.size() != step.outputs.size())
    return corrupt("a slice has the wrong axis or outputs");
  Launches all;
  for (size_t i = 0; i < step.outputs.size(); ++i) {
    const TensorArg& y = step.out(i);
    if (!y.given()) continue;
    if (starts[i] < 0 || starts[i] + y.dims[axis] > x.dims[axis])
      return invalid_argument("a slice of ", dims_to_string(y.dims), " from ", starts[i], " lies outside of ",
                              dims_to_string(x.dims));
    INGOT_ASSIGN_OR_RETURN(
        Launches part, copy(x.dtype, strides, input(0, offset_bytes(x, starts[i] * strides[axis])), y.dtype,
                            strides_of(y), output(i), y.dims));
    append(all, std::move(part));
  }
  return all;
}

}  // namespace ingot::cuda
