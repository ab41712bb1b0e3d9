// Attention by warpgroups, for sm_90a, of heads of whole panels (64 elements): a block has 64 queries of one
// head for each of WARPGROUPS warpgroups, and goes over the keys in tiles with a running softmax. Its first
// thread has the copy engine bring tiles of keys and of values in turns into a ring of STAGES. Heads are
// short and mostly waited for: a warp of its own for that would cost registers with which more blocks are
// under way.
//
// Options: TYPE (16 bits); DIM, V_DIM of a head; WARPGROUPS; KEYS of a tile; STAGES; BLOCK (threads),
// RESIDENT (blocks of a multiprocessor); CAUSAL and those of masks as in softmax.cuh. Prelude: wgmma of KEYS
// columns, wgmma_registers_by_depth of 64.
#include "backends/cuda/kernels/attention/softmax.cuh"
#include "backends/cuda/kernels/device/launch.cuh"
#include "backends/cuda/kernels/device/tma.cuh"
#include "backends/cuda/kernels/device/wgmma.cuh"
#include "prelude"

constexpr int kQueries = 64 * WARPGROUPS, kPanels = DIM / 64;
constexpr int kQueryPanel = kQueries * 128, kPanel = KEYS * 128;  // bytes
constexpr int kStage = (kPanels > kVPanels ? kPanels : kVPanels) * kPanel;

extern "C" __global__ void __launch_bounds__(BLOCK, RESIDENT)
    attention_warpgroups(const TYPE* __restrict__ q, const TYPE* __restrict__ k, const TYPE* __restrict__ v,
                         const MASK_TYPE* __restrict__ mask, TYPE* __restrict__ y, const AttentionParams p,
                         const __grid_constant__ TensorMap map_q, const __grid_constant__ TensorMap map_k,
                         const __grid_constant__ TensorMap map_v) {
  extern __shared__ u8 dynamic[];
  const unsigned queries = (shared_address(dynamic) + 1023) & ~1023u, ring = queries + kPanels * kQueryPanel;
  const unsigned barriers = ring + STAGES * kStage, queries_there = barriers + 2 * STAGES * 8;
  const auto full = [&](int s) { return barriers + s * 8; };
  const auto empty = [&](int s) { return barriers + (STAGES + s) * 8; };
  const int head = blockIdx.y, image = blockIdx.z, query0 = blockIdx.x * kQueries;
  const int warp = __shfl_sync(0xffffffffu, threadIdx.x / 32, 0), lane = threadIdx.x % 32;
  const int last_key = CAUSAL ? min(p.keys, query0 + kQueries) : p.keys, tiles = (last_key + KEYS - 1) / KEYS;
  // Tile n, of keys or of values, to its stage.
  const auto bring = [&](int n) {
    const int stage = n % STAGES, key0 = n / 2 * KEYS;
    const unsigned to = ring + stage * kStage;
    if (n % 2 == 0) {
      arrive_for_bytes(full(stage), kPanels * kPanel);
      for (int i = 0; i < kPanels; ++i)
        load_box(to + i * kPanel, map_k, full(stage), p.k_offset + head * DIM + i * 64, key0, image);
    } else {
      arrive_for_bytes(full(stage), kVPanels * kPanel);
      for (int i = 0; i < kVPanels; ++i)
        load_box(to + i * kPanel, map_v, full(stage), p.v_offset + head * V_DIM + i * 64, key0, image);
    }
  };
  if (threadIdx.x == 0) {
    prefetch_map(map_q), prefetch_map(map_k), prefetch_map(map_v);
    for (int s = 0; s < STAGES; ++s) {
      init_barrier(full(s), 1);
      init_barrier(empty(s), WARPGROUPS * 4);
    }
    init_barrier(queries_there, 1);
    publish_barriers();
    wait_for_previous_kernel();
    arrive_for_bytes(queries_there, kPanels * kQueryPanel);
    for (int i = 0; i < kPanels; ++i)
      load_box(queries + i * kQueryPanel, map_q, queries_there, p.q_offset + head * DIM + i * 64, query0,
               image);
    for (int n = 0; n < min(2 * tiles, STAGES); ++n) bring(n);
  }
  __syncthreads();
  wait_for_previous_kernel();

  const unsigned own_queries = queries + warp / 4 * (64 * 128);
  const int first_query = query0 + warp * 16;
  if (MASK) mask += image * p.mask_batch + head * p.mask_head;
  const float factor = factor_of(p);
  Partial own;
  int next = 0;  // tile
  // `multiply` with the next tile; then the place of the one before it, which all have left or soon will, is
  // filled again.
  const auto with_next_tile = [&](auto multiply) {
    const int stage = next % STAGES, before = next - 1, after = before + STAGES;
    wait_barrier(full(stage), next / STAGES & 1);
    begin_wgmma();
    multiply(ring + stage * kStage);
    commit_wgmma();
    wait_wgmma<0>();
    if (lane == 0) arrive(empty(stage));
    if (threadIdx.x == 0 && before >= 0 && after < 2 * tiles) {
      wait_barrier(empty(before % STAGES), before / STAGES & 1);
      bring(after);
    }
    __syncwarp();
    ++next;
  };
  wait_barrier(queries_there, 0);
  for (int t = 0; t < tiles; ++t) {
    float score[KEYS / 8][4];
    with_next_tile([&](unsigned keys) {
#pragma unroll
      for (int s = 0; s < kPanels * 4; ++s)
        wgmma(reinterpret_cast<float(&)[KEYS / 2]>(score),
              matrix_descriptor(own_queries + s / 4 * kQueryPanel + s % 4 * 32),
              matrix_descriptor(keys + s / 4 * kPanel + s % 4 * 32), s > 0);
    });
    if (t * KEYS + KEYS <= last_key)
      mask_scores<true>(score, t * KEYS, first_query, mask, p);
    else
      mask_scores<false>(score, t * KEYS, first_query, mask, p);
    own.take(score, factor);
    unsigned weights[KEYS / 16][4];
#pragma unroll
    for (int s = 0; s < KEYS / 16; ++s) pack_weights(score, s, weights[s]);
    with_next_tile([&](unsigned values) {
#pragma unroll
      for (int s = 0; s < KEYS / 16; ++s)
#pragma unroll
        for (int i = 0; i < kVPanels; ++i)
          wgmma_registers_by_depth(reinterpret_cast<float(&)[32]>(own.result[i * 8]), weights[s],
                                   matrix_descriptor(values + i * kPanel + s * 16 * 128), true);
    });
  }
  own.store(y, image, first_query, head, p);
}
