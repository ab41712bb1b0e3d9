#include "backends/cuda/kernels/select/select.h"

#include <algorithm>
#include <bit>

#include "backends/cuda/kernels/select/select_params.h"

namespace ingot::cuda {
namespace {

constexpr int64_t kLargest = int64_t{1} << 31;

Result<NonZeroParams> nonzero_params(const NonZeroProblem& p) {
  const int64_t elements = num_elements(p.dims);
  if (elements >= kLargest || p.dims.size() > NonZeroParams::kMaxRank)
    return unsupported("a tensor of ", elements, " elements and ", p.dims.size(), " dims");
  NonZeroParams params{};
  params.elements = static_cast<unsigned>(elements);
  params.blocks = static_cast<unsigned>(ceil_div(elements, NonZeroParams::kChunk));
  params.rank = static_cast<int>(p.dims.size());
  for (size_t d = 0; d < p.dims.size(); ++d)
    params.sizes[p.dims.size() - 1 - d] = make_divisor(std::max<int64_t>(1, p.dims[d]));
  params.found = p.found;
  return params;
}

Result<KernelSpec> nonzero_spec(const NonZeroProblem& p, const char* entry) {
  INGOT_ASSIGN_OR_RETURN(const NonZeroParams params, nonzero_params(p));
  INGOT_ASSIGN_OR_RETURN(const std::string type, checked_device_type(p.type));
  KernelSpec spec{.name = str(entry, '_', data_type_name(p.type)),
                  .source = str("select/", entry, ".cu"),
                  .entry = entry};
  spec.define("TYPE", type);
  spec.block.x = 256;
  spec.grid.x = std::max(1u, params.blocks);
  spec.set_params(params);
  return spec;
}

Result<SuppressParams> suppress_params(const SuppressProblem& p) {
  if (p.boxes >= kLargest || p.images * p.classes >= kLargest || p.limit < 0)
    return unsupported("a suppression of ", p.boxes, " boxes in ", p.images * p.classes, " classes");
  return SuppressParams{static_cast<int>(p.boxes), static_cast<int>(p.classes),
                        static_cast<int>(std::min(p.limit, p.boxes)), p.iou, p.lowest};
}

}  // namespace

Result<KernelSpec> top_k_kernel(const TopKProblem& p) {
  constexpr int64_t kMost = 2048;
  if (bit_width(p.type) > 32 || p.type == DataType::kBool || bit_width(p.type) < 8 ||
      (is_float(p.type) && bit_width(p.type) < 16))
    return unsupported("the largest of elements of type ", data_type_name(p.type));
  if (p.k < 1 || p.k > kMost || p.k > p.size || p.size >= kLargest || p.outer * p.inner >= kLargest)
    return unsupported("the ", p.k, " largest of ", p.size, " elements: the kernel gives 1 to ", kMost);
  INGOT_ASSIGN_OR_RETURN(const std::string type, checked_device_type(p.type));
  KernelSpec spec{
      .name = str("top_k_", data_type_name(p.type)), .source = "select/top_k.cu", .entry = "top_k"};
  spec.define("TYPE", type);
  spec.define("LARGEST", p.largest);
  spec.define("SLOTS",
              static_cast<int64_t>(std::bit_ceil(std::max<uint64_t>(static_cast<uint64_t>(p.k), 2))));
  spec.block.x = p.size > 512 ? 512 : 256;
  spec.grid.x = static_cast<unsigned>(std::max<int64_t>(1, p.outer * p.inner));
  spec.set_params(TopKParams{static_cast<unsigned>(p.size), static_cast<unsigned>(p.k),
                             make_divisor(std::max<int64_t>(1, p.inner))});
  return spec;
}

int64_t nonzero_counts(const NonZeroProblem& p) {
  return ceil_div(num_elements(p.dims), NonZeroParams::kChunk) + 1;
}

Result<KernelSpec> count_nonzero_kernel(const NonZeroProblem& p) {
  INGOT_ASSIGN_OR_RETURN(KernelSpec spec, nonzero_spec(p, "count_nonzero"));
  spec.workspace_bytes = sizeof(unsigned);
  spec.zeroed_workspace = true;
  return spec;
}

Result<KernelSpec> list_nonzero_kernel(const NonZeroProblem& p) { return nonzero_spec(p, "list_nonzero"); }

Result<KernelSpec> suppress_kernel(const SuppressProblem& p) {
  INGOT_ASSIGN_OR_RETURN(const SuppressParams params, suppress_params(p));
  KernelSpec spec{.name = "suppress_f32", .source = "select/suppress.cu", .entry = "suppress"};
  spec.define("CENTERS", p.centers);
  spec.define("HAS_LOWEST", p.has_lowest);
  spec.block.x = 512;
  spec.grid.x = static_cast<unsigned>(std::max<int64_t>(1, p.images * p.classes));
  spec.workspace_bytes = static_cast<size_t>(std::max<int64_t>(1, p.images * p.classes * p.boxes)) * 4;
  spec.set_params(params);
  return spec;
}

Result<KernelSpec> list_boxes_kernel(const SuppressProblem& p) {
  INGOT_ASSIGN_OR_RETURN(const SuppressParams params, suppress_params(p));
  KernelSpec spec{.name = "list_boxes", .source = "select/list_boxes.cu", .entry = "list_boxes"};
  spec.block.x = 128;
  spec.grid.x = static_cast<unsigned>(std::max<int64_t>(1, p.images * p.classes));
  spec.set_params(params);
  return spec;
}

}  // namespace ingot::cuda
