// Pointwise programs: nodes of their own, and what is left of an epilogue.
#include "backends/cuda/kernels/pointwise/pointwise.h"

#include <algorithm>

#include "backends/cuda/steps/step.h"

namespace ingot::cuda {
namespace {

// An operand repeated along the dims of `out`: its own strides, aligned at the last dim, or, of a vector, at
// `axis` where that is given.
StridedOperand repeated(const TensorArg& a, const Dims& out, int64_t axis = -1) {
  StridedOperand operand{a.dtype, Dims(out.size(), 0)};
  const Dims strides = strides_of(a);
  if (axis >= 0 && a.dims.size() == 1) {
    if (a.dims[0] != 1) operand.strides[static_cast<size_t>(axis)] = 1;
    return operand;
  }
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

Result<Launches> launch(PointwiseProblem problem, std::vector<Pointer> pointers) {
  order_by_memory(problem);
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
  problem.rounds = step.args.has("output_dtype");
  const int64_t axis = step.args.get_int("axis", -1);
  if (axis >= static_cast<int64_t>(y.dims.size()))
    return corrupt("axis ", axis, " for ", y.dims.size(), " dims");
  for (const Pointer& p : operands)
    problem.inputs.push_back(p.of == Pointer::kInput
                                 ? repeated(step.in(p.index), y.dims, p.index > 0 ? axis : -1)
                                 : repeated(y, y.dims));
  operands.push_back(output(0));
  return launch(std::move(problem), std::move(operands));
}

}  // namespace

Result<Launches> epilogue_launches(const StepView& step, std::string_view epilogue, size_t first) {
  if (epilogue.empty()) return Launches{};
  std::vector<Pointer> operands = {output(0)};
  for (size_t i = first; i < step.inputs.size(); ++i) operands.push_back(input(i));
  return program_launches(step, epilogue, std::move(operands));
}

Result<Launches> scale_launches(const StepView& step, const Pointer& to) {
  const TensorArg& x = step.in(0);
  PointwiseProblem problem;
  INGOT_ASSIGN_OR_RETURN(problem.program, ops::PointwiseProgram::parse("mul x0 x1"));
  problem.dims = x.dims;
  problem.output = {x.dtype, strides_of(x)};
  problem.inputs = {repeated(x, x.dims), repeated(step.in(1), x.dims)};
  return launch(std::move(problem), {input(0), input(1), to});
}

// args: program; output_dtype, where integers are rounded; axis, along which vectors are repeated that are
// not the first operand.
Result<Launches> pointwise_launches(const StepView& step) {
  std::vector<Pointer> operands;
  for (size_t i = 0; i < step.inputs.size(); ++i)
    if (step.has(i)) operands.push_back(input(i));
  return program_launches(step, step.args.get_string("program"), std::move(operands));
}

}  // namespace ingot::cuda
