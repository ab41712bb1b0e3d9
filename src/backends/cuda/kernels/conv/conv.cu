// Convolution as a matrix product that is never laid out (implicit GEMM), and matrix products: y =
// epilogue(alpha * A B^T + bias), where A has a row for each output pixel and B one for each filter.
//
// A block computes BM x BN of the result from a ring of STAGES tiles of depth; tiles come in while others are
// multiplied. Where the result has too few blocks for the GPU, the depth is split among blocks (p.splits):
// each writes its sums to the workspace, and the last of them to arrive adds all up, always in the same
// order. Where they are a cluster, each adds up and finishes a part of the rows.
//
// Options: TYPE of the factors; X_TYPE as x lies in memory; BIAS_TYPE; OUT; BM, BN, WARPS_M, WARPS_N, BLOCK
// (threads), STAGES, WGMMA; VEC_A, VEC_B, VEC_Y: elements moved at once; POINTWISE: a 1x1 filter without
// pads; HAS_BIAS; SCALE: sums are scaled by 1: a number for each filter, 2: one number, 0: p.alpha;
// PROMOTE: see accumulators.cuh; CONSTANT_WEIGHTS: they may be read before the previous kernel ends; SPLIT;
// CLUSTER: the number of splits where they are a cluster, else 1. Prelude: the epilogue; EXTRAS(F): F(index,
// type, dense) for its inputs, dense: elements follow each other along the filters.
#include "backends/cuda/kernels/conv/operands.cuh"
#include "backends/cuda/kernels/device/launch.cuh"
#if CLUSTER > 1
#include "backends/cuda/kernels/device/tma.cuh"
#endif
#include "backends/cuda/kernels/pointwise/functions.cuh"
#include "prelude"
// clang-format off: this uses the prelude's wgmma
#include "backends/cuda/kernels/conv/accumulators.cuh"
#include "backends/cuda/kernels/conv/finish.cuh"
// clang-format on

constexpr int kStage = (BM + BN) * 128, kStride = kSumStride;
// wgmma runs on while the next tile is awaited, so that a tile's memory is free only one step later.
constexpr int kAhead = WGMMA ? STAGES - 2 : STAGES - 1;

extern "C" __global__ void __launch_bounds__(BLOCK)
    conv(const X_TYPE* __restrict__ x, const TYPE* __restrict__ weights, const BIAS_TYPE* __restrict__ bias,
         SCALE_PARAMETER EXTRAS(EXTRA_PARAMETER) OUT* __restrict__ y,
#if SPLIT && CLUSTER == 1
         float* __restrict__ workspace,
#endif
         const ConvParams p) {
  extern __shared__ u8 memory[];
  u8* ring = memory + ((1024 - (shared_address(memory) & 1023)) & 1023);
  const unsigned ring_address = shared_address(ring);
  const int filter0 = blockIdx.x * BN, row0 = blockIdx.y * BM;
  const int batch = SPLIT ? blockIdx.z / p.splits : blockIdx.z, split = SPLIT ? blockIdx.z % p.splits : 0;
  x += batch * p.x_batch;
  weights += batch * p.weight_batch;
  const int first = split * p.depth_tiles;
  const int tiles = min(p.depth_tiles, (p.depth + kDepth - 1) / kDepth - first);

  FactorB b(weights, filter0, first * kDepth, p);
  if (!CONSTANT_WEIGHTS) wait_for_previous_kernel();
#pragma unroll
  for (int t = 0; t < kAhead; ++t)
    if (t < tiles) b.load(ring_address + t * kStage + BM * 128, weights, filter0, p);
  if (CONSTANT_WEIGHTS) wait_for_previous_kernel();
  FactorA a(x, row0, first * kDepth, p);
#pragma unroll
  for (int t = 0; t < kAhead; ++t) {
    if (t < tiles) a.load(ring_address + t * kStage, x, p);
    commit_copies();
  }

  Accumulators sums;
  int stage = 0, next = kAhead % STAGES;
  for (int t = 0; t < tiles; ++t) {
    wait_copies<kAhead - 1>();
#if WGMMA
    publish_shared();
#endif
    __syncthreads();
    const unsigned at = ring_address + stage * kStage;
#if WGMMA
    sums.multiply(at, at + BM * 128, t == 0);
#endif
    if (t + kAhead < tiles) {
      b.load(ring_address + next * kStage + BM * 128, weights, filter0, p);
      a.load(ring_address + next * kStage, x, p);
    }
    commit_copies();
#if PROMOTE
    wait_wgmma<0>();
    sums.promote();
#elif WGMMA
    wait_wgmma<1>();
#else
    sums.multiply(at, at + BM * 128, t == 0);
#endif
    stage = stage + 1 == STAGES ? 0 : stage + 1;
    next = next + 1 == STAGES ? 0 : next + 1;
  }
#if WGMMA
  wait_wgmma<0>();
#endif
  __syncthreads();

  // Through shared memory, so that rows of y are written in long pieces.
  float* tile = reinterpret_cast<float*>(ring);
  sums.store(tile, kStride);
  constexpr int kShare = (BM + CLUSTER - 1) / CLUSTER;  // rows that the block finishes
  const int first_row = CLUSTER > 1 ? split * kShare : 0, last_row = min(first_row + kShare, BM);
#if CLUSTER > 1
  synchronize_cluster();
#else
  __syncthreads();
#endif
#if SPLIT && CLUSTER == 1
  // Workspace: a counter for each tile of the result, then their partial sums, split by split.
  const unsigned results = gridDim.x * gridDim.y * (gridDim.z / p.splits);
  const unsigned result = (batch * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
  float* partial = workspace + (results + 3) / 4 * 4 + (i64(result) * p.splits) * (BM * BN);
  for (int e = threadIdx.x; e < BM * BN / 4; e += BLOCK)
    *reinterpret_cast<float4*>(partial + i64(split) * (BM * BN) + e * 4) =
        *reinterpret_cast<const float4*>(tile + e / (BN / 4) * kStride + e % (BN / 4) * 4);
  __threadfence();
  __syncthreads();
  __shared__ unsigned arrived;
  if (threadIdx.x == 0) {
    arrived = atomicAdd(reinterpret_cast<unsigned*>(workspace) + result, 1u);
    if (arrived == p.splits - 1) reinterpret_cast<unsigned*>(workspace)[result] = 0;  // for the next launch
  }
  __syncthreads();
  if (arrived != p.splits - 1) return;
  __threadfence();
  for (int e = threadIdx.x; e < BM * BN / 4; e += BLOCK) {
    float4 sum = make_float4(0, 0, 0, 0);
    for (int s = 0; s < p.splits; ++s) {
      const float4 v = __ldcg(reinterpret_cast<const float4*>(partial + i64(s) * (BM * BN) + e * 4));
      sum.x += v.x, sum.y += v.y, sum.z += v.z, sum.w += v.w;
    }
    *reinterpret_cast<float4*>(tile + e / (BN / 4) * kStride + e % (BN / 4) * 4) = sum;
  }
  __syncthreads();
#endif
  finish_rows<BLOCK>(tile, first_row, last_row, row0, filter0, batch, bias,
                     SCALE_ARGUMENT EXTRAS(EXTRA_ARGUMENT) y, p);
#if CLUSTER > 1
  synchronize_cluster();  // others may still read this block's sums
#endif
}
