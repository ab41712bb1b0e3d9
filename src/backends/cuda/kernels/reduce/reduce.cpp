#include "backends/cuda/kernels/reduce/reduce.h"

#include <algorithm>

#include "backends/cuda/kernels/reduce/reduce_params.h"

namespace ingot::cuda {
namespace {

constexpr int64_t kMaxCount = int64_t{1} << 31;

std::string_view computing_type(DataType type) {
  return is_integer(type) || type == DataType::kBool ? "i64" : "float";
}

}  // namespace

Result<KernelSpec> reduce_kernel(const ReduceProblem& p) {
  INGOT_ASSIGN_OR_RETURN(const std::string type, checked_device_type(p.type));
  const bool integers = computing_type(p.type) == "i64";
  if (p.type == DataType::kF64 ||
      (integers && (p.reduction == Reduction::kL2 || p.reduction == Reduction::kLogSum ||
                    p.reduction == Reduction::kLogSumExp)))
    return unsupported("this reduction of type ", data_type_name(p.type), " has no CUDA code");
  KernelSpec spec{
      .name = str("reduce_", data_type_name(p.type)), .source = "reduce/reduce.cu", .entry = "reduce"};
  // Neighbouring dims of one kind are one.
  Dims sizes, strides;
  std::vector<bool> reduced;
  const Dims dense = dense_strides(p.dims);
  for (size_t d = 0; d < p.dims.size(); ++d) {
    if (!reduced.empty() && reduced.back() == p.reduced[d]) {
      sizes.back() *= p.dims[d];
      strides.back() = dense[d];
      continue;
    }
    sizes.push_back(p.dims[d]);
    strides.push_back(dense[d]);
    reduced.push_back(p.reduced[d]);
  }
  ReduceParams params{};
  int64_t results = 1, count = 1;
  for (size_t d = sizes.size(); d-- > 0;) {
    int& rank = reduced[d] ? params.reduced : params.kept;
    if (rank == ReduceParams::kMaxRank) return unsupported("the axes of a reduction alternate too often");
    (reduced[d] ? params.reduced_sizes : params.kept_sizes)[rank] =
        make_divisor(std::max<int64_t>(1, sizes[d]));
    (reduced[d] ? params.reduced_strides : params.kept_strides)[rank] = strides[d];
    ++rank;
    (reduced[d] ? count : results) *= sizes[d];
  }
  if (results >= kMaxCount || count >= kMaxCount)
    return unsupported("a reduction of ", results, " times ", count);
  params.results = static_cast<unsigned>(results);
  params.count = static_cast<unsigned>(count);
  const bool inner = !reduced.empty() && reduced.back();
  int64_t threads = inner ? 32 : 1;
  while (threads < (inner ? 256 : 16) && threads * 8 < count) threads *= 2;
  static constexpr const char* kNames[] = {"kSum", "kMean", "kMax",    "kMin",       "kProd",
                                           "kL1",  "kL2",   "kLogSum", "kLogSumExp", "kSumSquare"};
  spec.define("TYPE", type);
  spec.define("COMPUTE", computing_type(p.type));
  spec.define("REDUCTION", kNames[static_cast<int>(p.reduction)]);
  spec.define("THREADS", threads);
  spec.define("INNER", inner);
  spec.block.x = 256;
  spec.grid.x = static_cast<unsigned>(std::max<int64_t>(1, ceil_div(results * threads, 256)));
  spec.set_params(params);
  return spec;
}

Result<KernelSpec> arg_extreme_kernel(const ArgExtremeProblem& p) {
  INGOT_ASSIGN_OR_RETURN(const std::string type, checked_device_type(p.type));
  if (p.type == DataType::kF64) return unsupported("no CUDA code for ArgMax of f64");
  const int64_t results = p.outer * p.inner;
  if (results >= kMaxCount / 32 || p.size >= kMaxCount)
    return unsupported("ArgMax of ", results, " times ", p.size);
  KernelSpec spec{.name = str("arg_extreme_", data_type_name(p.type)),
                  .source = "reduce/arg_extreme.cu",
                  .entry = "arg_extreme"};
  const bool inner = p.inner == 1;
  spec.define("TYPE", type);
  spec.define("COMPUTE", computing_type(p.type));
  spec.define("LARGEST", p.largest);
  spec.define("LAST", p.last);
  spec.define("INNER", inner);
  spec.block.x = 256;
  spec.grid.x = static_cast<unsigned>(std::max<int64_t>(1, ceil_div(results * (inner ? 32 : 1), 256)));
  spec.set_params(ArgExtremeParams{static_cast<unsigned>(results), static_cast<int>(p.size),
                                   make_divisor(std::max<int64_t>(1, p.inner))});
  return spec;
}

}  // namespace ingot::cuda
