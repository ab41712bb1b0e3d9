// Attention: a block has 16 * QUERY_WARPS queries of one head, 16 for each warp, and goes over the keys in
// tiles with a running softmax (Milakov and Gimelshein, arXiv:1805.02867; Dao et al., arXiv:2205.14135), so
// that scores never leave registers. KEY_WARPS warps have the same queries, each every KEY_WARPS-th tile; at
// the end they put together what they have. The next tiles of keys and values come in while others are worked
// on.
//
// Options: TYPE (16 bits); DIM, V_DIM of a head; QUERY_WARPS, KEY_WARPS; KEYS of a tile; VEC: elements copied
// at once; CAUSAL; MASK: 0 none, 1 added, 2 bool; MASK_TYPE; MASK_QUERIES: it differs between queries;
// MASK_PAIRS: of neighbouring keys lie together.
#include "backends/cuda/kernels/attention/softmax.cuh"
#include "backends/cuda/kernels/device/async.cuh"
#include "backends/cuda/kernels/device/launch.cuh"
#include "backends/cuda/kernels/device/math.cuh"
#include "backends/cuda/kernels/device/mma.cuh"
#include "backends/cuda/kernels/device/vector.cuh"

constexpr int kQueries = 16 * QUERY_WARPS, kThreads = 32 * QUERY_WARPS * KEY_WARPS;
// Rows in shared memory are panels of 64 elements, 128 bytes, whose 16-byte pieces are permuted by the row.
constexpr int kPanels = (DIM + 63) / 64;
constexpr int kPanelBytes = KEYS * 128, kTile = (kPanels + kVPanels) * kPanelBytes,
              kRound = KEY_WARPS * kTile;

__device__ inline unsigned at(unsigned panel, int row, int piece) {
  return panel + row * 128 + ((piece ^ (row & 7)) * 16);
}

// ROWS rows of WIDTH elements from `row` on, zeros beyond `limit` rows and beyond WIDTH.
template <int ROWS, int WIDTH>
__device__ inline void load_rows(unsigned to, const TYPE* from, i64 stride, int row, int limit) {
  constexpr int kPanelCount = (WIDTH + 63) / 64, kAcross = kPanelCount * 64 / VEC;
#pragma unroll 4
  for (int e = threadIdx.x; e < ROWS * kAcross; e += kThreads) {
    const int r = e / kAcross, c = e % kAcross * VEC;
    const bool there = row + r < limit && c < WIDTH;
    copy_async<VEC * 2>(at(to + c / 64 * (ROWS * 128), r, c % 64 / 8) + c % 8 * 2,
                        there ? from + (row + r) * stride + c : from, there);
  }
}

// One tile of keys and values for a warp's queries. WHOLE: all of its keys exist.
template <bool WHOLE>
__device__ inline void take_keys(Partial& own, const unsigned (&left)[kPanels * 4][4], unsigned keys,
                                 unsigned values, int key0, int first_query,
                                 const MASK_TYPE* __restrict__ mask, float factor, const AttentionParams& p) {
  const int lane = threadIdx.x % 32;
  float score[KEYS / 8][4] = {};
#pragma unroll
  for (int s = 0; s < kPanels * 4; ++s)
#pragma unroll
    for (int j = 0; j < KEYS / 8; j += 2) {
      if (!WHOLE && key0 + j * 8 >= p.keys) continue;
      unsigned right[4];
      load_matrices(
          right, at(keys + s / 4 * kPanelBytes, j * 8 + lane % 8 + lane / 16 * 8, s % 4 * 2 + lane / 8 % 2));
      Mma<TYPE>::run(score[j], left[s], right[0], right[1]);
      Mma<TYPE>::run(score[j + 1], left[s], right[2], right[3]);
    }

  mask_scores<WHOLE>(score, key0, first_query, mask, p);
  own.take(score, factor);
#pragma unroll
  for (int s = 0; s < KEYS / 16; ++s) {  // 16 keys at a time
    if (!WHOLE && key0 + s * 16 >= p.keys) continue;
    unsigned weights[4];
    pack_weights(score, s, weights);
#pragma unroll
    for (int j = 0; j < kVPanels * 8; j += 2) {
      unsigned right[4];
      load_matrices_transposed(right,
                               at(values + j / 8 * kPanelBytes, s * 16 + lane % 16, j % 8 + lane / 16));
      Mma<TYPE>::run(own.result[j], weights, right[0], right[1]);
      Mma<TYPE>::run(own.result[j + 1], weights, right[2], right[3]);
    }
  }
}

