// Between floats and 8-bit integers: quantizing, back, and the end of integer layers.
#pragma once

#include <cstdint>

#include "backends/cpu/kernels/simd/isa.h"
#include "base/threads.h"

namespace ingot::cpu {

struct QuantizeKernels {
  /// y = saturate(round(x / scale) + zero), halves to even; bytes with or without sign.
  void (*quantize)(const float* x, int64_t n, float scale, int32_t zero, bool is_signed, uint8_t* y);
  /// y = (x - zero) * scale
  void (*dequantize)(const uint8_t* x, int64_t n, float scale, int32_t zero, bool is_signed, float* y);
  /// The same of 32-bit integers, which have no zero point.
  void (*dequantize_i32)(const int32_t* x, int64_t n, float scale, float* y);
  /// y[i] = saturate(round((c[i] + bias[i]) * factors[i]) + zero); bias may be null.
  void (*requantize)(const int32_t* c, const int32_t* bias, const double* factors, int64_t n, int32_t zero,
                     bool is_signed, uint8_t* y);
  /// The lowest and the highest of n floats and 0.
  void (*range)(const float* x, int64_t n, float* low, float* high);
};
const QuantizeKernels& quantize_kernels(Isa isa);

/// A tensor as [outer, size, inner] with a scale (and a zero point) for each index of `size`.
struct QuantizeDesc {
  int64_t outer = 1, size = 1, inner = 1;
};
void quantize(ThreadPool& pool, Isa isa, const QuantizeDesc& desc, const float* x, const float* scale,
              const int32_t* zero, bool is_signed, uint8_t* y);
void dequantize(ThreadPool& pool, Isa isa, const QuantizeDesc& desc, const uint8_t* x, const float* scale,
                const int32_t* zero, bool is_signed, float* y);
void dequantize_i32(ThreadPool& pool, Isa isa, const QuantizeDesc& desc, const int32_t* x, const float* scale,
                    float* y);
/// Scale and zero point of unsigned bytes that hold all of x and 0, then x as such bytes.
void quantize_dynamically(ThreadPool& pool, Isa isa, int64_t n, const float* x, float* scale, uint8_t* zero,
                          uint8_t* y);

}  // namespace ingot::cpu
