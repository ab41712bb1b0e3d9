// Float products by matrix instructions on TF32, of which to_tf32 and mma_tf32 are one.
#pragma once

// EXACT: each factor as a sum of two TF32 numbers, all products but that of the two small ones, each step of
// the depth in a sum of its own: the units cut off what lies below the last bit of the sum that they add to,
// which over a long depth is ten times what rounding leaves.
#ifndef EXACT
#define EXACT 0
#endif
template <>
struct Mma<float> {
  static __device__ void run(float* d, const unsigned (&a)[4], unsigned b0, unsigned b1) {
    unsigned high[4], low[4];
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      high[i] = to_tf32(__uint_as_float(a[i]));
      low[i] = to_tf32(__uint_as_float(a[i]) - __uint_as_float(high[i]));
    }
    const unsigned h0 = to_tf32(__uint_as_float(b0)), h1 = to_tf32(__uint_as_float(b1));
    if (!EXACT) return mma_tf32(d, high, h0, h1);
    float step[4] = {};
    mma_tf32(step, low, h0, h1);
    mma_tf32(step, high, to_tf32(__uint_as_float(b0) - __uint_as_float(h0)),
             to_tf32(__uint_as_float(b1) - __uint_as_float(h1)));
    mma_tf32(step, high, h0, h1);
#pragma unroll
    for (int i = 0; i < 4; ++i) d[i] += step[i];
  }
};
