#pragma once

#include <immintrin.h>

inline float half_to_float(unsigned short bits) { return _cvtsh_ss(bits); }
inline unsigned short float_to_half(float v) { return _cvtss_sh(v, _MM_FROUND_TO_NEAREST_INT); }
inline unsigned short float_to_bfloat(float v) {
  unsigned bits;
  std::memcpy(&bits, &v, 4);
  if (std::isnan(v)) return (unsigned short)(bits >> 16 | 0x40);
  return (unsigned short)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}
inline int float_to_i8(float v) {
  return v != v ? 0 : int(std::nearbyint(std::fmin(std::fmax(v, -128.f), 127.f)));
}
inline unsigned float_to_u8(float v) {
  return v != v ? 0 : unsigned(std::nearbyint(std::fmin(std::fmax(v, 0.f), 255.f)));
}
