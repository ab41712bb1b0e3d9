// A network's first layer, for sm_90a: convolution of images of up to four channels, which are read as they
// are given and become rows of pixels of four channels in shared memory. There the taps of a row of the
// filter lie side by side for every output, so that they are a product's rows without being laid out: factor
// A comes from overlapping pieces of the image, by ldmatrix, into the registers that wgmma reads.
//
// A block takes tiles of 8 x 16 outputs in turns; the next tile's pixels are on their way meanwhile. Options:
// TYPE of factors, X_TYPE, BIAS_TYPE, OUT; BN (filters, rounded up); CHANNELS; KERNEL_H, KERNEL_W,
// STRIDE_H, STRIDE_W (even); HAS_BIAS; X_VEC, SHIFT. Prelude: the epilogue, wgmma_registers.
#include "backends/cuda/kernels/conv/image_conv_params.h"
#include "backends/cuda/kernels/device/async.cuh"
#include "backends/cuda/kernels/device/launch.cuh"
#include "backends/cuda/kernels/device/loaded.cuh"
#include "backends/cuda/kernels/device/mma.cuh"
#include "backends/cuda/kernels/device/vector.cuh"
#include "backends/cuda/kernels/device/wgmma.cuh"
#include "backends/cuda/kernels/pointwise/functions.cuh"
#include "prelude"

using Params = ImageConvParams;

constexpr int kTileH = 8, kTileW = 16, kBlock = 256;
constexpr int kRowSteps = (KERNEL_W * 4 + 15) / 16;  // instructions for a row of the filter
constexpr int kSteps = KERNEL_H * kRowSteps, kPanels = (kSteps + 3) / 4;
constexpr int kPatchH = (kTileH - 1) * STRIDE_H + KERNEL_H, kPatchW = (kTileW - 1) * STRIDE_W + kRowSteps * 4;
// Pixels are loaded X_VEC at a time, from SHIFT pixels before the patch on.
constexpr int kAcross = (SHIFT + kPatchW + X_VEC - 1) / X_VEC, kGroups = kPatchH * kAcross;
constexpr int kLoads = (kGroups + kBlock - 1) / kBlock;
constexpr int kPitch = BN * sizeof(OUT) + 16;  // of the result's rows

struct Tile {
  int image, oh, ow;
  __device__ Tile(int number, const Params& p) {
    const unsigned row = divide(number, p.tiles_across);
    image = divide(row, p.tiles_down);
    oh = remainder_of(row, image, p.tiles_down) * kTileH;
    ow = remainder_of(number, row, p.tiles_across) * kTileW;
  }
};

// A thread's pixels of a tile's patch, on their way from memory.
struct Patch {
  Loaded<X_TYPE, X_VEC> v[kLoads][CHANNELS];
  __device__ static int row(int group) { return group / kAcross; }
  __device__ static int column(int group) { return group % kAcross * X_VEC - SHIFT; }
  __device__ void load(const X_TYPE* __restrict__ x, const Tile& t, const Params& p) {
#pragma unroll
    for (int i = 0; i < kLoads; ++i) {
      const int group = threadIdx.x + i * kBlock;
      const int h = t.oh * STRIDE_H - p.pad_h + row(group), w = t.ow * STRIDE_W - p.pad_w + column(group);
      const bool there = group < kGroups & unsigned(h) < unsigned(p.height) & unsigned(w) < unsigned(p.width);
      const X_TYPE* at = x + t.image * p.x_image + h * p.x_row + w * p.x_column;
#pragma unroll
      for (int c = 0; c < CHANNELS; ++c) {
        v[i][c] = {};
        if (there) v[i][c] = load_words<X_VEC>(at + c * p.x_channel);
      }
    }
  }
  __device__ void store(TYPE* patch) const {
#pragma unroll
    for (int i = 0; i < kLoads; ++i) {
      const int group = threadIdx.x + i * kBlock;
      if (group >= kGroups) break;
      float pixels[4][X_VEC] = {};
#pragma unroll
      for (int c = 0; c < CHANNELS; ++c) widen_all(v[i][c], pixels[c]);
#pragma unroll
      for (int k = 0; k < X_VEC; ++k) {
        if (unsigned(column(group) + k) >= unsigned(kPatchW)) continue;
        const uint2 words = {pack<TYPE>(pixels[0][k], pixels[1][k]), pack<TYPE>(pixels[2][k], pixels[3][k])};
        *reinterpret_cast<uint2*>(patch + (row(group) * kPatchW + column(group) + k) * 4) = words;
      }
    }
  }
};

