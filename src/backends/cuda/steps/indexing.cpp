// What reads or writes at indices: GatherElements, GatherND, ScatterElements, ScatterND.
#include <map>

#include "backends/cuda/kernels/copy/copy.h"
#include "backends/cuda/kernels/create/create.h"
#include "backends/cuda/kernels/index/index.h"
#include "backends/cuda/steps/step.h"

namespace ingot::cuda {
namespace {

Result<int> axis_of(const StepView& step, size_t rank) {
  const int64_t given = step.args.get_int("axis");
  const int64_t axis = given < 0 ? given + static_cast<int64_t>(rank) : given;
  if (axis < 0 || axis >= static_cast<int64_t>(rank)) return corrupt("axis ", given, " for ", rank, " dims");
  return static_cast<int>(axis);
}

Result<Launches> launch(Result<KernelSpec> spec, std::vector<Pointer> pointers) {
  if (!spec.ok()) return spec.status();
  Launches out;
  out.push_back({std::move(*spec), std::move(pointers)});
  return out;
}

Dims part(const Dims& dims, size_t begin, size_t end) {
  return {dims.begin() + static_cast<std::ptrdiff_t>(begin), dims.begin() + static_cast<std::ptrdiff_t>(end)};
}

bool is_empty(const TensorArg& a) { return num_elements(a.dims) == 0; }

}  // namespace

// args: axis.
Result<Launches> gather_elements_launches(const StepView& step) {
  const TensorArg &x = step.in(0), &indices = step.in(1);
  if (is_empty(step.out(0))) return Launches{};
  INGOT_ASSIGN_OR_RETURN(const int axis, axis_of(step, x.dims.size()));
  if (is_empty(x) || indices.dims.size() != x.dims.size())
    return invalid_argument("indices of ", dims_to_string(indices.dims), " into ", dims_to_string(x.dims));
  return launch(gather_elements_kernel({x.dtype, indices.dtype, x.dims, indices.dims, axis}),
                {input(0), input(1), output(0)});
}

// args: batch_dims.
Result<Launches> gather_nd_launches(const StepView& step) {
  const Dims &x = step.in(0).dims, &indices = step.in(1).dims;
  if (is_empty(step.out(0))) return Launches{};
  const auto batch = static_cast<size_t>(step.args.get_int("batch_dims"));
  const size_t slice = batch + static_cast<size_t>(indices.empty() ? 0 : indices.back());
  if (indices.empty() || batch >= indices.size() || slice > x.size() || is_empty(step.in(0)))
    return invalid_argument("indices of ", dims_to_string(indices), " into ", dims_to_string(x));
  const GatherNdProblem p{step.in(0).dtype,
                          step.in(1).dtype,
                          num_elements(part(x, 0, batch)),
                          num_elements(part(indices, batch, indices.size() - 1)),
                          num_elements(part(x, slice, x.size())),
                          part(x, batch, slice)};
  return launch(gather_nd_kernel(p), {input(0), input(1), output(0)});
}

// args: reduction; ScatterElements also axis.
Result<Launches> scatter_launches(const StepView& step) {
  static const std::map<std::string, Combine, std::less<>> kWays = {{"none", Combine::kReplace},
                                                                    {"add", Combine::kAdd},
                                                                    {"mul", Combine::kMul},
                                                                    {"min", Combine::kMin},
                                                                    {"max", Combine::kMax}};
  const TensorArg &x = step.in(0), &indices = step.in(1), &updates = step.in(2);
  const auto way = kWays.find(step.args.get_string("reduction", "none"));
  if (way == kWays.end()) return unsupported("a reduction '", step.args.get_string("reduction"), "'");
  if (is_empty(x)) return Launches{};
  ScatterProblem p{x.dtype, indices.dtype, way->second, x.dims};
  if (step.kernel == "ScatterElements") {
    INGOT_ASSIGN_OR_RETURN(p.axis, axis_of(step, x.dims.size()));
    p.updates = updates.dims;
    if (indices.dims != updates.dims || indices.dims.size() != x.dims.size())
      return invalid_argument("indices of ", dims_to_string(indices.dims), " into ", dims_to_string(x.dims));
  } else {
    const size_t depth = static_cast<size_t>(indices.dims.empty() ? 0 : indices.dims.back());
    if (depth < 1 || depth > x.dims.size())
      return invalid_argument("indices of ", dims_to_string(indices.dims), " into ", dims_to_string(x.dims));
    p.dims = part(x.dims, 0, depth);
    p.inner = num_elements(part(x.dims, depth, x.dims.size()));
    p.tuples = num_elements(part(indices.dims, 0, indices.dims.size() - 1));
  }
  const Dims flat = {num_elements(x.dims)};
  INGOT_ASSIGN_OR_RETURN(Launches all,
                         launch(copy_kernel({x.dtype, x.dtype, flat, {1}, {1}}), {input(0), output(0)}));
  if (is_empty(updates)) return all;
  std::vector<Pointer> pointers = {input(1), input(2), output(0), nothing()};
  if (p.combine == Combine::kReplace) {
    pointers.back() = scratch(0, static_cast<size_t>(p.slots()) * 4);
    INGOT_ASSIGN_OR_RETURN(KernelSpec clear, fill_kernel(DataType::kU32, p.slots(), 0));
    INGOT_ASSIGN_OR_RETURN(KernelSpec claim, scatter_kernel(p, true));
    all.push_back({std::move(clear), {pointers.back()}});
    all.push_back({std::move(claim), pointers});
  }
  INGOT_ASSIGN_OR_RETURN(KernelSpec write, scatter_kernel(p, false));
  all.push_back({std::move(write), std::move(pointers)});
  return all;
}

}  // namespace ingot::cuda
