// Transcendental functions on vectors of floats, to a few units in the last place.
//
// Only for sources compiled per ISA. The polynomials and rational functions are weighted minimax fits made
// for these intervals; every function keeps NaN, and gives the limits at the infinities.
#pragma once

#include <math.h>

#include "backends/cpu/kernels/simd/simd.h"

namespace ingot::cpu::INGOT_ISA {

/// c[0] + c[1] x + ... + c[n - 1] x^(n - 1)
template <int n>
INGOT_INLINE VecF polynomial(VecF x, const float (&c)[n]) {
  VecF y = broadcast(c[n - 1]);
#pragma GCC unroll 16
  for (int i = n - 2; i >= 0; --i) y = fma(y, x, broadcast(c[i]));
  return y;
}

/// x = n ln 2 + r with |r| <= ln 2 / 2; `quotient` is (e^r - 1 - r) / r^2.
struct ExpParts {
  VecF n, r, quotient;
};
INGOT_INLINE ExpParts exp_parts(VecF x) {
  const VecF n = round(x * 1.44269504f);
  VecF r = fma(n, broadcast(-0.693359375f), x);  // the high part is exact times any such n
  r = fma(n, broadcast(2.12194440e-4f), r);
  return {n, r, polynomial(r, {0.4999999305f, 0.1666651479f, 0.0416684568f, 0.0083694188f, 0.0013813144f})};
}
/// 2^n for whole -127 < n < 128
INGOT_INLINE VecF exp2_whole(VecF n) { return from_bits((to_int(n) + 127) << 23); }

/// Results below the smallest normal number are 0.
INGOT_INLINE VecF exp(VecF x) {
  const VecF bounded = clamp(x, broadcast(-87.3f), broadcast(89.0f));
  const ExpParts p = exp_parts(bounded);
  const VecF y = fma(p.r * p.r, p.quotient, p.r) + 1.0f;
#if defined(INGOT_ISA_avx512)
  const VecF scaled = (VecF)_mm512_scalef_ps((__m512)y, (__m512)p.n);
#else
  const VecF scaled = (y + y) * exp2_whole(p.n - 1.0f);  // n may be 128
#endif
  return select(x < -87.3f, VecF{}, scaled);
}

/// e^x - 1 for x <= 0, accurate near 0
INGOT_INLINE VecF expm1_negative(VecF x) {
  const ExpParts p = exp_parts(max(broadcast(-20.0f), x));
  const VecF scale = exp2_whole(p.n);
  return fma(scale, fma(p.r * p.r, p.quotient, p.r), scale - 1.0f);
}

INGOT_INLINE VecF log(VecF x) {
  const VecI tiny = x < 1.17549435e-38f;
  const VecF normal = select(tiny, x * 8388608.0f, x);
  const VecI magnitude = bits(normal) & 0x7fffffff;      // what is negative becomes NaN below
  const VecI exponent = (magnitude - 0x3f3504f3) >> 23;  // the mantissa lies in [sqrt(1/2), sqrt(2))
  const VecF m = from_bits(magnitude - (exponent << 23)) - 1.0f;
  const VecF e = to_float(exponent) - select(tiny, broadcast(23.0f), VecF{});
  const VecF q = polynomial(m, {0.3333333171f, -0.2500082104f, 0.2000122687f, -0.166233573f, 0.1420175823f,
                                -0.1316018306f, 0.1276157564f, -0.0763449302f});
  const VecF m2 = m * m;
  VecF y = fma(m2 * m, q, e * -2.12194440e-4f);
  y = fma(m2, broadcast(-0.5f), y) + m;
  y = fma(e, broadcast(0.693359375f), y);
  const float inf = __builtin_inff();
  y = select(x == 0.0f, broadcast(-inf), y);
  y = select(x == inf, broadcast(inf), y);
  return select((x < 0.0f) | is_nan(x), broadcast(__builtin_nanf("")), y);
}
/// log(1 + x) for 0 <= x <= 1
INGOT_INLINE VecF log1p_unit(VecF x) {
  const VecF u = 1.0f + x;
  const VecF rounded = u - 1.0f;  // the part of x that u holds
  return select(rounded == 0.0f, x, log(u) * (x / rounded));
}

/// 1 / x for positive x up to 2^126. A division of 512 bits takes as long as a whole exponential.
INGOT_INLINE VecF reciprocal(VecF x) {
#if defined(INGOT_ISA_avx512)
  const VecF r = (VecF)_mm512_rcp14_ps((__m512)x);
  return fma(r, fma(-x, r, broadcast(1)), r);
#else
  return 1.0f / x;
#endif
}

INGOT_INLINE VecF tanh(VecF x) {
  const VecF v = clamp(x, broadcast(-9.0f), broadcast(9.0f)), s = v * v;
  return v *
         polynomial(s, {9.9999997948e-01f, 1.3381024269e-01f, 3.4955865186e-03f, 2.0609057282e-05f,
                        1.3354629931e-08f}) *
         reciprocal(polynomial(
             s, {1.0f, 4.6714339868e-01f, 2.5876976014e-02f, 3.2856322453e-04f, 7.7765447069e-07f}));
}
INGOT_INLINE VecF erf(VecF x) {
  const VecF v = clamp(x, broadcast(-3.93f), broadcast(3.93f)), s = v * v;
  return v *
         polynomial(s, {1.1283791454e+00f, 1.9078086094e-01f, 5.2789911763e-02f, 3.7794891258e-03f,
                        2.8480708068e-04f, 2.0420070743e-06f}) *
         reciprocal(polynomial(s, {1.0f, 5.0240785572e-01f, 1.1425631204e-01f, 1.4997193131e-02f,
                                   1.1651859858e-03f, 3.8004376509e-05f}));
}
/// e^x for x <= 0, 0 below -87.7: the sum that rounds x log2(e) to n leaves 127 + n in its low bits, an
/// exponent.
INGOT_INLINE VecF exp_negative(VecF x) {
  const VecF d = max(broadcast(-88.0f), x), log2e = broadcast(1.44269504f),
             shift = broadcast(0x1.8p23f + 127);
  const VecF shifted = fma(d, log2e, shift);
  const VecF r = fma(d, log2e, shift - shifted);
  return polynomial(r, {1.0f, 0.6931469769f, 0.2402224111f, 0.0555073452f, 0.0096715765f, 0.0013264645f}) *
         from_bits(bits(shifted) << 23);
}
/// 1 / (1 + 2^(n + r)): the sum that rounds -x log2(e) to n leaves 127 + n in its low bits, an exponent.
/// Where the result is below 1e-8, its error grows to ten units.
INGOT_INLINE VecF sigmoid(VecF x) {
  const VecF t = clamp(x, broadcast(-87.0f), broadcast(87.0f)), minus_log2e = broadcast(-1.44269504f);
  const VecF shift = broadcast(0x1.8p23f + 127);
  const VecF shifted = fma(t, minus_log2e, shift);
  const VecF r = fma(t, minus_log2e, shift - shifted);
  const VecF y =
      polynomial(r, {1.0f, 0.6931469769f, 0.2402224111f, 0.0555073452f, 0.0096715765f, 0.0013264645f});
  return select(x < -87.0f, VecF{}, reciprocal(fma(y, from_bits(bits(shifted) << 23), broadcast(1))));
}
INGOT_INLINE VecF softplus(VecF x) { return max(VecF{}, x) + log1p_unit(exp(-abs(x))); }
INGOT_INLINE VecF gelu(VecF x) {
  const VecF half = 0.5f * x;
  return fma(half, erf(x * 0.70710678f), half);
}
INGOT_INLINE VecF gelu_tanh(VecF x) {
  const VecF half = 0.5f * x;
  return fma(half, tanh(0.79788456f * fma(0.044715f * x * x, x, x)), half);
}

/// fn of each lane, for what has no vector form worth its size.
template <class F>
INGOT_INLINE VecF per_lane(VecF a, VecF b, F fn) {
  for (int i = 0; i < kLanes; ++i) a[i] = fn(a[i], b[i]);
  return a;
}

/// sin(x + quarters * pi / 2)
INGOT_INLINE VecF sine(VecF x, int quarters) {
  const VecI large = abs(x) > 8000.0f;  // beyond, the reduction below loses digits
  int any = 0;
  for (int i = 0; i < kLanes; ++i) any |= large[i];
  if (any) return per_lane(x, x, [quarters](float v, float) { return quarters ? cosf(v) : sinf(v); });
  const VecF n = round(x * 0.636619772f);
  VecF r = fma(n, broadcast(-1.5703125f), x);  // pi / 2 in three parts
  r = fma(n, broadcast(-4.837512969970703e-4f), r);
  r = fma(n, broadcast(-7.549789955e-8f), r);
  const VecF s = r * r;
  const VecF sin =
      fma(s * r,
          polynomial(s, {-1.6666666639e-01f, 8.3333290561e-03f, -1.9839232662e-04f, 2.7173667194e-06f}), r);
  const VecF cos = fma(
      s * s, polynomial(s, {4.1666666616e-02f, -1.3888883163e-03f, 2.4799372704e-05f, -2.7198626437e-07f}),
      1.0f - 0.5f * s);
  const VecI quadrant = to_int(n) + quarters;
  const VecF y = select((quadrant & 1) == 1, cos, sin);
  return select((quadrant & 2) == 2, -y, y);
}

}  // namespace ingot::cpu::INGOT_ISA