extern "C" __global__ void __launch_bounds__(kBlock, 2)
    image_conv(const X_TYPE* __restrict__ x, const TYPE* __restrict__ weights,
               const BIAS_TYPE* __restrict__ bias, OUT* __restrict__ y, const Params p) {
  extern __shared__ u8 dynamic[];
  u8* const filters = dynamic + ((1024 - (shared_address(dynamic) & 1023)) & 1023);
  u8* const results = filters + kPanels * BN * 128;
  TYPE* const patch = reinterpret_cast<TYPE*>(results + kTileH * kTileW * kPitch);

  // Panels of 64 elements of depth, swizzled as wgmma reads them.
  constexpr int kOfFilter = kSteps * 2;  // pieces of 8 elements
  for (int e = threadIdx.x; e < BN * kOfFilter; e += kBlock) {
    const int n = e / kOfFilter, piece = e % kOfFilter;
    Vec<TYPE, 8> v = {};
    if (n < p.filters) v = load<8>(weights + (n * kOfFilter + piece) * 8);
    store<8>(reinterpret_cast<TYPE*>(filters + (piece / 8 * BN + n) * 128 + ((piece % 8 ^ (n & 7)) * 16)), v);
  }
  publish_shared();
  wait_for_previous_kernel();

  const int lane = threadIdx.x % 32, line = threadIdx.x / 32;  // of the tile: one for each warp
  const unsigned a =
      shared_address(patch) + (line * STRIDE_H * kPatchW + lane % 16 * STRIDE_W) * 8 + lane / 16 * 16;
  const unsigned b = shared_address(filters);
  Patch next;
  if (blockIdx.x < p.tiles) next.load(x, Tile(blockIdx.x, p), p);
  for (int number = blockIdx.x; number < p.tiles; number += gridDim.x) {
    const Tile tile(number, p);
    next.store(patch);
    __syncthreads();
    if (number + gridDim.x < p.tiles) next.load(x, Tile(number + gridDim.x, p), p);

    float sums[BN / 2];
    constexpr int kTogether = 8;  // instructions whose rows registers hold at once
#pragma unroll
    for (int first = 0; first < kSteps; first += kTogether) {
      unsigned left[kTogether][4];
#pragma unroll
      for (int s = first; s < kSteps && s < first + kTogether; ++s)
        load_matrices(left[s - first], a + s / kRowSteps * kPatchW * 8 + s % kRowSteps * 32);
      begin_wgmma();
#pragma unroll
      for (int s = first; s < kSteps && s < first + kTogether; ++s)
        wgmma_registers(sums, left[s - first], matrix_descriptor(b + s / 4 * BN * 128 + s % 4 * 32), s > 0);
      commit_wgmma();
      wait_wgmma<0>();
    }

#pragma unroll
    for (int j = 0; j < BN / 8; ++j) {
      const int column = j * 8 + lane % 4 * 2;
      float shift[2] = {};
      if (HAS_BIAS) {
        shift[0] = to_float(bias[min(column, p.filters - 1)]);
        shift[1] = to_float(bias[min(column + 1, p.filters - 1)]);
      }
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        Vec<OUT, 2> out;
#pragma unroll
        for (int i = 0; i < 2; ++i) {
          const Compute inputs[kProgramInputs] = {sums[j * 4 + half * 2 + i] + shift[i]};
          out[i] = rounded<OUT>(run_program(inputs));
        }
        store<2>(reinterpret_cast<OUT*>(results + (line * kTileW + lane / 4 + half * 8) * kPitch) + column,
                 out);
      }
    }
    __syncthreads();
    constexpr int kPiece = 16 / sizeof(OUT), kPieces = BN / kPiece;
    for (int e = threadIdx.x; e < kTileH * kTileW * kPieces; e += kBlock) {
      const int pixel = e / kPieces, column = e % kPieces * kPiece;
      const int oh = tile.oh + pixel / kTileW, ow = tile.ow + pixel % kTileW;
      if (oh >= p.out_h || ow >= p.out_w || column >= p.filters) continue;
      const Vec<OUT, kPiece> v =
          load<kPiece>(reinterpret_cast<const OUT*>(results + pixel * kPitch) + column);
      store<kPiece>(y + ((i64(tile.image) * p.out_h + oh) * p.out_w + ow) * p.y_row + column, v);
    }
  }
}
