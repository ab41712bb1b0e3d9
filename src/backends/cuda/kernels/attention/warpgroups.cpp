#include <algorithm>

#include "backends/cuda/kernels/attention/attention_text.h"
#include "backends/cuda/kernels/wgmma_text.h"

namespace ingot::cuda {
namespace {

constexpr int64_t kPanel = 64, kSharedBytes = 227 << 10;

// Tokens of an image, as boxes of one panel of a head.
TensorMap map_of(const AttentionProblem& p, size_t pointer, int64_t columns, int64_t tokens, int64_t row,
                 int64_t image, int64_t box) {
  return {.pointer = pointer,
          .type = p.type,
          .dims = {columns, tokens, p.batch},
          .strides = {row, image},
          .box = {kPanel, box, 1}};
}

}  // namespace

Result<KernelSpec> attention_by_warpgroups(const AttentionProblem& p, AttentionConfig c) {
  if (p.dim % kPanel != 0 || p.v_dim % kPanel != 0 || std::max(p.dim, p.v_dim) > 2 * kPanel)
    return unsupported("heads of ", p.dim, " and ", p.v_dim, " elements by warpgroups");
  if (vector_width(p.type, {p.q_row, p.k_row, p.v_row, p.q_batch, p.k_batch, p.v_batch}) != 8)
    return unsupported("rows that do not begin at multiples of 16 bytes");
  constexpr int kStages = 4;
  KernelSpec spec{.name = str("attention_", data_type_name(p.type), "_", p.dim, "_", 64 * c.warpgroups, "x",
                              c.keys, "__sm90"),
                  .source = "attention/warpgroups.cu",
                  .entry = "attention_warpgroups"};
  INGOT_RETURN_IF_ERROR(define_attention(spec, p));
  spec.prelude = wgmma_text({p.type, p.type, c.keys}) + wgmma_text({p.type, p.type, kPanel, true, true});
  const int64_t queries = 64 * c.warpgroups, block = 128 * c.warpgroups;
  const int64_t stage = std::max(p.dim, p.v_dim) / kPanel * c.keys * 128;
  const int64_t shared = 1024 + p.dim / kPanel * queries * 128 + kStages * stage + (2 * kStages + 1) * 8;
  if (shared > kSharedBytes) return unsupported("attention in tiles of ", c.keys, " keys");
  const int64_t registers = c.keys / 2 + p.v_dim / 2 + 32;  // scores and results are most of them
  spec.define("WARPGROUPS", c.warpgroups);
  spec.define("KEYS", c.keys);
  spec.define("STAGES", kStages);
  spec.define("BLOCK", block);
  spec.define("RESIDENT", std::clamp<int64_t>(
                              std::min(65536 / (block * registers), kSharedBytes / (shared + 1024)), 1, 6));
  spec.block.x = static_cast<unsigned>(block);
  spec.grid = {static_cast<unsigned>(std::max<int64_t>(1, ceil_div(p.queries, queries))),
               static_cast<unsigned>(p.heads), static_cast<unsigned>(p.batch)};
  spec.shared_bytes = static_cast<unsigned>(shared);
  spec.maps = {map_of(p, 0, p.q_offset + p.heads * p.dim, p.queries, p.q_row, p.q_batch, queries),
               map_of(p, 1, p.k_offset + p.heads * p.dim, p.keys, p.k_row, p.k_batch, c.keys),
               map_of(p, 2, p.v_offset + p.heads * p.v_dim, p.keys, p.v_row, p.v_batch, c.keys)};
  return spec;
}

}  // namespace ingot::cuda
