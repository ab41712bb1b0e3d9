// LSTM, GRU and RNN: one product for the inputs of all times, then a launch or two for each time.
#include "backends/cuda/kernels/rnn/rnn.h"

#include "backends/cuda/steps/implicit_gemm.h"
#include "ops/recurrent.h"

namespace ingot::cuda {
namespace {

using ops::kRecB, ops::kRecC, ops::kRecH, ops::kRecLengths, ops::kRecP, ops::kRecR, ops::kRecW, ops::kRecX;

RnnProblem problem_of(const StepView& step) {
  const Dims &x = step.in(kRecX).dims, &r = step.in(kRecR).dims;
  RnnProblem p{step.in(kRecX).dtype, static_cast<Cell>(step.args.get_int("cell")), 0, 0, r[2], r[0]};
  p.batch_first = step.args.get_int("layout") == 1;
  p.steps = x[p.batch_first ? 1 : 0];
  p.batch = x[p.batch_first ? 0 : 1];
  p.reverse = step.args.get_string("direction", "forward") == "reverse";
  p.coupled = step.args.get_int("input_forget") != 0;
  p.reset_after_product = step.args.get_int("linear_before_reset") != 0;
  p.clip = step.args.get_float("clip", 0);
  p.has_bias = step.has(kRecB);
  p.has_lengths = step.has(kRecLengths);
  p.has_h = step.has(kRecH);
  p.has_c = step.has(kRecC);
  p.has_peepholes = step.has(kRecP);
  return p;
}

size_t aligned(int64_t floats) { return (static_cast<size_t>(floats) * sizeof(float) + 255) / 256 * 256; }

}  // namespace

Result<ConvProblem> rnn_product(const StepView& step) {
  if (step.in(kRecX).dims.size() != 3 || step.in(kRecR).dims.size() != 3)
    return unsupported("other than 3 dims");
  const RnnProblem p = problem_of(step);
  if (p.steps == 0 || p.batch == 0) return unsupported("an empty sequence");
  const int64_t rows = p.directions * gates_of(p.cell) * p.hidden;
  ConvProblem product = matmul_problem(p.type, p.steps * p.batch, rows, step.in(kRecX).dims[2]);
  if (product.channels == 0) return unsupported("no product of the inputs");
  product.y_type = DataType::kF32;
  product.has_bias = false;
  product.exact = step.args.get_int("exact") != 0;
  return product;
}

// args: the op's attributes, cell, exact, and config, that of the inputs' product.
Result<Launches> rnn_launches(const StepView& step) {
  INGOT_ASSIGN_OR_RETURN(const ConvProblem product, rnn_product(step));
  INGOT_ASSIGN_OR_RETURN(const ConvConfig config, config_of(step));
  INGOT_ASSIGN_OR_RETURN(KernelSpec spec, conv_kernel(product, config));
  const RnnProblem p = problem_of(step);
  const int64_t rows = product.filters;
  const Pointer products = scratch(0, aligned(p.steps * p.batch * rows));
  const Pointer memory = scratch(products.bytes, aligned(5 * p.states()));
  Launches all;
  all.push_back({std::move(spec), {input(kRecX), input(kRecW), nothing(), products}});
  const auto in = [&](size_t i) { return step.has(i) ? input(i) : nothing(); };
  const auto out = [&](size_t i) {
    return i < step.outputs.size() && step.out(i).given() ? output(i) : nothing();
  };
  const std::vector<Pointer> pointers = {products,  input(kRecR), in(kRecB), in(kRecLengths),
                                         in(kRecH), in(kRecC),    in(kRecP), out(0),
                                         out(1),    out(2),       memory};
  for (int64_t k = 0; k < p.steps; ++k)
    for (int phase = 0; phase < p.phases(); ++phase) {
      INGOT_ASSIGN_OR_RETURN(KernelSpec one, rnn_step_kernel(p, k, phase));
      all.push_back({std::move(one), pointers});
    }
  return all;
}

}  // namespace ingot::cuda
