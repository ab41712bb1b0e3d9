// Attention: O = softmax(scale Q K^T + mask) V for each batch and head, by tiles of query rows, so that the
// scores never leave the cache.
//
// Operands are seen through strides, so Q, K and V may be slices of one merged [B, S, 3 H D] tensor and O [B,
// S, H D]. A row whose scores are all -infinity gives NaN, as the definition does.
#pragma once

#include "backends/cpu/kernels/gemm/tile.h"
#include "base/threads.h"

namespace ingot::cpu {

/// In floats, from one batch, head and row to the next; the elements of a row are neighbours. 0 broadcasts.
struct AttentionStrides {
  int64_t batch = 0, head = 0, row = 0;
};

struct AttentionDesc {
  int64_t batch = 1, heads = 1, kv_heads = 1;  // heads / kv_heads query heads share one key and value head
  int64_t queries = 1, keys = 1;               // at least one key
  int64_t dim = 64, value_dim = 64;
  float scale = 1;
  bool causal = false;  // query i sees keys up to i + keys - queries
  AttentionStrides q, k, v, o;
  AttentionStrides mask;  // rows of `keys` floats, added to the scores; unused without a mask
};

class Attention {
 public:
  void prepare(const AttentionDesc& desc, Isa isa, int threads);
  size_t scratch_bytes() const { return static_cast<size_t>(threads_ * scratch_floats_) * sizeof(float); }
  /// `mask` may be null. scratch is aligned to 64 bytes.
  void run(ThreadPool& pool, const float* q, const float* k, const float* v, const float* mask, float* o,
           void* scratch) const;

 private:
  struct Scratch {
    float *keys, *values, *queries, *scores, *results, *peaks, *sums, *factors;
  };
  int64_t carve(float* from, Scratch& scratch) const;
  void pack_head(const float* k, const float* v, const Scratch& scratch) const;
  void run_tile(int64_t first, int64_t rows, const float* q, const float* mask, float* o,
                const Scratch& scratch) const;
  void exponentials(int64_t first, int64_t rows, Share keys, const float* mask, const Scratch& scratch) const;

  AttentionDesc desc_;
  Isa isa_ = Isa::baseline;
  int threads_ = 1;
  int64_t lanes_ = 8;
  int64_t tiles_ = 1, tile_rows_ = 1;  // of queries, and rows of the largest
  int64_t tile_keys_ = 1, score_row_ = 0, query_row_ = 0, result_row_ = 0;
  int64_t scratch_floats_ = 0;
};

struct AttentionKernels {
  /// dst[row][i] = src[row * stride + i] * scale for i < n, rows `dst_stride` apart, padded with zeros to
  /// dst_stride.
  void (*scale_rows)(const float* src, int64_t stride, int64_t rows, int64_t n, float scale, float* dst,
                     int64_t dst_stride);
  /// dst[vector][row][lane] of rows of n floats; lanes past n are 0.
  void (*pack_rows)(const float* src, int64_t stride, int64_t rows, int64_t n, float* dst);
};
const AttentionKernels& attention_kernels(Isa isa);

}  // namespace ingot::cpu