extern "C" __global__ void __launch_bounds__(kThreads, KEY_WARPS > 1 || kThreads > 256 ? 1 : 512 / kThreads)
    attention(const TYPE* __restrict__ q, const TYPE* __restrict__ k, const TYPE* __restrict__ v,
              const MASK_TYPE* __restrict__ mask, TYPE* __restrict__ y, const AttentionParams p) {
  wait_for_previous_kernel();
  extern __shared__ __align__(128) u8 memory[];
  const unsigned queries = shared_address(memory), ring = queries + kPanels * kQueries * 128;
  const int head = blockIdx.y, image = blockIdx.z, query0 = blockIdx.x * kQueries;
  const int warp = threadIdx.x / 32 / KEY_WARPS, key_warp = threadIdx.x / 32 % KEY_WARPS;
  const int lane = threadIdx.x % 32;
  q += image * p.q_batch + p.q_offset + head * DIM;
  k += image * p.k_batch + p.k_offset + head * DIM;
  v += image * p.v_batch + p.v_offset + head * V_DIM;
  if (MASK) mask += image * p.mask_batch + head * p.mask_head;

  const int last_key = CAUSAL ? min(p.keys, query0 + kQueries) : p.keys;
  constexpr int kTogether = KEY_WARPS * KEYS;  // keys of a round
  const int rounds = (last_key + kTogether - 1) / kTogether;
  const auto load_round = [&](int r) {
#pragma unroll
    for (int w = 0; w < KEY_WARPS; ++w) {
      const unsigned to = ring + r % 2 * kRound + w * kTile;
      const int key = r * kTogether + w * KEYS;
      load_rows<KEYS, DIM>(to, k, p.k_row, key, p.keys);
      load_rows<KEYS, V_DIM>(to + kPanels * kPanelBytes, v, p.v_row, key, p.keys);
    }
    commit_copies();
  };
  load_rows<kQueries, DIM>(queries, q, p.q_row, query0, p.queries);
  load_round(0);

  unsigned left[kPanels * 4][4];  // this warp's queries
  Partial own;
  const float factor = factor_of(p);
  for (int round = 0; round < rounds; ++round) {
    if (round + 1 < rounds)
      load_round(round + 1);
    else
      commit_copies();
    wait_copies<1>();
    __syncthreads();
    if (round == 0) {
#pragma unroll
      for (int s = 0; s < kPanels * 4; ++s)
        load_matrices(left[s],
                      at(queries + s / 4 * (kQueries * 128), warp * 16 + lane % 16, s % 4 * 2 + lane / 16));
    }
    const unsigned keys = ring + round % 2 * kRound + key_warp * kTile, values = keys + kPanels * kPanelBytes;
    const int key0 = round * kTogether + key_warp * KEYS;
    if (key0 + KEYS <= last_key)
      take_keys<true>(own, left, keys, values, key0, query0 + warp * 16, mask, factor, p);
    else if (key0 < last_key)
      take_keys<false>(own, left, keys, values, key0, query0 + warp * 16, mask, factor, p);
    __syncthreads();
  }

  if (KEY_WARPS > 1) {  // in turns, the upper half of the warps give theirs to the lower
    // Lane by lane, a float of all lanes after the other: without conflicts.
    float* const all = reinterpret_cast<float*>(memory);
    constexpr int kFloats = sizeof(Partial) / 4;
#pragma unroll
    for (int half = KEY_WARPS / 2; half > 0; half /= 2) {
      const auto place = [&](int w, int i) -> float& {
        return all[((warp * (KEY_WARPS / 2) + w) * kFloats + i) * 32 + lane];
      };
      float* const floats = reinterpret_cast<float*>(&own);
      if (key_warp >= half && key_warp < 2 * half) {
#pragma unroll
        for (int i = 0; i < kFloats; ++i) place(key_warp - half, i) = floats[i];
      }
      __syncthreads();
      if (key_warp < half) {
        Partial other;
#pragma unroll
        for (int i = 0; i < kFloats; ++i) reinterpret_cast<float*>(&other)[i] = place(key_warp, i);
        own.add(other, factor);
      }
      __syncthreads();
    }
    if (key_warp > 0) return;
  }
  own.store(y, image, query0 + warp * 16, head, p);
}
