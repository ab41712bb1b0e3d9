#include "backends/cuda/kernels/attention/attention.h"

#include <algorithm>
#include <cmath>

#include "backends/cuda/kernels/attention/attention_params.h"

namespace ingot::cuda {

Result<KernelSpec> attention_kernel(const AttentionProblem& p, int multiprocessors) {
  if (p.type != DataType::kF16 && p.type != DataType::kBF16)
    return unsupported("attention of type ", data_type_name(p.type));
  if (p.dim > 256 || p.v_dim > 256)
    return unsupported("attention of heads of ", p.dim, " and ", p.v_dim, " elements");
  if (p.heads > 65535 || p.batch > 65535)
    return unsupported("attention of ", p.heads, " heads, ", p.batch, " images");
  const int vec = vector_width(p.type, {p.dim, p.v_dim, p.q_row, p.k_row, p.v_row, p.q_batch, p.k_batch,
                                        p.v_batch, p.q_offset, p.k_offset, p.v_offset});
  if (vec < 2) return unsupported("attention of heads of odd sizes or strides");
  // Fewer queries a block where there would be too few blocks.
  int warps = 4;
  while (warps > 1 && ceil_div(p.queries, 16 * warps) * p.heads * p.batch < multiprocessors) warps /= 2;
  KernelSpec spec{.name = str("attention_", data_type_name(p.type), "_", p.dim, "_", 16 * warps, "__sm80"),
                  .source = "attention/attention.cu",
                  .entry = "attention"};
  const bool has_mask = p.mask_type != DataType::kInvalid;
  INGOT_ASSIGN_OR_RETURN(const std::string mask, checked_device_type(has_mask ? p.mask_type : p.type));
  spec.define("TYPE", device_type(p.type));
  spec.define("DIM", p.dim);
  spec.define("V_DIM", p.v_dim);
  spec.define("WARPS", warps);
  spec.define("VEC", vec);
  spec.define("CAUSAL", p.causal);
  spec.define("MASK", !has_mask ? 0 : p.mask_type == DataType::kBool ? 2 : 1);
  spec.define("MASK_TYPE", mask);
  spec.block.x = static_cast<unsigned>(32 * warps);
  spec.grid = {static_cast<unsigned>(std::max<int64_t>(1, ceil_div(p.queries, 16 * warps))),
               static_cast<unsigned>(p.heads), static_cast<unsigned>(p.batch)};
  const int64_t panels = ceil_div(p.dim, 64), v_panels = ceil_div(p.v_dim, 64);
  spec.shared_bytes = static_cast<unsigned>(panels * 16 * warps * 128 + 2 * (panels + v_panels) * 64 * 128);
  const float scale = p.scale != 0 ? p.scale : 1 / std::sqrt(static_cast<float>(p.dim));
  spec.set_params(AttentionParams{static_cast<int>(p.queries), static_cast<int>(p.keys),
                                  static_cast<int>(p.heads), p.q_row, p.k_row, p.v_row, p.q_batch, p.k_batch,
                                  p.v_batch, p.q_offset, p.k_offset, p.v_offset, p.mask_batch, p.mask_head,
                                  p.mask_query, p.mask_key, scale});
  return spec;
}

}  // namespace ingot::cuda
