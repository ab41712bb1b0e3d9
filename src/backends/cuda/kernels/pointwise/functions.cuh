// The instructions of pointwise programs (ops/pointwise_instructions.inc) as device functions of the type
// that a program computes in: float, double, or i64 for those that make sense on integers.
#pragma once

#include "backends/cuda/kernels/device/math.cuh"
#include "backends/cuda/kernels/device/types.cuh"

namespace program {

#define INGOT_FUNCTION \
  template <class T>   \
  __device__ inline T

INGOT_FUNCTION add(T a, T b) { return a + b; }
INGOT_FUNCTION sub(T a, T b) { return a - b; }
INGOT_FUNCTION mul(T a, T b) { return a * b; }
INGOT_FUNCTION div(T a, T b) { return a / b; }
INGOT_FUNCTION max(T a, T b) { return a != a || a > b ? a : b; }
INGOT_FUNCTION min(T a, T b) { return a != a || a < b ? a : b; }
INGOT_FUNCTION pow(T a, T b) { return ::pow(a, b); }
INGOT_FUNCTION mod(T a, T b) { return fmod(a, b); }
__device__ inline i64 mod(i64 a, i64 b) { return a % b; }

INGOT_FUNCTION neg(T a) { return -a; }
INGOT_FUNCTION abs(T a) { return a < T(0) ? -a : a; }
__device__ inline float abs(float a) { return fabsf(a); }
INGOT_FUNCTION sqrt(T a) { return ::sqrt(a); }
INGOT_FUNCTION rsqrt(T a) { return ::rsqrt(a); }
INGOT_FUNCTION reciprocal(T a) { return T(1) / a; }
INGOT_FUNCTION exp(T a) { return ::exp(a); }
INGOT_FUNCTION log(T a) { return ::log(a); }
INGOT_FUNCTION sin(T a) { return ::sin(a); }
INGOT_FUNCTION cos(T a) { return ::cos(a); }
INGOT_FUNCTION tanh(T a) { return ::tanh(a); }
INGOT_FUNCTION erf(T a) { return ::erf(a); }
INGOT_FUNCTION floor(T a) { return ::floor(a); }
INGOT_FUNCTION ceil(T a) { return ::ceil(a); }
INGOT_FUNCTION round(T a) { return ::rint(a); }  // halves to even
INGOT_FUNCTION sign(T a) { return a != a ? a : T(int(a > T(0)) - int(a < T(0))); }

INGOT_FUNCTION sigmoid(T a) { return T(1) / (T(1) + ::exp(-a)); }
// e^-a as a power of 2: within 1e-6 where |a| < 16.
__device__ inline float sigmoid(float a) { return fast_reciprocal(1.f + power_of_2(-1.44269504f * a)); }
INGOT_FUNCTION silu(T a) { return a / (T(1) + ::exp(-a)); }
// At -infinity it is NaN, as in the instruction's own definition.
__device__ inline float silu(float a) { return a * sigmoid(a); }
INGOT_FUNCTION relu(T a) { return a < T(0) ? T(0) : a; }
__device__ inline float relu(float a) { return larger(a, 0.f); }
INGOT_FUNCTION leakyrelu(T a, T b) { return a < T(0) ? b * a : a; }
INGOT_FUNCTION prelu(T a, T b) { return a < T(0) ? b * a : a; }
INGOT_FUNCTION elu(T a, T b) { return a < T(0) ? b * expm1(a) : a; }
INGOT_FUNCTION hardsigmoid(T a, T b, T c) {
  const T y = a * b + c;
  return y < T(0) ? T(0) : y > T(1) ? T(1) : y;
}
INGOT_FUNCTION hardswish(T a) { return a <= T(-3) ? T(0) : a >= T(3) ? a : a * (a * T(1.0 / 6) + T(0.5)); }
INGOT_FUNCTION gelu(T a) { return T(0.5) * a * (T(1) + ::erf(a * T(0.70710678118654752))); }
#if NARROW_RESULT
// For results of 16 bits, within 6e-5: what is missing to a or to 0 is |a| times a power of 2, whose exponent
// is nearly a cubic. Half the instructions of a polynomial as near; they take turns with those that multiply
// matrices. Infinities give NaN.
__device__ inline float gelu(float a) {
  const float x = fabsf(a),
              exponent = -1.00353169f + x * (-1.12924588f + x * (-0.498820096f + x * -0.0248856116f));
  return fmaxf(a, 0.f) - x * power_of_2(exponent);
}
#else
// With erfc as in Abramowitz and Stegun, 7.1.26, within 1.5e-7 (infinities give NaN); the constants are for
// |a| in place of |a| / sqrt(2), and for -erfc / 2.
__device__ inline float gelu(float a) {
  const float x = fabsf(a), t = fast_reciprocal(1.f + 0.23164189f * x);
  const float series =
      -0.127414796f + t * (0.142248368f + t * (-0.7107068705f + t * (0.7265760135f + t * -0.5307027145f)));
  return fmaxf(a, 0.f) + x * (series * t * power_of_2(-0.72134752f * a * a));
}
#endif
INGOT_FUNCTION gelu_tanh(T a) {
  return T(0.5) * a * (T(1) + ::tanh(T(0.79788456080286536) * (a + T(0.044715) * a * a * a)));
}
INGOT_FUNCTION softplus(T a) { return a > T(0) ? a + log1p(::exp(-a)) : log1p(::exp(a)); }
INGOT_FUNCTION softsign(T a) { return a / (T(1) + (a < T(0) ? -a : a)); }
INGOT_FUNCTION mish(T a) { return a * ::tanh(softplus(a)); }
INGOT_FUNCTION clip(T a, T b, T c) {
  const T low = a < b ? b : a;  // NaN stays
  return low > c ? c : low;
}

INGOT_FUNCTION equal(T a, T b) { return T(a == b); }
INGOT_FUNCTION less(T a, T b) { return T(a < b); }
INGOT_FUNCTION greater(T a, T b) { return T(a > b); }
INGOT_FUNCTION less_equal(T a, T b) { return T(a <= b); }
INGOT_FUNCTION greater_equal(T a, T b) { return T(a >= b); }
INGOT_FUNCTION logical_not(T a) { return T(a == T(0)); }
INGOT_FUNCTION logical_and(T a, T b) { return T(a != T(0) && b != T(0)); }
INGOT_FUNCTION logical_or(T a, T b) { return T(a != T(0) || b != T(0)); }
INGOT_FUNCTION logical_xor(T a, T b) { return T((a != T(0)) != (b != T(0))); }
INGOT_FUNCTION select(T a, T b, T c) { return a != T(0) ? b : c; }

}  // namespace program
