// How the tiles of a convolution's two factors come into shared memory: rows of 128 bytes, swizzled
// (wgmma.cuh). Factor A has a row for each output pixel, its elements those that the filter covers there;
// factor B has the filters. Elements outside are zeros.
#pragma once

#include "backends/cuda/kernels/conv/conv_params.h"
#include "backends/cuda/kernels/device/async.cuh"
#include "backends/cuda/kernels/device/vector.cuh"

constexpr int kDepth = 128 / sizeof(TYPE);  // elements of a tile's row
constexpr int kPiece = 16 / sizeof(TYPE);   // elements that swizzling keeps together

__device__ inline unsigned swizzled(int row, int element) {
  const int piece = element / kPiece;
  return row * 128 + ((piece ^ (row & 7)) * 16) + element % kPiece * sizeof(TYPE);
}

// A place in the filter window.
struct Tap {
  int r, s, c;
  __device__ void set(unsigned k, const ConvParams& p) {
    const unsigned rs = divide(k, p.channel_divisor);
    c = remainder_of(k, rs, p.channel_divisor);
    r = divide(rs, p.kernel_width_divisor);
    s = remainder_of(rs, r, p.kernel_width_divisor);
  }
  __device__ void advance(int by, const ConvParams& p) {
    if (POINTWISE) {
      c += by;
      return;
    }
    for (c += by; c >= p.channels; c -= p.channels)
      if (++s == p.kernel_width) s = 0, ++r;
  }
};

// VEC_A elements of neighbouring channels at a time; 1: element by element, from any type and layout.
struct FactorA {
  static constexpr int kVec = VEC_A > 1 ? VEC_A : kPiece;
  static constexpr int kAcross = kDepth / kVec, kStep = BLOCK / kAcross, kRows = (BM + kStep - 1) / kStep;
  const X_TYPE* from[kRows];
  int h[kRows], w[kRows];  // of the window's first tap; far outside for rows that do not exist
  Tap tap;
  int k;

  __device__ FactorA(const X_TYPE* x, int row0, int first_depth, const ConvParams& p) {
    k = first_depth + threadIdx.x % kAcross * kVec;
    tap.set(k, p);
#pragma unroll
    for (int i = 0; i < kRows; ++i) {
      const int m = row0 + threadIdx.x / kAcross + i * kStep;
      const unsigned image = divide(m, p.pixels), pixel = remainder_of(m, image, p.pixels);
      const unsigned oh = divide(pixel, p.out_width), ow = remainder_of(pixel, oh, p.out_width);
      h[i] = int(oh) * p.stride_h - p.pad_h;
      w[i] = int(ow) * p.stride_w - p.pad_w;
      from[i] = x + image * p.x_image + h[i] * p.x_row + w[i] * p.x_column;
      if (m >= p.rows) h[i] = -(1 << 30);
      // Kept, not computed anew for each tile, as the compiler would.
      asm volatile("" : "+l"(from[i]), "+r"(h[i]), "+r"(w[i]));
    }
  }

  __device__ bool inside(int i, const Tap& t, const ConvParams& p) const {
    if (POINTWISE) return h[i] >= 0;
    return unsigned(h[i] + t.r * p.dilation_h) < unsigned(p.height) &  // no branches
           unsigned(w[i] + t.s * p.dilation_w) < unsigned(p.width);
  }
  __device__ i64 offset(const Tap& t, const ConvParams& p) const {
    return POINTWISE ? t.c * p.x_channel
                     : t.r * p.dilation_h * p.x_row + t.s * p.dilation_w * p.x_column + t.c * p.x_channel;
  }

  // The next tile of depth, to `tile`.
  __device__ void load(unsigned tile, const X_TYPE* x, const ConvParams& p) {
    const int column = threadIdx.x % kAcross * kVec, row = threadIdx.x / kAcross;
#if VEC_A > 1
    const i64 at = offset(tap, p);
#pragma unroll
    for (int i = 0; i < kRows; ++i) {
      if (kRows * kStep > BM && row + i * kStep >= BM) break;
      const bool there = (k < p.depth) & inside(i, tap, p);
      copy_async<VEC_A * sizeof(TYPE)>(tile + swizzled(row + i * kStep, column), from[i] + at, there);
    }
    tap.advance(kDepth, p);
#else
    Tap taps[kVec];
    i64 at[kVec];
#pragma unroll
    for (int j = 0; j < kVec; ++j) {
      taps[j].set(k + j, p);
      at[j] = offset(taps[j], p);
    }
#pragma unroll
    for (int i = 0; i < kRows; ++i) {
      if (kRows * kStep > BM && row + i * kStep >= BM) break;
      Vec<TYPE, kVec> v;
#pragma unroll
      for (int j = 0; j < kVec; ++j) {
        const bool there = (k + j < p.depth) & inside(i, taps[j], p);
        v[j] = convert<TYPE>(there ? to_float(from[i][at[j]]) : 0.f);
      }
      store_shared(tile + swizzled(row + i * kStep, column), *reinterpret_cast<const uint4*>(&v));
    }
#endif
    k += kDepth;
  }
};

struct FactorB {
  static constexpr int kVec = VEC_B > 1 ? VEC_B : kPiece;
  static constexpr int kAcross = kDepth / kVec, kStep = BLOCK / kAcross, kRows = (BN + kStep - 1) / kStep;
  const TYPE* from;
  int k;

  __device__ FactorB(const TYPE* weights, int filter0, int first_depth, const ConvParams& p) {
    k = first_depth + threadIdx.x % kAcross * kVec;
    from = weights + (filter0 + threadIdx.x / kAcross) * p.weight_row;
  }

  __device__ void load(unsigned tile, const TYPE* weights, int filter0, const ConvParams& p) {
    const int column = threadIdx.x % kAcross * kVec, row = threadIdx.x / kAcross;
#pragma unroll
    for (int i = 0; i < kRows; ++i) {
      const int n = row + i * kStep;
      if (kRows * kStep > BN && n >= BN) break;
      const TYPE* at = from + i * kStep * p.weight_row + k;
      const bool there = filter0 + n < p.filters;
#if VEC_B > 1
      copy_async<VEC_B * sizeof(TYPE)>(tile + swizzled(n, column), at, there & (k < p.weight_depth));
#else
      Vec<TYPE, kVec> v;
#pragma unroll
      for (int j = 0; j < kVec; ++j) v[j] = there && k + j < p.depth ? at[j] : TYPE{};
      store_shared(tile + swizzled(n, column), *reinterpret_cast<const uint4*>(&v));
#endif
    }
    k += kDepth;
  }
};
