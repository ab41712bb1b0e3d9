// Convolutions and matrix products as in conv.cu, for sm_90a, where the result is small: a block computes one
// tile of BM x BN, or with its cluster of CLUSTER blocks a part of the depth each. A thread of the last warp
// has the copy engine bring the factors, as many of the weights' tiles as STAGES before the kernel before has
// ended; WARPGROUPS warpgroups multiply.
//
// Options: TYPE of the factors; BIAS_TYPE; OUT; BM, BN, WARPGROUPS, STAGES, STEPS, CLUSTER; BLOCK (threads);
// VEC_Y; IM2COL; HAS_BIAS; SCALE; GATED (gates.cuh); CONSTANT_WEIGHTS. Prelude: as of conv.cu.
#include "backends/cuda/kernels/conv/boxes.cuh"
#include "backends/cuda/kernels/device/launch.cuh"
#include "backends/cuda/kernels/device/vector.cuh"
#include "backends/cuda/kernels/device/wgmma.cuh"
#include "backends/cuda/kernels/pointwise/functions.cuh"
#include "prelude"
// clang-format off: this uses the prelude's program
#include "backends/cuda/kernels/conv/finish.cuh"
#include "backends/cuda/kernels/conv/gates.cuh"
// clang-format on

constexpr int kStage = (BM + BN) * 128, kThreads = 128 * WARPGROUPS;
constexpr int kRows = BM / WARPGROUPS, kTall = kRows / 64;  // of a warpgroup

extern "C" __global__ void __launch_bounds__(BLOCK)
    conv_one_tile(const TYPE* __restrict__ x, const TYPE* __restrict__ weights,
                  const BIAS_TYPE* __restrict__ bias,
                  SCALE_PARAMETER GATES_PARAMETER EXTRAS(EXTRA_PARAMETER) OUT* __restrict__ y,
                  const ConvParams p, const __grid_constant__ TensorMap map_a,
                  const __grid_constant__ TensorMap map_b) {
  extern __shared__ u8 memory[];
  u8* const base = memory + ((1024 - (shared_address(memory) & 1023)) & 1023);  // barriers, then the ring
  const unsigned barriers = shared_address(base), ring = barriers + 1024;
  const auto full = [&](int s) { return barriers + s * 8; };
  const auto empty = [&](int s) { return barriers + (STAGES + s) * 8; };
  const int filter0 = blockIdx.x * BN, row0 = blockIdx.y * BM, split = CLUSTER > 1 ? blockIdx.z : 0;
  const int first = split * p.depth_tiles, tiles = min(p.depth_tiles, p.tiles - first);
  const int warp = __shfl_sync(0xffffffffu, threadIdx.x / 32, 0), lane = threadIdx.x % 32;
  if (threadIdx.x == 0) {
    for (int s = 0; s < STAGES; ++s) {
      init_barrier(full(s), 1);
      init_barrier(empty(s), WARPGROUPS * 4);
    }
    publish_barriers();
  }
  if (threadIdx.x == kThreads) prefetch_map(map_b), prefetch_map(map_a);
  __syncthreads();

  float* const tile = reinterpret_cast<float*>(base + 1024);
  if (warp == WARPGROUPS * 4) {
    if (lane == 0) {
      const auto begin = [&](int t) {
        const int s = t % STAGES;
        arrive_for_bytes(full(s), kStage);
        load_b(ring + s * kStage + BM * 128, full(s), map_b, filter0, first + t, p);
      };
      const int ahead = CONSTANT_WEIGHTS ? min(tiles, STAGES) : 0;
      for (int t = 0; t < ahead; ++t) begin(t);
      wait_for_previous_kernel();
      const RowsOfA a(row0, p);
      for (int t = 0; t < tiles; ++t) {
        if (t >= STAGES) wait_barrier(empty(t % STAGES), (t / STAGES & 1) ^ 1);
        if (t >= ahead) begin(t);
        a.load(ring + t % STAGES * kStage, full(t % STAGES), map_a, first + t, p);
      }
    }
    __syncwarp();
  } else {
    const int part = warp / 4;
    SumOfProducts<TYPE>::type sums[kTall][BN / 2];
    int stage = 0, parity = 0, before = 0;
#if GATED
    wait_for_previous_kernel();
    Gates<kTall> rows(gates, row0 + part * kRows, p);
    rows.load(first, p);
#endif
    for (int t = 0; t < tiles; ++t) {
      wait_barrier(full(stage), parity);
      const unsigned a = ring + stage * kStage + part * kRows * 128, b = ring + stage * kStage + BM * 128;
#if GATED
      rows.multiply(sums, a, b, t > 0);
      rows.load(first + t + 1, p);
#else
      const u64 left = matrix_descriptor(a), right = matrix_descriptor(b);
      begin_wgmma();
#pragma unroll
      for (int s = 0; s < STEPS; ++s)
#pragma unroll
        for (int i = 0; i < kTall; ++i)
          wgmma(sums[i], advanced(left, i * 64 * 128 + s * 32), advanced(right, s * 32), t > 0 || s > 0);
      commit_wgmma();
#endif
      wait_wgmma<GATED ? 0 : 1>();
      if (t > 0 && lane == 0) arrive(empty(before));
      before = stage;
      if (++stage == STAGES) stage = 0, parity ^= 1;
    }
    wait_wgmma<0>();
    wait_for_previous_kernel();
    synchronize_threads<1, kThreads>();  // the sums take the ring's place
#pragma unroll
    for (int i = 0; i < kTall; ++i) {
      float* at = tile + (part * kRows + i * 64 + warp % 4 * 16 + lane / 4) * kSumStride + lane % 4 * 2;
#pragma unroll
      for (int j = 0; j < BN / 8; ++j) {
        *reinterpret_cast<float2*>(at + j * 8) =
            make_float2(float(sums[i][j * 4]), float(sums[i][j * 4 + 1]));
        *reinterpret_cast<float2*>(at + 8 * kSumStride + j * 8) =
            make_float2(float(sums[i][j * 4 + 2]), float(sums[i][j * 4 + 3]));
      }
    }
    if (CLUSTER == 1) synchronize_threads<1, kThreads>();
  }
  constexpr int kShare = (BM + CLUSTER - 1) / CLUSTER;  // rows that the block finishes
  if (CLUSTER > 1) synchronize_cluster();
  if (warp < WARPGROUPS * 4)
    finish_rows<kThreads>(tile, split * kShare, min((split + 1) * kShare, BM), row0, filter0, 0, bias,
                          SCALE_ARGUMENT EXTRAS(EXTRA_ARGUMENT) y, p);
  if (CLUSTER > 1) synchronize_cluster();  // others may still read this block's sums
}
