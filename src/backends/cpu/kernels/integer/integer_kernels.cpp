// Tiles of integer products, compiled per ISA: by pairs of 16-bit numbers everywhere, by dot products of
// bytes where AVX-512 VNNI is there.
#include "backends/cpu/kernels/integer/integer_gemm.h"
#include "backends/cpu/kernels/simd/simd.h"

namespace ingot::cpu::INGOT_ISA {
namespace {

#if defined(INGOT_ISA_avx512)
using Register = __m512i;
INGOT_INLINE Register widen(const int8_t* p) {
  return _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i*)p));
}
INGOT_INLINE Register quad(const int16_t* p) {
  int64_t bits;
  std::memcpy(&bits, p, 8);
  return _mm512_set1_epi64(bits);
}
INGOT_INLINE Register add_pairs(Register sum, Register a, Register b) {
  return _mm512_add_epi32(sum, _mm512_madd_epi16(a, b));
}
constexpr int kRows = 12;
#elif defined(INGOT_ISA_avx2)
using Register = __m256i;
INGOT_INLINE Register widen(const int8_t* p) {
  return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i*)p));
}
INGOT_INLINE Register quad(const int16_t* p) {
  int64_t bits;
  std::memcpy(&bits, p, 8);
  return _mm256_set1_epi64x(bits);
}
INGOT_INLINE Register add_pairs(Register sum, Register a, Register b) {
  return _mm256_add_epi32(sum, _mm256_madd_epi16(a, b));
}
constexpr int kRows = 6;
#else
using Register = __m128i;
INGOT_INLINE Register widen(const int8_t* p) { return _mm_cvtepi8_epi16(_mm_loadl_epi64((const __m128i*)p)); }
INGOT_INLINE Register quad(const int16_t* p) {
  int64_t bits;
  std::memcpy(&bits, p, 8);
  return _mm_set1_epi64x(bits);
}
INGOT_INLINE Register add_pairs(Register sum, Register a, Register b) {
  return _mm_add_epi32(sum, _mm_madd_epi16(a, b));
}
constexpr int kRows = 6;
#endif

// A register of sums holds two for each of kLanes / 2 columns: k 0 and 1, k 2 and 3.
template <int R>
void pair_tile(const IntegerTileArgs& t) {
  Register sum[R][2] = {};
  const auto* a = static_cast<const int16_t*>(t.a);
  const int64_t row = t.a_row / 2;
  const int8_t* b = t.b;
  for (int64_t q = 0; q < t.quads; ++q, a += 4, b += 4 * kLanes) {
    const Register low = widen(b), high = widen(b + 2 * kLanes);
#pragma GCC unroll 12
    for (int r = 0; r < R; ++r) {
      const Register av = quad(a + r * row);
      sum[r][0] = add_pairs(sum[r][0], av, low);
      sum[r][1] = add_pairs(sum[r][1], av, high);
    }
  }
  int32_t parts[2 * kLanes];
  for (int r = 0; r < R; ++r) {
    std::memcpy(parts, sum[r], sizeof parts);
    for (int l = 0; l < kLanes; ++l) t.c[r * t.c_row + l] = parts[2 * l] + parts[2 * l + 1];
  }
}

template <int R>
constexpr void fill_pairs(IntegerKernels& table) {
  table.tile[0][R - 1] = &pair_tile<R>;
  if constexpr (R > 1) fill_pairs<R - 1>(table);
}
constexpr IntegerKernels make_pairs() {
  IntegerKernels table{false, kRows, 1, {}};
  fill_pairs<kRows>(table);
  return table;
}

}  // namespace

extern const IntegerKernels kIntegerPairs;
const IntegerKernels kIntegerPairs = make_pairs();

#if defined(INGOT_ISA_avx512)
namespace {

template <int R, int N>
__attribute__((target("avx512vnni"))) void dot_tile(const IntegerTileArgs& t) {
  __m512i sum[R][N] = {};
  const auto* a = static_cast<const uint8_t*>(t.a);
  const int8_t* b = t.b;
  for (int64_t q = 0; q < t.quads; ++q, a += 4, b += 64) {
    __m512i bv[N];
#pragma GCC unroll 2
    for (int n = 0; n < N; ++n) bv[n] = _mm512_loadu_si512(b + n * t.b_vec);
#pragma GCC unroll 12
    for (int r = 0; r < R; ++r) {
      int32_t bits;
      std::memcpy(&bits, a + r * t.a_row, 4);
      const __m512i av = _mm512_set1_epi32(bits);
#pragma GCC unroll 2
      for (int n = 0; n < N; ++n) sum[r][n] = _mm512_dpbusd_epi32(sum[r][n], av, bv[n]);
    }
  }
  for (int r = 0; r < R; ++r)
    for (int n = 0; n < N; ++n) _mm512_storeu_si512(t.c + r * t.c_row + n * 16, sum[r][n]);
}

template <int R>
constexpr void fill_dot(IntegerKernels& table) {
  table.tile[0][R - 1] = &dot_tile<R, 1>;
  table.tile[1][R - 1] = &dot_tile<R, 2>;
  if constexpr (R > 1) fill_dot<R - 1>(table);
}
constexpr IntegerKernels make_dot() {
  IntegerKernels table{true, 12, 2, {}};
  fill_dot<12>(table);
  return table;
}

}  // namespace

extern const IntegerKernels kIntegerDot;
const IntegerKernels kIntegerDot = make_dot();
#endif

}  // namespace ingot::cpu::INGOT_ISA
