#include "base/half.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ingot {
namespace {

// A small binary float with `E` exponent and `M` mantissa bits, subnormals included. `finite_only` formats
// (E4M3FN) use the top exponent for numbers too and have one NaN.
template <int E, int M, bool kFiniteOnly>
float decode(uint32_t bits) {
  constexpr int kBias = (1 << (E - 1)) - 1;
  const uint32_t mantissa = bits & ((1u << M) - 1);
  const int exponent = static_cast<int>((bits >> M) & ((1u << E) - 1));
  const float sign = (bits >> (E + M)) & 1 ? -1.0f : 1.0f;
  if (exponent == (1 << E) - 1) {
    if constexpr (kFiniteOnly) {
      if (mantissa == (1u << M) - 1) return std::numeric_limits<float>::quiet_NaN();
    } else {
      if (mantissa != 0) return std::numeric_limits<float>::quiet_NaN();
      return sign * std::numeric_limits<float>::infinity();
    }
  }
  if (exponent == 0) return sign * std::ldexp(static_cast<float>(mantissa), 1 - kBias - M);
  return sign * std::ldexp(static_cast<float>(mantissa | (1u << M)), exponent - kBias - M);
}

template <int E, int M, bool kFiniteOnly, bool kSaturate>
uint32_t encode(float value) {
  constexpr int kBias = (1 << (E - 1)) - 1;
  constexpr uint32_t kTop = (1u << E) - 1;
  constexpr uint32_t kNan = kFiniteOnly ? (kTop << M) | ((1u << M) - 1) : (kTop << M) | (1u << (M - 1));
  constexpr uint32_t kMax = kFiniteOnly ? (kTop << M) | ((1u << M) - 2) : ((kTop - 1) << M) | ((1u << M) - 1);
  constexpr uint32_t kOverflow = kSaturate ? kMax : (kTop << M);
  const uint32_t sign = std::signbit(value) ? 1u << (E + M) : 0;
  if (std::isnan(value)) return sign | kNan;
  const float magnitude = std::fabs(value);
  if (std::isinf(magnitude)) return sign | kOverflow;
  int exponent = 1 - kBias;  // zero counts as a subnormal
  if (magnitude > 0) std::frexp(magnitude, &exponent);
  const int scale = std::max(exponent - 1, 1 - kBias);  // exponent of the last representable binade
  // Steps of 2^(scale - M); nearbyint rounds to even and may carry into the next binade, which the sum below
  // absorbs.
  const auto steps = static_cast<uint32_t>(std::nearbyint(std::ldexp(magnitude, M - scale)));
  const uint32_t bits = static_cast<uint32_t>(scale + kBias - 1) * (1u << M) + steps;
  return sign | (bits > kMax ? kOverflow : bits);
}

}  // namespace

float half_bits_to_float(uint16_t bits) { return decode<5, 10, false>(bits); }
uint16_t float_to_half_bits(float value) { return static_cast<uint16_t>(encode<5, 10, false, false>(value)); }

uint16_t float_to_bf16_bits(float value) {
  const auto bits = __builtin_bit_cast(uint32_t, value);
  if (std::isnan(value)) return static_cast<uint16_t>((bits >> 16) | 0x40);
  return static_cast<uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

float f8e4m3_bits_to_float(uint8_t bits) { return decode<4, 3, true>(bits); }
uint8_t float_to_f8e4m3_bits(float value) { return static_cast<uint8_t>(encode<4, 3, true, true>(value)); }
float f8e5m2_bits_to_float(uint8_t bits) { return decode<5, 2, false>(bits); }
uint8_t float_to_f8e5m2_bits(float value) { return static_cast<uint8_t>(encode<5, 2, false, true>(value)); }

}  // namespace ingot
