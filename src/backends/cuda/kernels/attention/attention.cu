// Attention: a block has 16 * WARPS queries of one head, 16 for each warp, and goes over the keys in tiles of
// 64 with a running softmax (Milakov and Gimelshein, arXiv:1805.02867; Dao et al., arXiv:2205.14135), so that
// scores never leave registers. The next tile of keys and values comes in while one is worked on.
//
// Options: TYPE (16 bits); DIM, V_DIM of a head; WARPS; VEC: elements copied at once; CAUSAL; MASK: 0 none, 1
// added, 2 bool; MASK_TYPE.
#include "backends/cuda/kernels/attention/attention_params.h"
#include "backends/cuda/kernels/device/async.cuh"
#include "backends/cuda/kernels/device/launch.cuh"
#include "backends/cuda/kernels/device/mma.cuh"

constexpr int kKeys = 64, kQueries = 16 * WARPS, kThreads = 32 * WARPS;
// Rows in shared memory are panels of 64 elements, 128 bytes, whose 16-byte pieces are permuted by the row.
constexpr int kPanels = (DIM + 63) / 64, kVPanels = (V_DIM + 63) / 64;
constexpr int kPanelBytes = kKeys * 128, kStage = (kPanels + kVPanels) * kPanelBytes;
constexpr float kLog2E = 1.4426950408889634f;

__device__ inline unsigned at(unsigned panel, int row, int piece) {
  return panel + row * 128 + ((piece ^ (row & 7)) * 16);
}

// ROWS rows of WIDTH elements from `row` on, zeros beyond `limit` rows and beyond WIDTH.
template <int ROWS, int WIDTH>
__device__ inline void load_rows(unsigned to, const TYPE* from, i64 stride, int row, int limit) {
  constexpr int kPanelCount = (WIDTH + 63) / 64, kAcross = kPanelCount * 64 / VEC;
  for (int e = threadIdx.x; e < ROWS * kAcross; e += kThreads) {
    const int r = e / kAcross, c = e % kAcross * VEC;
    const bool there = row + r < limit && c < WIDTH;
    copy_async<VEC * 2>(at(to + c / 64 * (ROWS * 128), r, c % 64 / 8) + c % 8 * 2,
                        there ? from + (row + r) * stride + c : from, there);
  }
}

__device__ inline unsigned pack(float low, float high) {
  const TYPE l = convert<TYPE>(low), h = convert<TYPE>(high);
  return unsigned(l.bits) | unsigned(h.bits) << 16;
}

