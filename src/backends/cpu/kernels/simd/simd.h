// Vectors of floats on the compiler's vector extensions: one source, three instruction sets.
//
// Only for sources compiled per ISA (cmake/kernels.cmake). Everything is in ingot::cpu::INGOT_ISA.
#pragma once

#include <immintrin.h>

#include <cstdint>
#include <cstring>

#define INGOT_INLINE inline __attribute__((always_inline))
#define INGOT_LAMBDA_INLINE __attribute__((always_inline))  // after the parameters of a lambda

namespace ingot::cpu::INGOT_ISA {

#if defined(INGOT_ISA_avx512)
inline constexpr int kLanes = 16;
#elif defined(INGOT_ISA_avx2)
inline constexpr int kLanes = 8;
#else
inline constexpr int kLanes = 4;
#endif

typedef float VecF __attribute__((vector_size(kLanes * 4)));
typedef int32_t VecI __attribute__((vector_size(kLanes * 4)));

INGOT_INLINE VecF load(const float* p) {
  VecF v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
INGOT_INLINE void store(float* p, VecF v) { std::memcpy(p, &v, sizeof v); }
INGOT_INLINE VecF broadcast(float x) { return x - VecF{}; }
INGOT_INLINE VecI broadcast_i(int32_t x) { return x - VecI{}; }

/// The first n lanes (0 <= n <= kLanes) from memory, zeros in the others; nothing else is read.
INGOT_INLINE VecF load_tail(const float* p, int n) {
#if defined(INGOT_ISA_avx512)
  return (VecF)_mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p);
#else
  VecF v{};
  std::memcpy(&v, p, static_cast<size_t>(n) * 4);
  return v;
#endif
}
/// The first n lanes to memory; nothing else is written.
INGOT_INLINE void store_tail(float* p, VecF v, int n) {
#if defined(INGOT_ISA_avx512)
  _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), (__m512)v);
#else
  std::memcpy(p, &v, static_cast<size_t>(n) * 4);
#endif
}

INGOT_INLINE VecF fma(VecF a, VecF b, VecF c) { return a * b + c; }  // contracted where the machine has FMA

/// As x86 does: the second operand where either is NaN. relu(x) = max(0, x) thus keeps NaN.
#if defined(INGOT_ISA_avx512)
INGOT_INLINE VecF max(VecF a, VecF b) { return (VecF)_mm512_max_ps((__m512)a, (__m512)b); }
INGOT_INLINE VecF min(VecF a, VecF b) { return (VecF)_mm512_min_ps((__m512)a, (__m512)b); }
#elif defined(INGOT_ISA_avx2)
INGOT_INLINE VecF max(VecF a, VecF b) { return (VecF)_mm256_max_ps((__m256)a, (__m256)b); }
INGOT_INLINE VecF min(VecF a, VecF b) { return (VecF)_mm256_min_ps((__m256)a, (__m256)b); }
#else
INGOT_INLINE VecF max(VecF a, VecF b) { return (VecF)_mm_max_ps((__m128)a, (__m128)b); }
INGOT_INLINE VecF min(VecF a, VecF b) { return (VecF)_mm_min_ps((__m128)a, (__m128)b); }
#endif
/// NaN stays NaN.
INGOT_INLINE VecF clamp(VecF x, VecF lo, VecF hi) { return min(hi, max(lo, x)); }
INGOT_INLINE VecF select(VecI mask, VecF a, VecF b) { return mask ? a : b; }
INGOT_INLINE VecI bits(VecF v) { return (VecI)v; }
INGOT_INLINE VecF from_bits(VecI v) { return (VecF)v; }
INGOT_INLINE VecF abs(VecF v) { return from_bits(bits(v) & broadcast_i(0x7fffffff)); }
INGOT_INLINE VecI is_nan(VecF v) { return v != v; }

INGOT_INLINE VecF sqrt(VecF v) {
#if defined(INGOT_ISA_avx512)
  return (VecF)_mm512_sqrt_ps((__m512)v);
#elif defined(INGOT_ISA_avx2)
  return (VecF)_mm256_sqrt_ps((__m256)v);
#else
  return (VecF)_mm_sqrt_ps((__m128)v);
#endif
}

/// To the nearest integer, ties to even.
INGOT_INLINE VecF round(VecF v) {
#if defined(INGOT_ISA_avx512)
  return (VecF)_mm512_roundscale_ps((__m512)v, 0x08);
#elif defined(INGOT_ISA_avx2)
  return (VecF)_mm256_round_ps((__m256)v, 0x08);
#else
  return (VecF)_mm_round_ps((__m128)v, 0x08);
#endif
}
INGOT_INLINE VecF floor(VecF v) {
  const VecF r = round(v);
  return r > v ? r - 1.0f : r;
}
INGOT_INLINE VecF ceil(VecF v) {
  const VecF r = round(v);
  return r < v ? r + 1.0f : r;
}
INGOT_INLINE VecI to_int(VecF v) { return __builtin_convertvector(v, VecI); }
INGOT_INLINE VecF to_float(VecI v) { return __builtin_convertvector(v, VecF); }

INGOT_INLINE float sum(VecF v) {
#if defined(INGOT_ISA_avx512)
  return _mm512_reduce_add_ps((__m512)v);
#elif defined(INGOT_ISA_avx2)
  return ((v[0] + v[4]) + (v[1] + v[5])) + ((v[2] + v[6]) + (v[3] + v[7]));
#else
  return (v[0] + v[2]) + (v[1] + v[3]);
#endif
}
/// NaN where any lane is NaN.
INGOT_INLINE float max_of(VecF v) {
#pragma GCC unroll 4
  for (int distance = kLanes / 2; distance > 0; distance /= 2) {
    VecI across{};
#pragma GCC unroll 16
    for (int l = 0; l < kLanes; ++l) across[l] = l ^ distance;
    v = select(is_nan(v), v, max(v, __builtin_shuffle(v, across)));
  }
  return v[0];
}

}  // namespace ingot::cpu::INGOT_ISA
