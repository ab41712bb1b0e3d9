// 16- and 8-bit floating types: storage plus conversion to and from float (round to nearest even).
#pragma once

#include <cstdint>

namespace ingot {

uint16_t float_to_half_bits(float value);  // IEEE 754 binary16; overflow gives infinity
float half_bits_to_float(uint16_t bits);
uint16_t float_to_bf16_bits(float value);  // NaN stays NaN
inline float bf16_bits_to_float(uint16_t bits) { return __builtin_bit_cast(float, uint32_t{bits} << 16); }
// FP8 of arXiv:2209.05433; saturating as ONNX's Cast with saturate=1.
uint8_t float_to_f8e4m3_bits(float value);
float f8e4m3_bits_to_float(uint8_t bits);
uint8_t float_to_f8e5m2_bits(float value);
float f8e5m2_bits_to_float(uint8_t bits);

struct Half {
  uint16_t bits = 0;
  Half() = default;
  Half(float value) : bits(float_to_half_bits(value)) {}  // NOLINT: a number like float
  operator float() const { return half_bits_to_float(bits); }
};

struct BFloat16 {
  uint16_t bits = 0;
  BFloat16() = default;
  BFloat16(float value) : bits(float_to_bf16_bits(value)) {}  // NOLINT
  operator float() const { return bf16_bits_to_float(bits); }
};

struct Float8E4M3 {
  uint8_t bits = 0;
  Float8E4M3() = default;
  Float8E4M3(float value) : bits(float_to_f8e4m3_bits(value)) {}  // NOLINT
  operator float() const { return f8e4m3_bits_to_float(bits); }
};

struct Float8E5M2 {
  uint8_t bits = 0;
  Float8E5M2() = default;
  Float8E5M2(float value) : bits(float_to_f8e5m2_bits(value)) {}  // NOLINT
  operator float() const { return f8e5m2_bits_to_float(bits); }
};

}  // namespace ingot
