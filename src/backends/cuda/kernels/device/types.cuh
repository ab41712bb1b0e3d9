// Element types of kernels, and their conversion to and from float. NVRTC has no include paths, so CUDA's own
// headers for 16- and 8-bit floats are not there.
#pragma once

#include "backends/cuda/kernels/device/half.cuh"

using i8 = signed char;
using u8 = unsigned char;
using i16 = short;
using u16 = unsigned short;
using i64 = long long;
using u64 = unsigned long long;

struct f16 {
  u16 bits;
};
struct bf16 {
  u16 bits;
};
struct f8e4m3 {
  u8 bits;
};
struct f8e5m2 {
  u8 bits;
};

__device__ inline float to_float(f16 v) { return half_to_float(v.bits); }
__device__ inline float to_float(bf16 v) { return __uint_as_float(unsigned(v.bits) << 16); }

// FP8 by integers where there are no conversion instructions (they need sm_89). A half has the exponent width
// of E5M2.
__device__ inline float to_float(f8e5m2 v) { return to_float(f16{u16(v.bits << 8)}); }
__device__ inline float to_float(f8e4m3 v) {
#if __CUDA_ARCH__ >= 890
  unsigned pair;
  asm("cvt.rn.f16x2.e4m3x2 %0, %1;" : "=r"(pair) : "h"(u16(v.bits)));
  return to_float(f16{u16(pair)});
#endif
  if ((v.bits & 0x7f) == 0x7f) return __uint_as_float(0x7fc00000u);
  const unsigned magnitude = unsigned(v.bits & 0x7f) << 20;  // as float bits with an exponent 120 too low
  const float f = __uint_as_float(magnitude) * __uint_as_float((127u + 120u) << 23);
  return v.bits & 0x80 ? -f : f;
}

template <class T>
__device__ inline T to_float(T v) {  // others convert by themselves
  return v;
}

// From float (or another computing type) to what is stored. Integers truncate, bool is "not zero".
template <class T>
struct Converter {
  template <class C>
  static __device__ T from(C v) {
    return T(v);
  }
};
template <>
struct Converter<bool> {
  template <class C>
  static __device__ bool from(C v) {
    return v != C(0);
  }
};
template <>
struct Converter<f16> {
  static __device__ f16 from(float v) { return {float_to_half(v)}; }
};
template <>
struct Converter<bf16> {
  static __device__ bf16 from(float v) { return {float_to_bfloat(v)}; }
};
// Rounds to nearest even and saturates, as ONNX's Cast does; EXPONENT and MANTISSA bits, largest finite
// value.
template <int EXPONENT, int MANTISSA>
__device__ inline u8 to_f8_bits(float v, float largest) {
  const u8 sign = __float_as_uint(v) >> 31 ? 0x80 : 0;
  float magnitude = fabsf(v);
  if (isnan(v)) return sign | 0x7f;
  magnitude = fminf(magnitude, largest);
  constexpr int kBias = (1 << (EXPONENT - 1)) - 1;
  const float smallest_normal = __uint_as_float(unsigned(127 + 1 - kBias) << 23);
  if (magnitude < smallest_normal) {  // steps of equal size: the smallest normal over 2^MANTISSA
    const float step = __uint_as_float(unsigned(127 + 1 - kBias - MANTISSA) << 23);
    return sign | u8(__float2uint_rn(magnitude / step));
  }
  unsigned bits = __float_as_uint(magnitude);
  constexpr int kDropped = 23 - MANTISSA;
  bits += (1u << (kDropped - 1)) - 1 + (bits >> kDropped & 1);
  return sign | u8((bits >> kDropped) - (unsigned(127 - kBias) << MANTISSA));
}
template <>
struct Converter<f8e4m3> {
  static __device__ f8e4m3 from(float v) {
#if __CUDA_ARCH__ >= 890
    u16 pair;
    asm("cvt.rn.satfinite.e4m3x2.f32 %0, %1, %2;" : "=h"(pair) : "f"(0.f), "f"(v));
    return {u8(pair)};
#else
    return {to_f8_bits<4, 3>(v, 448.f)};
#endif
  }
};
template <>
struct Converter<f8e5m2> {
  static __device__ f8e5m2 from(float v) { return {to_f8_bits<5, 2>(v, 57344.f)}; }
};

template <class T, class C>
__device__ inline T convert(C v) {
  return Converter<T>::from(v);
}

// What tensor cores sum products of a type in.
template <class T>
struct SumOfProducts {
  using type = float;
};
template <>
struct SumOfProducts<i8> {
  using type = int;
};

// What quantized layers store: integers are rounded to nearest, halves to even, and saturate.
template <class T>
struct Rounder : Converter<T> {};
template <>
struct Rounder<i8> {
  static __device__ i8 from(float v) { return i8(float_to_i8(v)); }
};
template <>
struct Rounder<u8> {
  static __device__ u8 from(float v) { return u8(float_to_u8(v)); }
};
template <class T>
__device__ inline T rounded(float v) {
  return Rounder<T>::from(v);
}

// To what programs compute in: float, double or i64.
template <class C, class T>
__device__ inline C widen(T v) {
  return C(to_float(v));
}
