// Attention of several heads on matrices whose columns hold the heads side by side.
#pragma once

#include "backends/cuda/kernels/kernel_spec.h"

namespace ingot::cuda {

/// Per image and head softmax(scale * Q K^T + mask) V; y [batch, queries, heads * v_dim] dense. Operands have
/// rows of any stride and begin at a column offset, so that one merged matrix can be all three.
///
/// Baked in: types, head sizes, whether there is a mask and of what type, `causal`, the rows of a block.
struct AttentionProblem {
  DataType type;  // f16 or bf16
  int64_t batch, heads, queries, keys, dim, v_dim;
  int64_t q_row, k_row, v_row;                       // elements between tokens
  int64_t q_batch, k_batch, v_batch;                 // and between images
  int64_t q_offset = 0, k_offset = 0, v_offset = 0;  // of the first head's first element
  bool causal = false;                               // query i sees keys 0 to i
  float scale = 0;                                   // 0: 1 / sqrt(dim)
  DataType mask_type = DataType::kInvalid;           // floats to add, or bool: true is seen
  int64_t mask_batch = 0, mask_head = 0, mask_query = 0, mask_key = 0;
};
/// Warps of a block: those with queries of their own, and those that share the keys of each of them.
struct AttentionConfig {
  int query_warps = 4, key_warps = 1;
  /// sm_90a: above 0, so many warpgroups in place of these, which take tiles of `keys`.
  int warpgroups = 0, keys = 64;
};
/// Configurations that may be best on a GPU of `multiprocessors`, the most promising first.
std::vector<AttentionConfig> attention_configs(const AttentionProblem& problem, int multiprocessors = 132,
                                               bool hopper = false);

/// Arguments: q, k, v, mask (null where there is none), y.
Result<KernelSpec> attention_kernel(const AttentionProblem& problem, AttentionConfig config);
inline Result<KernelSpec> attention_kernel(const AttentionProblem& problem) {
  return attention_kernel(problem, attention_configs(problem).front());
}

}  // namespace ingot::cuda
