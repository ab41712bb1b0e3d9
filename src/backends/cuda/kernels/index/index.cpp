#include "backends/cuda/kernels/index/index.h"

#include <algorithm>

#include "backends/cuda/kernels/index/index_params.h"

namespace ingot::cuda {
namespace {

Status set_indices(KernelSpec& spec, DataType index, const Dims& dims, IndexParams& params) {
  if (index != DataType::kI32 && index != DataType::kI64)
    return unsupported("indices of type ", data_type_name(index));
  if (dims.size() > IndexParams::kMaxRank)
    return unsupported("a kernel takes up to ", int{IndexParams::kMaxRank}, " indexed dims, got ",
                       dims.size());
  spec.define("INDEX", device_type(index));
  spec.define("DEPTH", static_cast<int64_t>(dims.size()));
  params.depth = static_cast<int>(dims.size());
  return {};
}

Status set_threads(KernelSpec& spec, int64_t threads) {
  if (threads >= int64_t{1} << 31) return unsupported("a tensor of ", threads, " elements is too large");
  spec.block.x = 256;
  spec.grid.x = static_cast<unsigned>(std::max<int64_t>(1, ceil_div(threads, 256)));
  return {};
}

// Dims in order, or (elements) the innermost first.
void set_sizes(IndexParams& params, const Dims& dims, int64_t inner, bool innermost_first) {
  const Dims strides = dense_strides(dims);
  for (size_t d = 0; d < dims.size(); ++d) {
    const size_t i = innermost_first ? dims.size() - 1 - d : d;
    params.sizes[i] = dims[d];
    params.strides[i] = strides[d] * inner;
  }
}

}  // namespace

Result<KernelSpec> gather_nd_kernel(const GatherNdProblem& p) {
  KernelSpec spec{.name = str("gather_nd_", data_type_name(p.type)),
                  .source = "index/gather_nd.cu",
                  .entry = "gather_nd"};
  IndexParams params{};
  INGOT_RETURN_IF_ERROR(set_indices(spec, p.index_type, p.dims, params));
  INGOT_ASSIGN_OR_RETURN(const std::string bits, bits_type(p.type));
  const int width = vector_width(p.type, {p.inner});
  const int64_t inner = std::max<int64_t>(1, p.inner / width);
  set_sizes(params, p.dims, p.inner, false);
  params.batch_stride = num_elements(p.dims) * p.inner;
  params.inner = make_divisor(inner);
  params.tuples = make_divisor(std::max<int64_t>(1, p.tuples));
  const int64_t vectors = p.batch * p.tuples * inner;
  params.elements = static_cast<unsigned>(vectors);
  spec.define("TYPE", bits);
  spec.define("VEC", width);
  INGOT_RETURN_IF_ERROR(set_threads(spec, vectors));
  spec.set_params(params);
  return spec;
}

Result<KernelSpec> scatter_kernel(const ScatterProblem& p, bool claim) {
  KernelSpec spec{
      .name = str("scatter_", data_type_name(p.type)), .source = "index/scatter.cu", .entry = "scatter"};
  IndexParams params{};
  INGOT_RETURN_IF_ERROR(set_indices(spec, p.index_type, p.dims, params));
  const bool elements = p.axis >= 0, replaces = p.combine == Combine::kReplace;
  INGOT_ASSIGN_OR_RETURN(const std::string type, replaces ? bits_type(p.type) : checked_device_type(p.type));
  set_sizes(params, p.dims, p.inner, elements);
  const int64_t updates = elements ? num_elements(p.updates) : p.tuples * p.inner;
  params.inner = make_divisor(std::max<int64_t>(1, p.inner));
  if (elements) {
    params.axis = params.depth - 1 - p.axis;
    for (size_t d = 0; d < p.updates.size(); ++d)
      params.coordinates[p.updates.size() - 1 - d] = make_divisor(std::max<int64_t>(1, p.updates[d]));
  }
  params.elements = static_cast<unsigned>(updates);
  static constexpr const char* kOps[] = {"add", "add", "mul", "min", "max"};
  spec.define("TYPE", type);
  spec.define("COMPUTE", is_float(p.type) ? (p.type == DataType::kF64 ? "double" : "float") : "i64");
  spec.define("ELEMENTS", elements);
  spec.define("STAGE", claim ? "kClaim" : replaces ? "kWrite" : "kCombine");
  spec.define("OP", kOps[static_cast<int>(p.combine)]);
  if (p.slots() >= int64_t{1} << 31) return unsupported("a tensor of ", p.slots(), " elements is too large");
  INGOT_RETURN_IF_ERROR(set_threads(spec, replaces ? updates : int64_t{IndexParams::kLanes}));
  spec.set_params(params);
  return spec;
}

}  // namespace ingot::cuda
