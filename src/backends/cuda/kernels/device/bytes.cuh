// Integers of a byte to float and back, by additions: the instructions made for it run at an eighth of their
// rate. 2^23 and 1.5 * 2^23 as floats have whole numbers in their lower bits.
#pragma once

#include "backends/cuda/kernels/device/types.cuh"

template <class T>
struct IsByte {
  static constexpr bool value = false;
};
template <>
struct IsByte<i8> {
  static constexpr bool value = true;
};
template <>
struct IsByte<u8> : IsByte<i8> {};

// Those of a word's lower half.
template <class T>
__device__ inline void unpack_bytes(unsigned half, float& low, float& high) {
  constexpr bool kSigned = T(-1) < T(0);
  const unsigned bytes = kSigned ? half ^ 0x8080u : half;
  const float zero = kSigned ? 8388608.f + 128.f : 8388608.f;
  low = __uint_as_float(__byte_perm(bytes, 0x4b000000u, 0x7440)) - zero;
  high = __uint_as_float(__byte_perm(bytes, 0x4b000000u, 0x7441)) - zero;
}
// And back: to nearest, halves to even, saturated; NaN becomes the least number, or zero if asked for.
template <class T, bool NAN_IS_ZERO = false>
__device__ inline float whole_byte(float v) {
  constexpr float kLeast = T(-1) < T(0) ? -128.f : 0.f;
  if (NAN_IS_ZERO && kLeast < 0) v = v == v ? v : 0.f;
  return fminf(fmaxf(v, kLeast), kLeast + 255.f) + 12582912.f;
}
template <class T, bool NAN_IS_ZERO = false>
__device__ inline unsigned pack_bytes(float low, float high) {
  return __byte_perm(__float_as_uint(whole_byte<T, NAN_IS_ZERO>(low)),
                     __float_as_uint(whole_byte<T, NAN_IS_ZERO>(high)), 0x0040) &
         0xffffu;
}
// Two results as they are stored; sums of integers are no NaN. A template, since the words of a byte are no
// floats where T is one.
template <class T, bool NAN_IS_ZERO>
__device__ inline void round_pair(float a, float b, T& first, T& second) {
  if constexpr (IsByte<T>::value) {
    const unsigned both = pack_bytes<T, NAN_IS_ZERO>(a, b);
    first = T(both), second = T(both >> 8);
  } else {
    first = rounded<T>(a), second = rounded<T>(b);
  }
}
