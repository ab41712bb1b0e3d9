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
#include "prelude"

using Params = ImageConvParams;

constexpr int kTileH = 8, kTileW = 16, kBlock = 256;
constexpr int kRowSteps = (KERNEL_W * 4 + 15) / 16;  // instructions for a row of the filter
constexpr int kSteps = KERNEL_H * kRowSteps, kPanels = (kSteps + 3) / 4;
constexpr int kPatchH = (kTileH - 1) * STRIDE_H + KERNEL_H, kPatchW = (kTileW - 1) * STRIDE_W + kRowSteps * 4;
// Pixels are loaded X_VEC at a time, from SHIFT pixels before the patch on.
constexpr int kAcross = (SHIFT + kPatchW + X_VEC - 1) / X_VEC, kGroups = kPatchH * kAcross;
constexpr int kLoads = (kGroups + kBlock - 1) / kBlock;
#if POOL
using Kept = TYPE;  // also of bytes, which 16 bits hold as they are: they are compared in pairs
#else
using Kept = OUT;
#endif
constexpr int kPitch = BN * sizeof(Kept) + 16;              // of the result's rows
constexpr int kResident = BN <= 32 ? 4 : BN <= 64 ? 3 : 2;  // blocks of a multiprocessor

constexpr int kRing = POOL > 0 ? kTileH + 4 : kTileH;  // rows of results that shared memory holds

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

// Two neighbouring results, to where shared memory keeps them.
template <class K>
__device__ inline void keep(K* to, float a, float b) {
  if constexpr (sizeof(K) > sizeof(OUT)) a = to_float(rounded<OUT>(a)), b = to_float(rounded<OUT>(b));
  if constexpr (sizeof(K) == 2) {
    *reinterpret_cast<unsigned*>(to) = pack<K>(a, b);
  } else {
    Vec<K, 2> both;
    both[0] = rounded<K>(a), both[1] = rounded<K>(b);
    store<2>(to, both);
  }
}

extern "C" __global__ void __launch_bounds__(kBlock, kResident)
    image_conv(const X_TYPE* __restrict__ x, const TYPE* __restrict__ weights,
               const BIAS_TYPE* __restrict__ bias, OUT* __restrict__ y, const Params p) {
  extern __shared__ u8 dynamic[];
  u8* const filters = dynamic + ((1024 - (shared_address(dynamic) & 1023)) & 1023);
  u8* const results = filters + kPanels * BN * 128;
  TYPE* const patch = reinterpret_cast<TYPE*>(results + kRing * kTileW * kPitch);
  float* const shifts = reinterpret_cast<float*>(patch + kPatchH * kPatchW * 4);

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
  for (int n = threadIdx.x; n < BN; n += kBlock)
    shifts[n] = HAS_BIAS && n < p.filters ? to_float(bias[n]) : 0.f;

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
    constexpr int kTogether = 4;  // instructions whose rows registers hold at once
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
    u8* const own = results + ((tile.oh + line) % kRing * kTileW + lane / 4) * kPitch;
#pragma unroll
    for (int j = 0; j < BN / 8; ++j) {
      const int column = j * 8 + lane % 4 * 2;
      const float2 both = *reinterpret_cast<const float2*>(shifts + column);
      const float shift[2] = {both.x, both.y};
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        float out[2];
#pragma unroll
        for (int i = 0; i < 2; ++i) {
          const Compute inputs[kProgramInputs] = {sums[j * 4 + half * 2 + i] + shift[i]};
          out[i] = run_program(inputs);
        }
        keep(reinterpret_cast<Kept*>(own + half * 8 * kPitch) + column, out[0], out[1]);
      }
    }
    __syncthreads();
    constexpr int kPiece = 16 / sizeof(Kept), kPieces = BN / kPiece;
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
      unsigned largest[4];
#pragma unroll
      for (int r = 0; r < POOL; ++r)
#pragma unroll
        for (int s = 0; s < POOL; ++s) {
          // Outside of the image the nearest place, which the window has, too.
          const unsigned row = min(max(row0 + r, 0), p.out_h - 1);
          const int place = min(max(tile.ow + column0 + s, 0), p.out_w - 1) - tile.ow;
          const uint4 of = *reinterpret_cast<const uint4*>(results + (row % kRing * kTileW + place) * kPitch +
                                                           column * sizeof(Kept));
          const unsigned words[4] = {of.x, of.y, of.z, of.w};
#pragma unroll
          for (int j = 0; j < 4; ++j)
            largest[j] = r + s == 0 ? words[j] : larger_pairs<TYPE>(largest[j], words[j]);
        }
      Vec<OUT, kPiece> out;
#pragma unroll
      for (int j = 0; j < 4; ++j) {
        float a, b;
        unpack<TYPE>(largest[j], a, b);
        out[2 * j] = rounded<OUT>(a), out[2 * j + 1] = rounded<OUT>(b);
      }
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
