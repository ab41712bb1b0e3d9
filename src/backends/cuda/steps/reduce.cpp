// Reductions, ArgMax and ArgMin, and global average pooling, which is one.
#include "backends/cuda/kernels/reduce/reduce.h"

#include <algorithm>
#include <map>

#include "backends/cuda/steps/step.h"

namespace ingot::cuda {
namespace {

const std::map<std::string_view, Reduction> kReductions = {{"GlobalAveragePool", Reduction::kMean},
                                                           {"GlobalMaxPool", Reduction::kMax},
                                                           {"ReduceL1", Reduction::kL1},
                                                           {"ReduceL2", Reduction::kL2},
                                                           {"ReduceLogSum", Reduction::kLogSum},
                                                           {"ReduceLogSumExp", Reduction::kLogSumExp},
                                                           {"ReduceMax", Reduction::kMax},
                                                           {"ReduceMean", Reduction::kMean},
                                                           {"ReduceMin", Reduction::kMin},
                                                           {"ReduceProd", Reduction::kProd},
                                                           {"ReduceSum", Reduction::kSum},
                                                           {"ReduceSumSquare", Reduction::kSumSquare}};

// Dims in the order in which they lie in memory.
template <class T>
std::vector<T> in_memory(const std::vector<T>& of_dims, Layout layout) {
  std::vector<T> out = of_dims;
  if (layout == Layout::kBlocked && out.size() > 2) std::rotate(out.begin() + 1, out.begin() + 2, out.end());
  return out;
}

}  // namespace

// args: axes, normalised; none for global pools.
Result<Launches> reduce_launches(const StepView& step) {
  const auto found = kReductions.find(step.kernel);
  if (found == kReductions.end()) return unsupported("no reduction '", step.kernel, "'");
  const TensorArg& x = step.in(0);
  const size_t rank = x.dims.size();
  std::vector<bool> reduced(rank, false);
  if (step.kernel.starts_with("Global")) std::fill(reduced.begin() + 2, reduced.end(), true);
  for (int64_t axis : step.args.get_ints("axes")) {
    if (axis < 0 || axis >= static_cast<int64_t>(rank)) return corrupt("axis ", axis, " for ", rank, " dims");
    reduced[static_cast<size_t>(axis)] = true;
  }
  // What is left has to lie as the result does: channels last only where the spatial dims are gone or kept.
  if (x.layout == Layout::kBlocked &&
      !std::all_of(reduced.begin() + 2, reduced.end(), [](bool r) { return r; }))
    return unsupported("a reduction of some dims of a channels-last tensor");
  const ReduceProblem p{found->second, x.dtype, in_memory(x.dims, x.layout), in_memory(reduced, x.layout)};
  INGOT_ASSIGN_OR_RETURN(KernelSpec spec, reduce_kernel(p));
  Launches out;
  out.push_back({std::move(spec), {input(0), output(0)}});
  return out;
}

Result<Launches> arg_extreme_launches(const StepView& step) {
  const Dims& d = step.in(0).dims;
  int64_t axis = step.args.get_int("axis");
  if (axis < 0) axis += static_cast<int64_t>(d.size());
  if (axis < 0 || axis >= static_cast<int64_t>(d.size()))
    return corrupt("axis ", axis, " for ", d.size(), " dims");
  ArgExtremeProblem p{step.in(0).dtype, 1, d[static_cast<size_t>(axis)]};
  for (size_t i = 0; i < d.size(); ++i)
    if (i != static_cast<size_t>(axis)) (i < static_cast<size_t>(axis) ? p.outer : p.inner) *= d[i];
  p.largest = step.kernel == "ArgMax";
  p.last = step.args.get_int("select_last_index") != 0;
  INGOT_ASSIGN_OR_RETURN(KernelSpec spec, arg_extreme_kernel(p));
  Launches out;
  out.push_back({std::move(spec), {input(0), output(0)}});
  return out;
}

}  // namespace ingot::cuda
