// Softmax and the normalisations.
#include "backends/cuda/kernels/norm/norm.h"

#include "backends/cuda/steps/step.h"

namespace ingot::cuda {
namespace {

int64_t product(const Dims& dims, size_t from, size_t to) {
  int64_t out = 1;
  for (size_t d = from; d < to; ++d) out *= dims[d];
  return out;
}

Result<size_t> axis_of(const StepView& step, int64_t fallback) {
  const auto rank = static_cast<int64_t>(step.in(0).dims.size());
  int64_t axis = step.args.get_int("axis", fallback);
  if (axis < 0) axis += rank;
  if (axis < 0 || axis >= rank) return corrupt("axis ", axis, " for ", rank, " dims");
  return static_cast<size_t>(axis);
}

Result<Launches> one(Result<KernelSpec> spec, std::vector<Pointer> pointers) {
  if (!spec.ok()) return spec.status();
  Launches out;
  out.push_back({std::move(*spec), std::move(pointers)});
  return out;
}

// One number for each of `count` places.
Status expect_numbers(const StepView& step, size_t i, int64_t count) {
  if (step.has(i) && num_elements(step.in(i).dims) != count)
    return unsupported("a scale or bias of ", dims_to_string(step.in(i).dims), " for ", count, " places");
  return {};
}

}  // namespace

Result<Launches> softmax_launches(const StepView& step) {
  INGOT_ASSIGN_OR_RETURN(const size_t axis, axis_of(step, -1));
  const Dims& d = step.in(0).dims;
  if (!is_float(step.in(0).dtype)) return unsupported("a softmax of ", data_type_name(step.in(0).dtype));
  SoftmaxProblem p{step.in(0).dtype, product(d, 0, axis), d[axis], product(d, axis + 1, d.size())};
  p.logarithm = step.kernel == "LogSoftmax";
  return one(softmax_kernel(p), {input(0), output(0)});
}

// LayerNormalization, RMSNormalization and SkipLayerNormalization (inputs x, skip, scale, bias; outputs y,
// sum).
Result<Launches> layer_norm_launches(const StepView& step) {
  const bool skips = step.kernel == "SkipLayerNormalization";
  const size_t first = skips ? 2 : 1;
  INGOT_ASSIGN_OR_RETURN(const size_t axis, axis_of(step, -1));
  const Dims& d = step.in(0).dims;
  LayerNormProblem p{};
  p.type = step.in(0).dtype;
  p.scale_type = step.has(first) ? step.in(first).dtype : p.type;
  p.rows = product(d, 0, axis);
  p.columns = product(d, axis, d.size());
  p.epsilon = step.args.get_float("epsilon", 1e-5f);
  p.rms = step.kernel == "RMSNormalization";
  p.has_scale = step.has(first);
  p.has_bias = step.has(first + 1);
  p.has_skip = skips;
  p.has_sum = skips && step.outputs.size() > 1 && step.out(1).given();
  if (step.out(0).dtype != p.type) return unsupported("a normalisation into another type");
  if (!skips && step.outputs.size() > 1)
    for (const TensorArg* y : step.outputs.subspan(1))
      if (y->given()) return unsupported("mean or deviation are wanted");
  if (skips && step.in(1).dims != d) return unsupported("the operands of the sum differ in shape");
  INGOT_RETURN_IF_ERROR(expect_numbers(step, first, p.columns));
  INGOT_RETURN_IF_ERROR(expect_numbers(step, first + 1, p.columns));
  const Pointer none{Pointer::kNone, 0, 0};
  return one(layer_norm_kernel(p),
             {input(0), skips ? input(1) : none, p.has_scale ? input(first) : none,
              p.has_bias ? input(first + 1) : none, output(0), p.has_sum ? output(1) : none});
}

// ChannelLayerNorm: rows of channels, which lie last.
Result<Launches> channel_norm_launches(const StepView& step) {
  const TensorArg& x = step.in(0);
  if (x.layout != Layout::kBlocked) return unsupported("channels that do not lie last");
  const int64_t channels = x.dims[1];
  LayerNormProblem p{};
  p.type = x.dtype;
  p.scale_type = step.has(1) ? step.in(1).dtype : p.type;
  p.rows = num_elements(x.dims) / std::max<int64_t>(channels, 1);
  p.columns = channels;
  p.epsilon = step.args.get_float("epsilon", 1e-5f);
  p.has_scale = step.has(1);
  p.has_bias = step.has(2);
  INGOT_RETURN_IF_ERROR(expect_numbers(step, 1, channels));
  INGOT_RETURN_IF_ERROR(expect_numbers(step, 2, channels));
  const Pointer none{Pointer::kNone, 0, 0};
  return one(layer_norm_kernel(p),
             {input(0), none, p.has_scale ? input(1) : none, p.has_bias ? input(2) : none, output(0), none});
}

Result<Launches> group_norm_launches(const StepView& step) {
  const TensorArg& x = step.in(0);
  if (x.layout != Layout::kBlocked) return unsupported("channels that do not lie last");
  GroupNormProblem p{};
  p.type = x.dtype;
  p.scale_type = step.in(1).dtype;
  p.images = x.dims[0];
  p.channels = x.dims[1];
  p.pixels = product(x.dims, 2, x.dims.size());
  p.groups = step.kernel == "InstanceNormalization" ? p.channels : step.args.get_int("num_groups");
  p.epsilon = step.args.get_float("epsilon", 1e-5f);
  INGOT_RETURN_IF_ERROR(expect_numbers(step, 1, p.channels));
  INGOT_RETURN_IF_ERROR(expect_numbers(step, 2, p.channels));
  return one(group_norm_kernel(p), {input(0), input(1), input(2), output(0)});
}

}  // namespace ingot::cuda
