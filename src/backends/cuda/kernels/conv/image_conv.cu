// A network's first layer, for sm_90a: convolution of images of up to four channels, which are read as they
// are given and become rows of pixels of four channels in shared memory. There the taps of a row of the
// filter lie side by side for every output, so that they are a product's rows without being laid out: factor
// A comes from overlapping pieces of the image, by ldmatrix, into the registers that wgmma reads.
//
// A block takes tiles of 8 x 16 outputs in turns; the next tile's pixels are on their way meanwhile. Where
// nothing but a pool of POOL x POOL in steps of POOL_STRIDE reads the result (0: it is written itself), a
// block goes down a strip of the image, keeps the last rows of results in shared memory, and writes what the
// pool makes of them.
//
// Options: TYPE of factors, X_TYPE, BIAS_TYPE, OUT; BN (filters, rounded up); CHANNELS; KERNEL_H, KERNEL_W,
// STRIDE_H, STRIDE_W (even); HAS_BIAS; X_VEC, SHIFT; POOL, POOL_STRIDE. Prelude: the epilogue,
// wgmma_registers.
#include "backends/cuda/kernels/conv/image_conv_params.h"
#include "backends/cuda/kernels/device/async.cuh"
#include "backends/cuda/kernels/device/launch.cuh"
#include "backends/cuda/kernels/device/loaded.cuh"
#include "backends/cuda/kernels/device/mma.cuh"
#include "backends/cuda/kernels/device/vector.cuh"
#include "backends/cuda/kernels/device/wgmma.cuh"
#include "backends/cuda/kernels/pointwise/functions.cuh"
#include "backends/cuda/kernels/pool/largest.cuh"
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

constexpr int kRing = POOL > 0 ? 16 : kTileH;  // rows of results that shared memory holds, a power of two

// Where a block is: at a tile of a strip of an image, whose rows of results end at `end`.
struct Tile {
  int strip = blockIdx.x, image, first_row, oh, ow, end;
  __device__ Tile(const Params& p) { begin(p); }
  __device__ void begin(const Params& p) {
    const unsigned row = divide(strip, p.strips_across);
    image = divide(row, p.strips_down);
    const int down = remainder_of(row, image, p.strips_down),
              across = remainder_of(strip, row, p.strips_across);
    first_row = down * p.strip_rows;  // of what is written
    const int from = POOL > 0 ? first_row * POOL_STRIDE - p.pool_pad_h : first_row;
    oh = max(from, 0), ow = across * p.strip_step - p.pool_pad_w;
    end = min(from + p.strip_results, p.out_h);
  }
  __device__ bool there(const Params& p) const { return strip < p.strips; }
  __device__ void next(const Params& p) {
    oh += kTileH;
    if (oh < end) return;
    strip += gridDim.x;
    begin(p);
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
  TYPE* const patch = reinterpret_cast<TYPE*>(results + kRing * kTileW * kPitch);

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
  Patch ahead;
  Tile tile(p), next = tile;
#if POOL
  int pooled = 0;  // rows of the strip's pool that are written
#endif
  if (tile.there(p)) ahead.load(x, tile, p);
  for (; tile.there(p); tile = next) {
    ahead.store(patch);
    __syncthreads();
    next.next(p);
    if (next.there(p)) ahead.load(x, next, p);

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
        store<2>(reinterpret_cast<OUT*>(results +
                                        ((tile.oh + line) % kRing * kTileW + lane / 4 + half * 8) * kPitch) +
                     column,
                 out);
      }
    }
    __syncthreads();
    constexpr int kPiece = 16 / sizeof(OUT), kPieces = BN / kPiece;
#if POOL
    // Rows whose windows end in this tile, or in the image.
    const int done = min(tile.oh + kTileH, tile.end), last_row = min(tile.first_row + p.strip_rows, p.pool_h);
    int rows = 0;
    while (tile.first_row + pooled + rows < last_row &&
           min((tile.first_row + pooled + rows) * POOL_STRIDE - p.pool_pad_h + POOL, p.out_h) <= done)
      ++rows;
    constexpr int kColumns = (kTileW - POOL) / POOL_STRIDE + 1;
    for (int e = threadIdx.x; e < rows * kColumns * kPieces; e += kBlock) {
      const int column = e % kPieces * kPiece, pw = e / kPieces % kColumns;
      const int ph = tile.first_row + pooled + e / kPieces / kColumns;
      const int row0 = ph * POOL_STRIDE - p.pool_pad_h, column0 = pw * POOL_STRIDE;
      const int to = (tile.ow + p.pool_pad_w) / POOL_STRIDE + pw;
      if (to >= p.pool_w || column >= p.filters) continue;
      typename Largest<OUT>::type v[kPiece];
#pragma unroll
      for (int j = 0; j < kPiece; ++j) v[j] = Largest<OUT>::of_none();
#pragma unroll
      for (int r = 0; r < POOL; ++r)
#pragma unroll
        for (int s = 0; s < POOL; ++s) {
          const bool there =
              unsigned(row0 + r) < unsigned(p.out_h) & unsigned(tile.ow + column0 + s) < unsigned(p.out_w);
          const u8* at = results + (unsigned(row0 + r) % kRing * kTileW + column0 + s) * kPitch;
          const Vec<OUT, kPiece> of = load<kPiece>(reinterpret_cast<const OUT*>(at) + column);
#pragma unroll
          for (int j = 0; j < kPiece; ++j) v[j] = there ? larger(v[j], to_float(of[j])) : v[j];
        }
      Vec<OUT, kPiece> out;
#pragma unroll
      for (int j = 0; j < kPiece; ++j) out[j] = convert<OUT>(v[j]);
      store<kPiece>(y + ((i64(tile.image) * p.pool_h + ph) * p.pool_w + to) * p.y_row + column, out);
    }
    pooled = next.strip == tile.strip ? pooled + rows : 0;
#else
    for (int e = threadIdx.x; e < kTileH * kTileW * kPieces; e += kBlock) {
      const int pixel = e / kPieces, column = e % kPieces * kPiece;
      const int oh = tile.oh + pixel / kTileW, ow = tile.ow + pixel % kTileW;
      if (oh >= p.out_h || ow >= p.out_w || column >= p.filters) continue;
      const Vec<OUT, kPiece> v =
          load<kPiece>(reinterpret_cast<const OUT*>(results + pixel * kPitch) + column);
      store<kPiece>(y + ((i64(tile.image) * p.out_h + oh) * p.out_w + ow) * p.y_row + column, v);
    }
#endif
  }
}
