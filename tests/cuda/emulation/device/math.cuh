#pragma once

#include "backends/cuda/kernels/device/vector.cuh"

inline float power_of_2(float v) { return std::exp2(v); }
inline float fast_reciprocal(float v) { return 1 / v; }
inline float larger(float a, float b) { return a != a || a > b ? a : b; }
template <class T>
inline unsigned pack(float low, float high) {
  return unsigned(convert<T>(low).bits) | unsigned(convert<T>(high).bits) << 16;
}
template <class T>
inline void unpack(unsigned word, float& low, float& high) {
  low = to_float(T{u16(word)});
  high = to_float(T{u16(word >> 16)});
}
template <class T>
inline unsigned multiply_pairs(unsigned a, unsigned b) {
  float a0, a1, b0, b1;
  unpack<T>(a, a0, a1);
  unpack<T>(b, b0, b1);
  return pack<T>(a0 * b0, a1 * b1);
}
template <class T>
inline unsigned larger_pairs(unsigned a, unsigned b) {
  float a0, a1, b0, b1;
  unpack<T>(a, a0, a1);
  unpack<T>(b, b0, b1);
  return pack<T>(std::fmax(a0, b0), std::fmax(a1, b1));
}
