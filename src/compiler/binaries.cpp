// Which machine code an engine needs: that of its plan's kernels, not of all that were tried.
#include "compiler/lower.h"

namespace ingot {
Status add_binaries(const Plan& plan, const OptShapes& shapes, Device& device, WeightTable& weights) {
  INGOT_ASSIGN_OR_RETURN(const std::unique_ptr<Stream> stream, device.make_stream(plan.threads));
  std::vector<TensorArg> args(plan.tensors.size());
  for (size_t t = 0; t < args.size(); ++t) {
    const PlanTensor& from = plan.tensors[t];
    const TensorType& type = from.weight >= 0 ? weights.type(from.weight) : from.type;
    if (type.ranked) args[t] = {type.dtype, from.layout, plan.block, shapes.dims(type), nullptr};
  }
  const TensorArg absent;
  for (const PlanStep& step : plan.steps) {
    std::vector<const TensorArg*> inputs, outputs;
    for (TensorId t : step.inputs) inputs.push_back(t == kNoTensor ? &absent : &args[static_cast<size_t>(t)]);
    for (TensorId t : step.outputs)
      outputs.push_back(t == kNoTensor ? &absent : &args[static_cast<size_t>(t)]);
    INGOT_ASSIGN_OR_RETURN(const std::unique_ptr<Kernel> kernel, device.make_kernel(step, plan, *stream));
    // What these sizes do not suit is compiled when a run has its own.
    if (!kernel->resize(inputs, outputs).ok()) continue;
    for (const std::string& name : kernel->binaries()) {
      INGOT_ASSIGN_OR_RETURN(const Tensor code, device.binary(name));
      const auto as_it_is = [&code]() -> Result<Tensor> { return code; };
      INGOT_RETURN_IF_ERROR(weights.add_packed(code, {0, name, as_it_is}).status());
    }
  }
  for (const Plan& body : plan.subplans) INGOT_RETURN_IF_ERROR(add_binaries(body, shapes, device, weights));
  return {};
}

}  // namespace ingot
