// The running softmax of attention (Milakov and Gimelshein, arXiv:1805.02867; Dao et al., arXiv:2205.14135):
// a warp has 16 queries, and takes scores of KEYS keys at a time. Registers are those of matrix instructions:
// of each group of four, elements 0 and 1 are of query lane / 4, 2 and 3 of the one 8 below.
//
// Options: TYPE, V_DIM, KEYS; CAUSAL; MASK: 0 none, 1 added, 2 bool; MASK_TYPE; MASK_QUERIES: it differs
// between queries; MASK_PAIRS: of neighbouring keys lie together.
#pragma once

#include "backends/cuda/kernels/attention/attention_params.h"
#include "backends/cuda/kernels/device/math.cuh"
#include "backends/cuda/kernels/device/vector.cuh"

constexpr int kVPanels = (V_DIM + 63) / 64;
constexpr float kLog2E = 1.4426950408889634f;
__device__ inline float infinity() { return __int_as_float(0x7f800000); }
// Scores are kept as the products gave them, unless a mask is added to them.
__device__ inline float factor_of(const AttentionParams& p) { return MASK == 1 ? 1.f : p.scale * kLog2E; }

// Adds the mask, and takes out what may not be seen. WHOLE: all keys exist.
template <bool WHOLE>
__device__ inline void mask_scores(float (&score)[KEYS / 8][4], int key0, int first_query,
                                   const MASK_TYPE* __restrict__ mask, const AttentionParams& p) {
  if (MASK == 0 && !CAUSAL && WHOLE) return;
  const int lane = threadIdx.x % 32, group = lane / 4, pair = lane % 4 * 2;
#pragma unroll
  for (int j = 0; j < KEYS / 8; ++j)
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const int key = key0 + j * 8 + pair + i % 2, query = first_query + group + i / 2 * 8;
      bool seen = (WHOLE || key < p.keys) && (!CAUSAL || key <= query);
      if (MASK == 1) score[j][i] *= p.scale * kLog2E;
      if (MASK && seen && (!MASK_QUERIES || query < p.queries)) {
        const MASK_TYPE* const from = mask + (MASK_QUERIES ? query * p.mask_query : 0) + key * p.mask_key;
        const MASK_TYPE m = MASK_PAIRS && WHOLE ? load<2>(from - i % 2)[i % 2] : *from;
        if (MASK == 2)
          seen = to_float(m) != 0;
        else
          score[j][i] += to_float(m) * kLog2E;
      }
      if (!seen) score[j][i] = -infinity();
    }
}

// What a warp has of its queries.
struct Partial {
  float result[kVPanels * 8][4], largest[2], sum[2];

  __device__ Partial() {
#pragma unroll
    for (int j = 0; j < kVPanels * 8; ++j)
#pragma unroll
      for (int i = 0; i < 4; ++i) result[j][i] = 0;
    largest[0] = largest[1] = -infinity();
    sum[0] = sum[1] = 0;
  }

  // The weights of further keys, in place of their scores.
  __device__ void take(float (&score)[KEYS / 8][4], float factor) {
    float base[2];
#pragma unroll
    for (int h = 0; h < 2; ++h) {
      float most = largest[h];
#pragma unroll
      for (int j = 0; j < KEYS / 8; ++j) most = fmaxf(most, fmaxf(score[j][h * 2], score[j][h * 2 + 1]));
      most = fmaxf(most, __shfl_xor_sync(0xffffffffu, most, 1));
      most = fmaxf(most, __shfl_xor_sync(0xffffffffu, most, 2));
      base[h] = most > -infinity() ? most : 0.f;
      const float shrink = power_of_2((largest[h] - base[h]) * factor);
      largest[h] = most;
      sum[h] *= shrink;
      base[h] *= factor;
#pragma unroll
      for (int j = 0; j < kVPanels * 8; ++j) result[j][h * 2] *= shrink, result[j][h * 2 + 1] *= shrink;
    }
#pragma unroll
    for (int j = 0; j < KEYS / 8; ++j)
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        score[j][i] = power_of_2(score[j][i] * factor - base[i / 2]);
        sum[i / 2] += score[j][i];
      }
  }

  // Another's, of the same lane and queries.
  __device__ void add(const Partial& other, float factor) {
#pragma unroll
    for (int h = 0; h < 2; ++h) {
      const float most = fmaxf(largest[h], other.largest[h]), base = most > -infinity() ? most : 0.f;
      const float mine = power_of_2((largest[h] - base) * factor);
      const float theirs = power_of_2((other.largest[h] - base) * factor);
      largest[h] = most;
      sum[h] = sum[h] * mine + other.sum[h] * theirs;
#pragma unroll
      for (int j = 0; j < kVPanels * 8; ++j)
#pragma unroll
        for (int i = h * 2; i < h * 2 + 2; ++i)
          result[j][i] = result[j][i] * mine + other.result[j][i] * theirs;
    }
  }

  // To y [image, query, head, V_DIM].
  __device__ void store(TYPE* __restrict__ y, int image, int first_query, int head,
                        const AttentionParams& p) const {
    const int lane = threadIdx.x % 32, group = lane / 4, pair = lane % 4 * 2;
#pragma unroll
    for (int h = 0; h < 2; ++h) {
      float total = sum[h];
      total += __shfl_xor_sync(0xffffffffu, total, 1);
      total += __shfl_xor_sync(0xffffffffu, total, 2);
      const int query = first_query + group + h * 8;
      if (query >= p.queries) continue;
      const float inverse = total == 0 ? 0.f : 1 / total;  // a query that sees nothing
      TYPE* to = y + ((i64(image) * p.queries + query) * p.heads + head) * V_DIM;
#pragma unroll
      for (int j = 0; j < kVPanels * 8; ++j) {
        const int column = j * 8 + pair;
        const float a = result[j][h * 2] * inverse, b = result[j][h * 2 + 1] * inverse;
        if (V_DIM % 2 == 0 && column < V_DIM) {
          *reinterpret_cast<unsigned*>(to + column) = pack<TYPE>(a, b);
        } else {
          if (column < V_DIM) to[column] = convert<TYPE>(a);
          if (column + 1 < V_DIM) to[column + 1] = convert<TYPE>(b);
        }
      }
    }
  }
};

// Weights of 16 keys as the rows of a matrix instruction's factor A.
__device__ inline void pack_weights(const float (&score)[KEYS / 8][4], int step, unsigned (&rows)[4]) {
#pragma unroll
  for (int i = 0; i < 4; ++i)
    rows[i] = pack<TYPE>(score[2 * step + i / 2][i % 2 * 2], score[2 * step + i / 2][i % 2 * 2 + 1]);
}
