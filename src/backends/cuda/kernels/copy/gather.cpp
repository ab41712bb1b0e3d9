// Pads and gathers: copies whose elements are looked up one by one.
#include <algorithm>

#include "backends/cuda/kernels/copy/copy.h"
#include "backends/cuda/kernels/copy/copy_params.h"

namespace ingot::cuda {
namespace {

uint64_t bits_of(DataType type, double value) {
  uint64_t bits = 0;
  dispatch_type(type, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T v = static_cast<T>(value);
    std::memcpy(&bits, &v, sizeof v);
  });
  return bits;
}

Status set_grid(KernelSpec& spec, int64_t threads) {
  if (threads >= int64_t{1} << 31) return unsupported("a tensor of ", threads, " elements is too large");
  spec.block.x = 256;
  spec.grid.x = static_cast<unsigned>(std::max<int64_t>(1, ceil_div(threads, 256)));
  return {};
}

Status define_types(KernelSpec& spec, DataType type, DataType index) {
  INGOT_ASSIGN_OR_RETURN(const std::string bits, bits_type(type));
  if (index != DataType::kI32 && index != DataType::kI64)
    return unsupported("indices of type ", data_type_name(index));
  spec.define("TYPE", bits);
  spec.define("INDEX", device_type(index));
  return {};
}

Status check_rank(size_t rank, int limit) {
  if (rank <= static_cast<size_t>(limit)) return {};
  return unsupported("a kernel takes up to ", limit, " dims, got ", rank);
}

}  // namespace

Result<KernelSpec> pad_kernel(const PadProblem& p) {
  const size_t rank = p.dims.size();
  INGOT_RETURN_IF_ERROR(check_rank(rank, PadParams::kMaxRank));
  KernelSpec spec{.name = str("pad_", data_type_name(p.type)), .source = "copy/pad.cu", .entry = "pad"};
  INGOT_ASSIGN_OR_RETURN(const std::string bits, bits_type(p.type));
  static constexpr const char* kModes[] = {"kConstant", "kEdge", "kReflect", "kWrap"};
  spec.define("TYPE", bits);
  spec.define("RANK", static_cast<int64_t>(rank));
  spec.define("MODE", kModes[static_cast<int>(p.mode)]);
  PadParams params{};
  const Dims strides = dense_strides(p.dims);
  int64_t elements = 1;
  for (size_t d = 0; d < rank; ++d) {
    const size_t i = rank - 1 - d;
    const int64_t size = p.before[d] + p.dims[d] + p.after[d];
    params.sizes[i] = make_divisor(std::max<int64_t>(1, size));
    params.before[i] = static_cast<int>(p.before[d]);
    params.from_sizes[i] = static_cast<int>(p.dims[d]);
    params.from_strides[i] = strides[d];
    elements *= size;
  }
  params.elements = static_cast<unsigned>(elements);
  params.value = bits_of(p.type, p.value);
  INGOT_RETURN_IF_ERROR(set_grid(spec, elements));
  spec.set_params(params);
  return spec;
}

Result<KernelSpec> gather_kernel(const GatherProblem& p) {
  KernelSpec spec{
      .name = str("gather_", data_type_name(p.type)), .source = "copy/gather.cu", .entry = "gather"};
  INGOT_RETURN_IF_ERROR(define_types(spec, p.type, p.index_type));
  const int width = vector_width(p.type, {p.inner});
  const int64_t inner = std::max<int64_t>(1, p.inner / width), vectors = p.outer * p.indices * inner;
  spec.define("VEC", width);
  INGOT_RETURN_IF_ERROR(set_grid(spec, vectors));
  spec.set_params(GatherParams{static_cast<unsigned>(vectors), static_cast<int>(p.axis), make_divisor(inner),
                               make_divisor(std::max<int64_t>(1, p.indices))});
  return spec;
}

Result<KernelSpec> gather_elements_kernel(const GatherElementsProblem& p) {
  const size_t rank = p.x.size();
  INGOT_RETURN_IF_ERROR(check_rank(rank, GatherElementsParams::kMaxRank));
  KernelSpec spec{.name = str("gather_elements_", data_type_name(p.type)),
                  .source = "copy/gather_elements.cu",
                  .entry = "gather_elements"};
  INGOT_RETURN_IF_ERROR(define_types(spec, p.type, p.index_type));
  GatherElementsParams params{};
  const Dims strides = dense_strides(p.x);
  const int64_t elements = num_elements(p.y);
  params.elements = static_cast<unsigned>(elements);
  params.rank = static_cast<int>(rank);
  params.axis = params.rank - 1 - p.axis;
  params.axis_size = static_cast<int>(p.x[static_cast<size_t>(p.axis)]);
  for (size_t d = 0; d < rank; ++d) {
    params.sizes[rank - 1 - d] = make_divisor(std::max<int64_t>(1, p.y[d]));
    params.strides[rank - 1 - d] = strides[d];
  }
  INGOT_RETURN_IF_ERROR(set_grid(spec, elements));
  spec.set_params(params);
  return spec;
}

}  // namespace ingot::cuda
