// Squeeze and excitation between two convolutions (ConvGates, and ConvChain with its scale): the first sums
// its result up and a small kernel makes gates of the sums, the second scales what it reads.
#include "backends/cuda/kernels/pool/pool.h"
#include "backends/cuda/steps/implicit_gemm.h"

namespace ingot::cuda {

// args: those of depthwise and ConvGates, and blocks: of a cluster, at most.
Result<Launches> depthwise_gates_launches(const StepView& step) {
  constexpr size_t kConvInputs = 3, kInputs = 7;
  if (step.inputs.size() != kInputs || step.outputs.size() != 2 || !step.out(1).given())
    return unsupported("gates that nobody reads");
  const StepView conv{step.kernel, step.args, step.inputs.first(kConvInputs), step.outputs.first(1)};
  INGOT_ASSIGN_OR_RETURN(DepthwiseProblem p, depthwise_problem(conv));
  p.sums = true;
  const DepthwiseParts parts = depthwise_parts(p);
  GatesProblem gates{p.type, p.images, p.out_h * p.out_w, p.channels, step.in(kConvInputs).dims[0]};
  gates.parts = parts.count;
  gates.program1 = step.args.get_string("inner_epilogue");
  gates.program2 = step.args.get_string("gate_epilogue");
  gates.blocks = step.args.get_int("blocks", 1);
  if (gates.blocks < 1 || gates.blocks > 8) return corrupt("a cluster of ", gates.blocks, " blocks");
  INGOT_ASSIGN_OR_RETURN(KernelSpec sums_up, depthwise_kernel(p));
  INGOT_ASSIGN_OR_RETURN(KernelSpec makes_gates, gates_kernel(gates));
  const Pointer sums = scratch(0, static_cast<size_t>(p.images * parts.count * p.channels) * sizeof(float));
  Launches out;
  out.push_back({std::move(sums_up), {input(0), input(1), input(2), output(0), sums}});
  out.push_back({std::move(makes_gates), {sums, input(3), input(4), input(5), input(6), output(1)}});
  return out;
}

namespace {

// The step without its gates, input 1.
struct Convolution {
  std::vector<const TensorArg*> inputs;
  StepView view;
  explicit Convolution(const StepView& step)
      : inputs(step.inputs.begin(), step.inputs.end()), view{step.kernel, step.args, {}, step.outputs} {
    inputs.erase(inputs.begin() + 1);
    view.inputs = inputs;
  }
};

}  // namespace

Result<ConvProblem> gated_gemm_problem(const StepView& step) {
  if (step.inputs.size() < 3) return corrupt("gates of ", step.inputs.size(), " inputs");
  const Dims &x = step.in(0).dims, &gates = step.in(1).dims;
  if (x.size() != 4 || gates != Dims{x[0], x[1], 1, 1})
    return unsupported("other than a gate for each channel");
  INGOT_ASSIGN_OR_RETURN(ConvProblem p, implicit_gemm_problem(Convolution(step).view));
  p.gated = step.args.get_int("apart") == 0;
  return p;
}

// Inputs: x, gates, filter, bias, extras. args: those of implicit_gemm for a convolution, and apart: whether
// the scaled image is made first.
Result<Launches> gated_gemm_launches(const StepView& step) {
  INGOT_ASSIGN_OR_RETURN(const ConvProblem p, gated_gemm_problem(step));
  INGOT_ASSIGN_OR_RETURN(const ConvConfig config, config_of(step));
  INGOT_ASSIGN_OR_RETURN(KernelSpec spec, conv_kernel(p, config));
  Launches out;
  std::vector<Pointer> pointers = {input(0), input(2), step.has(3) ? input(3) : nothing()};
  if (p.gated) {
    pointers.push_back(input(1));
  } else {
    const TensorArg& x = step.in(0);
    pointers[0] = scratch(0, byte_size(x.dtype, num_elements(x.dims)));
    INGOT_ASSIGN_OR_RETURN(out, scale_launches(step, pointers[0]));
  }
  for (size_t i = 4; i < step.inputs.size(); ++i) pointers.push_back(input(i));
  pointers.push_back(output(0));
  out.push_back({std::move(spec), std::move(pointers)});
  return out;
}

}  // namespace ingot::cuda
