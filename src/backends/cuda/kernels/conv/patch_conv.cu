// Convolutions whose windows overlap, over images of few channels, for sm_90a. Where the copy engine lays the
// windows out (warp_specialized.cu) it brings every pixel once for each tap, at a rate that does not depend
// on how few channels a pixel has. Here the patch of the image that a tile of 8 x 8 outputs sees is loaded
// once; factor A of a tap is the patch moved by that tap, which ldmatrix brings into the registers that wgmma
// reads. All weights stay in shared memory.
//
// Each of a block's GROUPS warpgroups takes tiles in turns of its own: while one loads or stores, others
// multiply. Its next patch is on its way meanwhile. Options: TYPE of factors, X_TYPE (its size), BIAS_TYPE,
// OUT; BN (filters, rounded up); CHANNELS; KERNEL_H, KERNEL_W; GROUPS;
// FULL (BN is the number of filters); HAS_BIAS; SCALE. Prelude: the
// epilogue, wgmma_registers.
#include "backends/cuda/kernels/conv/arguments.cuh"
#include "backends/cuda/kernels/conv/patch_conv_params.h"
#include "backends/cuda/kernels/device/bytes.cuh"
#include "backends/cuda/kernels/device/launch.cuh"
#include "backends/cuda/kernels/device/math.cuh"
#include "backends/cuda/kernels/device/mma.cuh"
#include "backends/cuda/kernels/device/tma.cuh"
#include "backends/cuda/kernels/device/wgmma.cuh"
#include "backends/cuda/kernels/pointwise/functions.cuh"
#include "prelude"

using Params = PatchConvParams;
using Sum = SumOfProducts<TYPE>::type;

constexpr int kTile = 8, kPatchH = kTile + KERNEL_H - 1, kPatchW = kTile + KERNEL_W - 1;
constexpr int kPixel = CHANNELS * sizeof(TYPE), kPieces = kPixel / 16;
constexpr int kPitch = kPixel + 16;  // so that ldmatrix finds eight neighbours in different banks
constexpr int kPatch = kPatchH * kPatchW * kPitch;
constexpr int kStepsOfTap = kPixel / 32, kSteps = KERNEL_H * KERNEL_W * kStepsOfTap;  // instructions
constexpr int kPanels = (kSteps + 3) / 4, kWeights = kPanels * BN * 128;
constexpr int kResultPitch = BN * sizeof(OUT) + 16;

struct Tile {
  int image, oh, ow;
  __device__ Tile(int number, const Params& p) {
    const unsigned row = divide(number, p.tiles_across);
    image = divide(row, p.tiles_down);
    oh = remainder_of(row, image, p.tiles_down) * kTile;
    ow = remainder_of(number, row, p.tiles_across) * kTile;
  }
};

// Panels of 128 bytes of depth, swizzled as wgmma reads them.
__device__ inline void load_weights(unsigned to, const TYPE* __restrict__ weights, const Params& p) {
  constexpr int kOfFilter = kSteps * 2;  // pieces of 16 bytes
  for (int e = threadIdx.x; e < BN * kOfFilter; e += GROUPS * 128) {
    const int n = e / kOfFilter, piece = e % kOfFilter;
    const bool there = n < p.filters;
    copy_async<16>(to + (piece / 8 * BN + n) * 128 + ((piece % 8 ^ (n & 7)) * 16),
                   weights + (there ? n * p.weight_row + piece * int(16 / sizeof(TYPE)) : 0), there);
  }
  commit_copies();
  wait_copies<0>();
}

