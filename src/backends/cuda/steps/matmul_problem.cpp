#include "backends/cuda/steps/matmul_problem.h"

#include <algorithm>
#include <iterator>

#include "backends/cuda/kernels/create/create.h"
#include "backends/cuda/steps/epilogue.h"

namespace ingot::cuda {
namespace {

// The dims before the last two, with ones before them up to `rank`.
Dims batch_of(const Dims& dims, size_t rank) {
  Dims out(rank + 2 - dims.size(), 1);
  out.insert(out.end(), dims.begin(), dims.end() - 2);
  return out;
}

bool all_ones(const Dims& dims) {
  return std::all_of(dims.begin(), dims.end(), [](int64_t d) { return d == 1; });
}

// How far one matrix of an operand is from the next, or nothing where the operand repeats in part.
std::optional<int64_t> step_of(const Dims& operand, const Dims& batch, int64_t size) {
  if (all_ones(operand)) return 0;
  return operand == batch ? std::optional(size) : std::nullopt;
}

Status set_shapes(const StepView& step, MatMulProblem& p) {
  const Dims &a = step.in(0).dims, &b = step.in(1).dims, &y = step.out(0).dims;
  if (a.size() < 2 || b.size() < 2 || y.size() < 2) return unsupported("a product of vectors");
  p.trans_a = step.args.get_int("trans_a") != 0;
  p.trans_b = step.args.get_int("trans_b") != 0;
  p.alpha = step.args.get_float("alpha", 1);
  p.m = y[y.size() - 2];
  p.n = y[y.size() - 1];
  p.k = p.trans_a ? a[a.size() - 2] : a[a.size() - 1];
  const size_t rank = y.size() - 2;
  const Dims batch = batch_of(y, rank), a_batch = batch_of(a, rank), b_batch = batch_of(b, rank);
  if (all_ones(b_batch) && a_batch == batch && !p.trans_a) {  // all rows in one matrix
    p.m *= num_elements(batch);
  } else {
    p.batch = num_elements(batch);
    const auto a_step = step_of(a_batch, batch, p.m * p.k), b_step = step_of(b_batch, batch, p.k * p.n);
    if (!a_step || !b_step) return unsupported("operands that repeat along a part of the batch");
    p.a_step = *a_step;
    p.b_step = *b_step;
  }
  return {};
}

Status set_pixels(const StepView& step, MatMulProblem& p) {
  const Dims &x = step.in(0).dims, w = step.args.get_ints("weight_dims");
  p.trans_b = true;
  p.m = num_elements(x) / x[1];
  p.n = w[0];
  p.k = x[1];
  return {};
}

}  // namespace

Result<MatMulStep> matmul_step(const StepView& step, bool tf32) {
  MatMulStep out;
  MatMulProblem& p = out.problem;
  p.type = step.out(0).dtype;
  p.tf32 = tf32;
  INGOT_RETURN_IF_ERROR(step.kernel == "Conv" ? set_pixels(step, p) : set_shapes(step, p));
  if (p.m == 0 || p.n == 0 || p.k == 0 || p.batch == 0) return unsupported("an empty product");
  if (step.has(2)) {
    const TensorArg& c = step.in(2);
    const bool vector = num_elements(c.dims) == p.n && (c.dims.empty() ? p.n == 1 : c.dims.back() == p.n);
    if (vector && p.batch == 1)
      p.bias = true;
    else if (c.dims == step.out(0).dims)
      out.residual = 2;
    else
      out.add_c = true;
  }
  const auto match = match_epilogue(step, kMatMulExtras);
  const bool known =
      match && (match->activation == Activation::kNone || match->activation == Activation::kGeluTanh ||
                (match->activation == Activation::kRelu && !match->upper));
  if (!known || out.add_c || (match->residual && out.residual != 0)) {
    out.epilogue = step.args.get_string("epilogue");
    p.residual = out.residual != 0;
    return out;
  }
  if (match->residual) out.residual = kMatMulExtras;
  if (match->activation == Activation::kRelu) p.activation = blas::kRelu;
  if (match->activation == Activation::kGeluTanh) p.activation = blas::kGeluTanh;
  p.residual = out.residual != 0;
  return out;
}

bool is_empty_product(const StepView& step) {
  const Dims& a = step.in(0).dims;
  const bool trans_a = step.args.get_int("trans_a") != 0;
  return num_elements(step.out(0).dims) == 0 ||
         (step.kernel != "Conv" && a.size() >= 2 && a[a.size() - (trans_a ? 2 : 1)] == 0);
}

Result<Launches> empty_product_launches(const StepView& step) {
  Launches all;
  const TensorArg& y = step.out(0);
  if (num_elements(y.dims) == 0) return all;
  INGOT_ASSIGN_OR_RETURN(KernelSpec zeros, fill_kernel(y.dtype, num_elements(y.dims), 0));
  all.push_back({std::move(zeros), {output(0)}});
  const auto append = [&](const StepView& view, const std::string& epilogue, size_t first) -> Status {
    INGOT_ASSIGN_OR_RETURN(Launches more, epilogue_launches(view, epilogue, first));
    std::move(more.begin(), more.end(), std::back_inserter(all));
    return {};
  };
  if (step.has(2)) {
    StepView sum = step;
    sum.inputs = step.inputs.first(kMatMulExtras);
    INGOT_RETURN_IF_ERROR(append(sum, "add x0 x1", 2));
  }
  INGOT_RETURN_IF_ERROR(append(step, step.args.get_string("epilogue"), kMatMulExtras));
  return all;
}

}  // namespace ingot::cuda
