#include <algorithm>
#include <cmath>

#include "backends/cuda/kernels/attention/attention_params.h"
#include "backends/cuda/kernels/attention/attention_text.h"

namespace ingot::cuda {
namespace {

// By warpgroups of 64 queries: tiles of keys that leave few of the last one's empty.
std::vector<AttentionConfig> warpgroup_configs(const AttentionProblem& p) {
  const auto worked_on = [&](int keys) { return ceil_div(p.keys, keys) * keys; };
  int best = 64;
  for (const int keys : {80, 96, 112, 128})
    if (worked_on(keys) <= worked_on(best)) best = keys;   // fewer rounds, too
  std::vector<AttentionConfig> configs = {{0, 0, 1, 32}};  // most blocks at once
  const int most = static_cast<int>(std::clamp<int64_t>(ceil_div(p.queries, 64), 1, 4));
  for (int warpgroups = 1; warpgroups <= most; ++warpgroups) {
    configs.push_back({0, 0, warpgroups, 64});
    if (best != 64 && warpgroups <= 2) configs.push_back({0, 0, warpgroups, best});
  }
  return configs;
}

}  // namespace

std::vector<AttentionConfig> attention_configs(const AttentionProblem& p, int multiprocessors, bool hopper) {
  const auto blocks = [&](int warps) { return ceil_div(p.queries, 16 * warps) * p.heads * p.batch; };
  // Where there would be few blocks, several warps share the keys of a block's queries.
  if (blocks(4) < multiprocessors) return {{2, 4}, {1, 4}, {2, 2}, {1, 8}, {4, 1}};
  // Else blocks of as many queries as leave few of the last one's empty.
  const auto rows = [&](int warps) { return ceil_div(p.queries, 16 * warps) * warps; };
  int best = 4;
  for (int warps = 5; warps <= 8; ++warps)
    if (rows(warps) < rows(best)) best = warps;
  std::vector<AttentionConfig> configs = {{best, 1}};
  for (const int other : {4, 8})
    if (other != best) configs.push_back({other, 1});
  if (hopper)
    for (const AttentionConfig& c : warpgroup_configs(p)) configs.push_back(c);
  return configs;
}

Status define_attention(KernelSpec& spec, const AttentionProblem& p) {
  if (p.type != DataType::kF16 && p.type != DataType::kBF16)
    return unsupported("attention of type ", data_type_name(p.type));
  if (p.heads > 65535 || p.batch > 65535)
    return unsupported("attention of ", p.heads, " heads, ", p.batch, " images");
  if (p.scale < 0) return unsupported("attention with a negative scale");
  const bool has_mask = p.mask_type != DataType::kInvalid;
  INGOT_ASSIGN_OR_RETURN(const std::string mask, checked_device_type(has_mask ? p.mask_type : p.type));
  spec.define("TYPE", device_type(p.type));
  spec.define("DIM", p.dim);
  spec.define("V_DIM", p.v_dim);
  spec.define("CAUSAL", p.causal);
  spec.define("MASK", !has_mask ? 0 : p.mask_type == DataType::kBool ? 2 : 1);
  spec.define("MASK_TYPE", mask);
  spec.define("MASK_QUERIES", p.mask_query != 0);
  spec.define("MASK_PAIRS", has_mask && p.mask_key == 1 && p.mask_query % 2 == 0 && p.mask_head % 2 == 0 &&
                                p.mask_batch % 2 == 0);
  const float scale = p.scale != 0 ? p.scale : 1 / std::sqrt(static_cast<float>(p.dim));
  spec.set_params(AttentionParams{static_cast<int>(p.queries), static_cast<int>(p.keys),
                                  static_cast<int>(p.heads), p.q_row, p.k_row, p.v_row, p.q_batch, p.k_batch,
                                  p.v_batch, p.q_offset, p.k_offset, p.v_offset, p.mask_batch, p.mask_head,
                                  p.mask_query, p.mask_key, scale});
  return {};
}

Result<KernelSpec> attention_kernel(const AttentionProblem& p, AttentionConfig config) {
  if (config.warpgroups > 0) return attention_by_warpgroups(p, config);
  if (p.dim > 256 || p.v_dim > 256)
    return unsupported("attention of heads of ", p.dim, " and ", p.v_dim, " elements");
  const int vec = vector_width(p.type, {p.dim, p.v_dim, p.q_row, p.k_row, p.v_row, p.q_batch, p.k_batch,
                                        p.v_batch, p.q_offset, p.k_offset, p.v_offset});
  if (vec < 2) return unsupported("attention of heads of odd sizes or strides");
  const int warps = config.query_warps;
  int key_warps = config.key_warps;
  const int64_t panels = ceil_div(p.dim, 64), v_panels = ceil_div(p.v_dim, 64);
  const int keys = panels + v_panels > 2 || key_warps * 64 > p.keys ? 32 : 64;  // what registers hold
  while (key_warps > 1 && (key_warps / 2) * keys >= p.keys) key_warps /= 2;
  const int64_t rounds = ceil_div(std::max<int64_t>(p.keys, 1), key_warps * keys);
  KernelSpec spec{.name = str("attention_", data_type_name(p.type), "_", p.dim, "_", 16 * warps, "x",
                              key_warps, "__sm80"),
                  .source = "attention/attention.cu",
                  .entry = "attention"};
  INGOT_RETURN_IF_ERROR(define_attention(spec, p));
  spec.define("QUERY_WARPS", warps);
  spec.define("KEY_WARPS", key_warps);
  spec.define("KEYS", keys);
  spec.define("VEC", vec);
  spec.block.x = static_cast<unsigned>(32 * warps * key_warps);
  spec.grid = {static_cast<unsigned>(std::max<int64_t>(1, ceil_div(p.queries, 16 * warps))),
               static_cast<unsigned>(p.heads), static_cast<unsigned>(p.batch)};
  const int64_t tiles =
      panels * 16 * warps * 128 + std::min<int64_t>(rounds, 2) * key_warps * (panels + v_panels) * keys * 128;
  const int64_t partials = warps * (key_warps / 2) * 32 * (v_panels * 32 + 4) * 4;
  spec.shared_bytes = static_cast<unsigned>(std::max(tiles, partials));
  return spec;
}

}  // namespace ingot::cuda