extern "C" __global__ void __launch_bounds__(kThreads)
    attention(const TYPE* __restrict__ q, const TYPE* __restrict__ k, const TYPE* __restrict__ v,
              const MASK_TYPE* __restrict__ mask, TYPE* __restrict__ y, const AttentionParams p) {
  wait_for_previous_kernel();
  extern __shared__ __align__(128) u8 memory[];
  const unsigned queries = shared_address(memory), ring = queries + kPanels * kQueries * 128;
  const int head = blockIdx.y, image = blockIdx.z, query0 = blockIdx.x * kQueries;
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32, group = lane / 4, pair = lane % 4 * 2;
  q += image * p.q_batch + p.q_offset + head * DIM;
  k += image * p.k_batch + p.k_offset + head * DIM;
  v += image * p.v_batch + p.v_offset + head * V_DIM;
  if (MASK) mask += image * p.mask_batch + head * p.mask_head;

  const int last_key = CAUSAL ? min(p.keys, query0 + kQueries) : p.keys;
  const int tiles = (last_key + kKeys - 1) / kKeys;
  const auto load_tile = [&](int t) {
    const unsigned to = ring + t % 2 * kStage;
    load_rows<kKeys, DIM>(to, k, p.k_row, t * kKeys, p.keys);
    load_rows<kKeys, V_DIM>(to + kPanels * kPanelBytes, v, p.v_row, t * kKeys, p.keys);
    commit_copies();
  };
  load_rows<kQueries, DIM>(queries, q, p.q_row, query0, p.queries);
  load_tile(0);

  unsigned left[kPanels * 4][4];  // this warp's queries
  float result[kVPanels * 8][4] = {}, largest[2], sum[2] = {0, 0};
  largest[0] = largest[1] = __int_as_float(0xff800000);
  for (int t = 0; t < tiles; ++t) {
    if (t + 1 < tiles)
      load_tile(t + 1);
    else
      commit_copies();
    wait_copies<1>();
    __syncthreads();
    if (t == 0) {
#pragma unroll
      for (int s = 0; s < kPanels * 4; ++s)
        load_matrices(left[s],
                      at(queries + s / 4 * (kQueries * 128), warp * 16 + lane % 16, s % 4 * 2 + lane / 16));
    }
    const unsigned keys = ring + t % 2 * kStage, values = keys + kPanels * kPanelBytes;

    float score[8][4] = {};  // of 8 groups of 8 keys; elements 0, 1 of query `group`, 2, 3 of the one 8 below
#pragma unroll
    for (int s = 0; s < kPanels * 4; ++s)
#pragma unroll
      for (int j = 0; j < 8; j += 2) {
        unsigned right[4];
        load_matrices(right, at(keys + s / 4 * kPanelBytes, j * 8 + lane % 8 + lane / 16 * 8,
                                s % 4 * 2 + lane / 8 % 2));
        Mma<TYPE>::run(score[j], left[s], right[0], right[1]);
        Mma<TYPE>::run(score[j + 1], left[s], right[2], right[3]);
      }

    float now[2] = {largest[0], largest[1]};
#pragma unroll
    for (int j = 0; j < 8; ++j)
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        const int key = t * kKeys + j * 8 + pair + i % 2, query = query0 + warp * 16 + group + i / 2 * 8;
        float s = score[j][i] * p.scale;
        bool seen = key < p.keys && (!CAUSAL || key <= query);
        if (MASK && seen && query < p.queries) {
          const MASK_TYPE m = mask[query * p.mask_query + key * p.mask_key];
          if (MASK == 2)
            seen = to_float(m) != 0;
          else
            s += to_float(m);
        }
        s = seen ? s * kLog2E : __int_as_float(0xff800000);
        score[j][i] = s;
        now[i / 2] = fmaxf(now[i / 2], s);
      }
#pragma unroll
    for (int h = 0; h < 2; ++h) {
      now[h] = fmaxf(now[h], __shfl_xor_sync(0xffffffffu, now[h], 1));
      now[h] = fmaxf(now[h], __shfl_xor_sync(0xffffffffu, now[h], 2));
      const float shrink = now[h] == largest[h] ? 1.f : exp2f(largest[h] - now[h]);
      largest[h] = now[h];
      sum[h] *= shrink;
#pragma unroll
      for (int j = 0; j < kVPanels * 8; ++j) result[j][h * 2] *= shrink, result[j][h * 2 + 1] *= shrink;
    }
    const float base[2] = {largest[0] > __int_as_float(0xff800000) ? largest[0] : 0.f,
                           largest[1] > __int_as_float(0xff800000) ? largest[1] : 0.f};
#pragma unroll
    for (int j = 0; j < 8; ++j)
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        score[j][i] = exp2f(score[j][i] - base[i / 2]);
        sum[i / 2] += score[j][i];
      }
#pragma unroll
    for (int s = 0; s < 4; ++s) {  // 16 keys at a time
      const unsigned weights[4] = {
          pack(score[2 * s][0], score[2 * s][1]), pack(score[2 * s][2], score[2 * s][3]),
          pack(score[2 * s + 1][0], score[2 * s + 1][1]), pack(score[2 * s + 1][2], score[2 * s + 1][3])};
#pragma unroll
      for (int j = 0; j < kVPanels * 8; j += 2) {
        unsigned right[4];
        load_matrices_transposed(right,
                                 at(values + j / 8 * kPanelBytes, s * 16 + lane % 16, j % 8 + lane / 16));
        Mma<TYPE>::run(result[j], weights, right[0], right[1]);
        Mma<TYPE>::run(result[j + 1], weights, right[2], right[3]);
      }
    }
    __syncthreads();
  }

#pragma unroll
  for (int h = 0; h < 2; ++h) {
    sum[h] += __shfl_xor_sync(0xffffffffu, sum[h], 1);
    sum[h] += __shfl_xor_sync(0xffffffffu, sum[h], 2);
    const int query = query0 + warp * 16 + group + h * 8;
    if (query >= p.queries) continue;
    const float inverse = sum[h] == 0 ? 0.f : 1 / sum[h];  // a query that sees nothing
    TYPE* to = y + ((i64(image) * p.queries + query) * p.heads + head) * V_DIM;
#pragma unroll
    for (int j = 0; j < kVPanels * 8; ++j) {
      const int column = j * 8 + pair;
      if (V_DIM % 2 == 0 && column < V_DIM) {
        *reinterpret_cast<unsigned*>(to + column) =
            pack(result[j][h * 2] * inverse, result[j][h * 2 + 1] * inverse);
      } else {
        if (column < V_DIM) to[column] = convert<TYPE>(result[j][h * 2] * inverse);
        if (column + 1 < V_DIM) to[column + 1] = convert<TYPE>(result[j][h * 2 + 1] * inverse);
      }
    }
  }
}
