#include "backends/cuda/kernels/norm/norm.h"

#include <algorithm>

#include "backends/cuda/kernels/norm/norm_params.h"

namespace ingot::cuda {
namespace {

// Bakes in how rows of up to `columns` elements are held by threads (norm/rows.cuh).
Status set_rows(KernelSpec& spec, DataType type, int64_t rows, int64_t columns, int64_t max_columns) {
  const int vec = vector_width(type, {columns, max_columns});
  const int64_t vectors = ceil_div(max_columns, vec);
  int threads = 1;  // about 4 vectors each; more threads for longer rows, up to a block of 1024
  while (threads < 1024 && threads * 4 < vectors) threads *= 2;
  if (vectors >= 32) threads = std::max(threads, 32);
  int64_t items = 1;
  while (items * threads < vectors) items *= 2;
  if (items * vec > 64)
    return unsupported("rows of ", max_columns, " elements do not fit into the registers of a block");
  const int block = std::max(threads, 128);
  spec.define("THREADS", threads);
  spec.define("ITEMS", items);
  spec.define("VEC", vec);
  spec.block.x = static_cast<unsigned>(block);
  const int64_t blocks = ceil_div(rows, block / threads);
  if (blocks >= int64_t{1} << 31) return unsupported(rows, " rows are too many");
  spec.grid.x = static_cast<unsigned>(std::max<int64_t>(1, blocks));
  return {};
}

}  // namespace

Result<KernelSpec> softmax_kernel(const SoftmaxProblem& p) {
  INGOT_ASSIGN_OR_RETURN(const std::string type, checked_device_type(p.type));
  KernelSpec spec{.name = str("softmax_", data_type_name(p.type))};
  spec.define("TYPE", type);
  spec.define("LOGARITHM", p.logarithm);
  const int64_t max_size = std::max(p.size, p.max_size);
  if (p.inner == 1 && set_rows(spec, p.type, p.outer, p.size, max_size).ok()) {
    spec.source = "norm/softmax_rows.cu";
    spec.entry = "softmax_rows";
    spec.set_params(RowsParams{p.outer, static_cast<int>(p.size), 1, 0});
    return spec;
  }
  spec.source = "norm/softmax_columns.cu";
  spec.entry = "softmax_columns";
  const int vec = vector_width(p.type, {p.inner}, 8);
  const int64_t vectors = p.outer * (p.inner / vec);
  if (vectors >= int64_t{1} << 31) return unsupported("softmax of ", vectors, " columns");
  spec.define("VEC", vec);
  spec.block.x = 128;
  spec.grid.x = static_cast<unsigned>(std::max<int64_t>(1, ceil_div(vectors, 128)));
  spec.set_params(ColumnSoftmaxParams{static_cast<unsigned>(vectors), static_cast<int>(p.size),
                                      make_divisor(std::max<int64_t>(1, p.inner / vec))});
  return spec;
}

Result<KernelSpec> layer_norm_kernel(const LayerNormProblem& p) {
  INGOT_ASSIGN_OR_RETURN(const std::string type, checked_device_type(p.type));
  INGOT_ASSIGN_OR_RETURN(const std::string scale, checked_device_type(p.scale_type));
  KernelSpec spec{
      .name = str(p.has_skip ? "skip_" : "", p.rms ? "rms_norm_" : "layer_norm_", data_type_name(p.type)),
      .source = "norm/layer_norm.cu",
      .entry = "layer_norm"};
  spec.define("TYPE", type);
  spec.define("SCALE", scale);
  spec.define("RMS", p.rms);
  spec.define("HAS_SKIP", p.has_skip);
  spec.define("HAS_SCALE", p.has_scale);
  spec.define("HAS_BIAS", p.has_bias);
  spec.define("HAS_SUM", p.has_sum);
  // Vectors no wider than 16 bytes of the wider type.
  const DataType wider = bit_width(p.scale_type) > bit_width(p.type) ? p.scale_type : p.type;
  INGOT_RETURN_IF_ERROR(set_rows(spec, wider, p.rows, p.columns, p.columns));
  spec.set_params(RowsParams{p.rows, static_cast<int>(p.columns),
                             static_cast<int>(p.skip_rows > 0 ? p.skip_rows : std::max<int64_t>(1, p.rows)),
                             p.epsilon});
  return spec;
}

Result<KernelSpec> group_norm_kernel(const GroupNormProblem& p) {
  INGOT_ASSIGN_OR_RETURN(const std::string type, checked_device_type(p.type));
  INGOT_ASSIGN_OR_RETURN(const std::string scale, checked_device_type(p.scale_type));
  const int64_t group = p.channels / p.groups;
  const int vec = vector_width(p.type, {p.channels});
  // Whole groups and whole vectors; 64 channels or more, so that rows of memory are long.
  int64_t tile = group;
  while (tile < p.channels && (tile < 64 || tile % vec != 0 || p.channels % tile != 0)) tile += group;
  if (tile / vec > 1024 || tile > 4096)
    return unsupported("groups of ", group, " channels are too large for a block");
  KernelSpec spec{.name = str("group_norm_", data_type_name(p.type)),
                  .source = "norm/group_norm.cu",
                  .entry = "group_norm"};
  spec.define("TYPE", type);
  spec.define("SCALE", scale);
  spec.define("TILE", tile);
  spec.define("VEC", vec);
  const int64_t lanes = tile / vec;
  spec.block.x = static_cast<unsigned>(lanes * std::max<int64_t>(1, 512 / lanes));
  spec.grid = {static_cast<unsigned>(p.channels / tile), static_cast<unsigned>(p.images)};
  spec.set_params(GroupNormParams{static_cast<int>(p.pixels), static_cast<int>(p.channels),
                                  static_cast<int>(group), p.epsilon});
  if (p.images > 65535) return unsupported("group normalisation of ", p.images, " images");
  return spec;
}

}  // namespace ingot::cuda