// By the four warps of a warpgroup, each every fourth row; pixels outside of the image are zero.
__device__ inline void load_patch(unsigned to, const X_TYPE* __restrict__ x, const Tile& t, const Params& p) {
  constexpr int kOfRow = kPatchW * kPieces, kLoads = (kOfRow + 31) / 32;  // pieces; of a lane
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32 % 4;
  const int h0 = t.oh - p.pad_h, w0 = t.ow - p.pad_w;
  const X_TYPE* const image = x + t.image * p.x_image;
  int from[kLoads];  // -1: nowhere
#pragma unroll
  for (int i = 0; i < kLoads; ++i) {
    const int piece = lane + i * 32, w = w0 + piece / kPieces;
    const int at = w * int(p.x_column) + piece % kPieces * int(16 / sizeof(TYPE));
    from[i] = unsigned(w) < unsigned(p.width) ? at : -1;
  }
#pragma unroll
  for (int row = 0; row < kPatchH; row += 4) {
    const int h = h0 + row + warp;
    if (row + 4 > kPatchH && row + warp >= kPatchH) break;
    const bool inside = unsigned(h) < unsigned(p.height);
    const int line = h * int(p.x_row);
#pragma unroll
    for (int i = 0; i < kLoads; ++i) {
      const int piece = lane + i * 32;
      if (i * 32 + 32 > kOfRow && piece >= kOfRow) break;
      const bool there = inside & (from[i] >= 0);
      copy_async<16>(to + ((row + warp) * kPatchW + piece / kPieces) * kPitch + piece % kPieces * 16,
                     image + (there ? line + from[i] : 0), there);
    }
  }
  commit_copies();
}

// `a`: where this thread's row of the first tap begins.
__device__ inline void multiply(Sum (&sums)[BN / 2], unsigned a, unsigned weights) {
  constexpr int kTogether = BN > 64 ? 3 : 6;  // instructions whose rows registers hold; twice, to load ahead
  unsigned left[2][kTogether][4];
  const auto load = [&](int first) {
#pragma unroll
    for (int s = first; s < kSteps && s < first + kTogether; ++s) {
      const int tap = s / kStepsOfTap;
      load_matrices(left[first / kTogether % 2][s - first],
                    a + (tap / KERNEL_W * kPatchW + tap % KERNEL_W) * kPitch + s % kStepsOfTap * 32);
    }
  };
  const u64 b = matrix_descriptor(weights);
  load(0);
#pragma unroll
  for (int first = 0; first < kSteps; first += kTogether) {
    begin_wgmma();
#pragma unroll
    for (int s = first; s < kSteps && s < first + kTogether; ++s)
      wgmma_registers(sums, left[first / kTogether % 2][s - first],
                      advanced(b, s / 4 * BN * 128 + s % 4 * 32), s > 0);
    commit_wgmma();
    if (first + kTogether < kSteps) load(first + kTogether);
    wait_wgmma<0>();
  }
}

#define EXTRA_LOAD(i, T, dense)                                                        \
  {                                                                                    \
    const T* at = extra##i + tile.image * p.extra_image[i] + pixel * p.extra_pixel[i]; \
    Vec<T, 2> pair;                                                                    \
    if (dense)                                                                         \
      pair = load<2>(at + n);                                                          \
    else                                                                               \
      pair[0] = pair[1] = at[0];                                                       \
    inputs[0][i + 1] = to_float(pair[0]), inputs[1][i + 1] = to_float(pair[1]);        \
  }

