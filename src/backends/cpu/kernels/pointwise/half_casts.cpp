// Loops between float32 and 16-bit floats, compiled per ISA.
#include "backends/cpu/kernels/pointwise/half_casts.h"

#include "backends/cpu/kernels/simd/simd.h"

namespace ingot {
// Of base/half.h, whose inline functions must not be compiled here.
uint16_t float_to_half_bits(float value);
float half_bits_to_float(uint16_t bits);
}  // namespace ingot

namespace ingot::cpu::INGOT_ISA {
namespace {

typedef uint16_t Halves __attribute__((vector_size(kLanes * 2)));

#if defined(INGOT_ISA_avx512)
INGOT_INLINE VecF widen(Halves v) { return (VecF)_mm512_cvtph_ps((__m256i)v); }
INGOT_INLINE Halves narrow(VecF v) { return (Halves)_mm512_cvtps_ph((__m512)v, _MM_FROUND_TO_NEAREST_INT); }
#elif defined(INGOT_ISA_avx2)
INGOT_INLINE VecF widen(Halves v) { return (VecF)_mm256_cvtph_ps((__m128i)v); }
INGOT_INLINE Halves narrow(VecF v) { return (Halves)_mm256_cvtps_ph((__m256)v, _MM_FROUND_TO_NEAREST_INT); }
#else
INGOT_INLINE VecF widen(Halves v) {
  VecF out;
  for (int l = 0; l < kLanes; ++l) out[l] = half_bits_to_float(v[l]);
  return out;
}
INGOT_INLINE Halves narrow(VecF v) {
  Halves out;
  for (int l = 0; l < kLanes; ++l) out[l] = float_to_half_bits(v[l]);
  return out;
}
#endif
INGOT_INLINE VecF widen_bf16(Halves v) { return from_bits(__builtin_convertvector(v, VecI) << 16); }
INGOT_INLINE Halves narrow_bf16(VecF v) {
  const VecI up = bits(v), rounded = up + 0x7fff + ((up >> 16) & 1);
  return __builtin_convertvector((is_nan(v) ? up | 0x400000 : rounded) >> 16, Halves);  // a NaN stays quiet
}

// fn on each vector; the last one is filled up with zeros.
template <class V, class W, class From, class To, class F>
INGOT_INLINE void over(const From* x, int64_t n, To* y, F&& fn) {
  for (int64_t i = 0; i < n; i += kLanes) {
    const size_t count = n - i < kLanes ? static_cast<size_t>(n - i) : static_cast<size_t>(kLanes);
    V from{};
    std::memcpy(&from, x + i, count * sizeof(From));
    const W to = fn(from);
    std::memcpy(y + i, &to, count * sizeof(To));
  }
}

void f16_to_f32(const uint16_t* x, int64_t n, float* y) { over<Halves, VecF>(x, n, y, widen); }
void f32_to_f16(const float* x, int64_t n, uint16_t* y) { over<VecF, Halves>(x, n, y, narrow); }
void bf16_to_f32(const uint16_t* x, int64_t n, float* y) { over<Halves, VecF>(x, n, y, widen_bf16); }
void f32_to_bf16(const float* x, int64_t n, uint16_t* y) { over<VecF, Halves>(x, n, y, narrow_bf16); }

}  // namespace

extern const HalfCasts kHalfCasts;
const HalfCasts kHalfCasts{f16_to_f32, f32_to_f16, bf16_to_f32, f32_to_bf16};

}  // namespace ingot::cpu::INGOT_ISA