// A warp's two lines of the tile, by way of `results` in shared memory.
__device__ inline void finish(const Sum (&sums)[BN / 2], u8* results, const Tile& tile,
                              const BIAS_TYPE* __restrict__ bias,
                              SCALE_PARAMETER EXTRAS(EXTRA_PARAMETER) OUT* __restrict__ y, const Params& p) {
  const int lane = threadIdx.x % 32, line = threadIdx.x / 32 % 4 * 2;
#pragma unroll
  for (int j = 0; j < BN / 8; ++j) {
    const int column = j * 8 + lane % 4 * 2, n = FULL ? column : min(column, p.filters - 2);
    Vec<BIAS_TYPE, 2> shift = {};
    if (HAS_BIAS) shift = load<2>(bias + n);
    Vec<float, 2> factor;
    factor[0] = factor[1] = p.alpha;
#if SCALE == 1
    factor = load<2>(scale + n);
#elif SCALE
    factor[0] = factor[1] = scale[0];
#endif
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int oh = min(tile.oh + line + half, p.out_h - 1), ow = min(tile.ow + lane / 4, p.out_w - 1);
      const i64 pixel = i64(oh) * p.out_w + ow;
      const Sum* sum = sums + j * 4 + half * 2;
      Compute inputs[2][kProgramInputs];
      inputs[0][0] = factor[0] * sum[0] + to_float(shift[0]);
      inputs[1][0] = factor[1] * sum[1] + to_float(shift[1]);
      EXTRAS(EXTRA_LOAD)
      Vec<OUT, 2> out;
      round_pair<OUT, !IsByte<TYPE>::value>(run_program(inputs[0]), run_program(inputs[1]), out[0], out[1]);
      store<2>(reinterpret_cast<OUT*>(results + (half * kTile + lane / 4) * kResultPitch) + column, out);
    }
  }
  __syncwarp();
  constexpr int kPiece = 16 / sizeof(OUT), kOfPixel = BN / kPiece, kOfLine = kTile * kOfPixel;
  OUT* const first = y + ((i64(tile.image) * p.out_h + tile.oh + line) * p.out_w + tile.ow) * p.y_row;
#pragma unroll
  for (int e0 = 0; e0 < 2 * kOfLine; e0 += 32) {
    const int e = e0 + lane, half = (kOfLine % 32 == 0 ? e0 : e) / kOfLine;
    const int pixel = e / kOfPixel - half * kTile, column = e % kOfPixel * kPiece;
    if (half > 1 || tile.oh + line + half >= p.out_h || tile.ow + pixel >= p.out_w ||
        (!FULL && column >= p.filters))
      continue;
    const u8* from = results + (half * kTile + pixel) * kResultPitch;
    *reinterpret_cast<uint4*>(first + (half * p.out_w + pixel) * int(p.y_row) + column) =
        *reinterpret_cast<const uint4*>(from + column * sizeof(OUT));
  }
}

extern "C" __global__ void __launch_bounds__(GROUPS * 128, 1)
    patch_conv(const X_TYPE* __restrict__ x, const TYPE* __restrict__ weights,
               const BIAS_TYPE* __restrict__ bias,
               SCALE_PARAMETER EXTRAS(EXTRA_PARAMETER) OUT* __restrict__ y, const Params p) {
  extern __shared__ u8 dynamic[];
  u8* const filters = dynamic + ((1024 - (shared_address(dynamic) & 1023)) & 1023);
  const unsigned b = shared_address(filters);
  load_weights(b, weights, p);
  publish_shared();
  __syncthreads();
  wait_for_previous_kernel();

  const int group = __shfl_sync(0xffffffffu, threadIdx.x / 128, 0), warp = threadIdx.x / 32,
            lane = threadIdx.x % 32;
  const unsigned patches = b + kWeights + group * 2 * kPatch;
  u8* const results = filters + kWeights + GROUPS * 2 * kPatch + warp * 2 * kTile * kResultPitch;
  const unsigned a = ((warp % 4 * 2 + lane % 16 / 8) * kPatchW + lane % 8) * kPitch + lane / 16 * 16;
  const int step = GROUPS * gridDim.x;
  int number = group * gridDim.x + blockIdx.x;
  if (number < p.tiles) load_patch(patches, x, Tile(number, p), p);
  for (unsigned patch = 0; number < p.tiles; number += step, patch ^= 1) {
    const Tile tile(number, p);
    wait_copies<0>();
    synchronize_threads<128>(1 + group);  // the patch is there, and nobody needs the one before
    if (number + step < p.tiles) load_patch(patches + (patch ^ 1) * kPatch, x, Tile(number + step, p), p);
    Sum sums[BN / 2];
    multiply(sums, patches + patch * kPatch + a, b);
    finish(sums, results, tile, bias, SCALE_ARGUMENT EXTRAS(EXTRA_ARGUMENT) y, p);
  }
}
