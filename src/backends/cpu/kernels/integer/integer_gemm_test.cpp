// Products of bytes against plain loops: every sign, zero points, both kinds of kernels, odd sizes.
#include "backends/cpu/kernels/integer/integer_gemm.h"

#include <gtest/gtest.h>

#include "backends/cpu/kernels/testing.h"

namespace ingot::cpu {
namespace {

std::vector<uint8_t> random_bytes(int64_t count, unsigned seed) {
  std::mt19937 engine(seed);
  std::vector<uint8_t> out(static_cast<size_t>(count));
  for (uint8_t& v : out) v = static_cast<uint8_t>(engine());
  return out;
}

int32_t value(uint8_t byte, bool is_signed) { return is_signed ? static_cast<int8_t>(byte) : byte; }

struct Context {
  const uint8_t* a;
  int64_t k, n;
  int32_t* c;
};

void copy_rows(const void* context, int64_t first, int64_t count, uint8_t* to, int64_t stride) {
  const auto& x = *static_cast<const Context*>(context);
  for (int64_t r = 0; r < count; ++r)
    std::memcpy(to + r * stride, x.a + (first + r) * x.k, static_cast<size_t>(x.k));
}
void store_tile(const void* context, const IntegerTile& t) {
  const auto& x = *static_cast<const Context*>(context);
  for (int64_t r = 0; r < t.rows; ++r)
    std::memcpy(x.c + (t.row + r) * x.n + t.column, t.c + r * t.ldc, static_cast<size_t>(t.columns) * 4);
}

void check(const IntegerGemmDesc& d, int64_t zeros_a, int64_t zeros_b, bool trans_b, int threads) {
  const std::vector<uint8_t> a = random_bytes(d.m * d.k, 1), b = random_bytes(d.k * d.n, 2);
  std::vector<int32_t> za, zb, want;
  for (int64_t i = 0; i < zeros_a; ++i) za.push_back(value(static_cast<uint8_t>(40 * i + 200), d.signed_a));
  for (int64_t i = 0; i < zeros_b; ++i) zb.push_back(value(static_cast<uint8_t>(90 * i + 100), d.signed_b));
  for (int64_t i = 0; i < d.m; ++i)
    for (int64_t j = 0; j < d.n; ++j) {
      int32_t sum = 0;
      for (int64_t q = 0; q < d.k; ++q) {
        const int32_t x = value(a[static_cast<size_t>(i * d.k + q)], d.signed_a) -
                          (za.empty() ? 0 : za[za.size() == 1 ? 0 : static_cast<size_t>(i)]);
        const int32_t y = value(b[static_cast<size_t>(trans_b ? j * d.k + q : q * d.n + j)], d.signed_b) -
                          (zb.empty() ? 0 : zb[zb.size() == 1 ? 0 : static_cast<size_t>(j)]);
        sum += x * y;
      }
      want.push_back(sum);
    }
  ThreadPool pool(threads);
  for_each_isa([&](Isa isa) {
    for (bool dot : {false, true}) {
      IntegerGemm gemm;
      gemm.prepare(d, isa, threads, dot);
      Guarded<uint8_t> packed(packed_integer_b_bytes(d.n, d.k, isa)), left(a),
          scratch(static_cast<int64_t>(gemm.scratch_bytes()));
      Guarded<int32_t> c(d.m * d.n);
      pack_integer_b(b.data(), d.signed_b, trans_b ? d.k : d.n, trans_b, d.n, d.k, isa, packed.data());
      const Context context{left.data(), d.k, d.n, c.data()};
      IntegerOperands o{copy_rows, store_tile, &context, packed.data(),
                        za.data(), zb.data(),  zeros_a,  zeros_b};
      gemm.run(pool, o, scratch.data());
      EXPECT_TRUE(std::equal(want.begin(), want.end(), c.data()))
          << isa_name(isa) << " dot " << dot << " " << d.m << "x" << d.n << "x" << d.k;
      EXPECT_TRUE(packed.intact() && left.intact() && scratch.intact() && c.intact());
    }
  });
}

TEST(IntegerGemm, SignsAndZeroPoints) {
  for (bool signed_a : {false, true})
    for (bool signed_b : {false, true})
      for (int64_t zeros_a : {0, 1, 29})
        for (int64_t zeros_b : {0, 1, 37})
          check({29, 37, 18, signed_a, signed_b}, zeros_a, zeros_b, false, 1);
}

TEST(IntegerGemm, SizesAndThreads) {
  for (int threads : {1, 2, 3})
    for (int64_t m : {1, 5, 12, 61})
      for (int64_t n : {1, 16, 31, 70})
        for (int64_t k : {1, 4, 63, 256}) check({m, n, k, true, false}, 1, 1, threads != 2, threads);
  check({7, 40, 4096, false, true}, 1, 0, true, 2);  // rows a multiple of 4 KB apart; many bytes a strip
}

TEST(IntegerGemm, ExtremesDoNotSaturate) {
  const int64_t m = 3, n = 17, k = 64;
  const std::vector<uint8_t> a(static_cast<size_t>(m * k), 255), b(static_cast<size_t>(k * n), 0x80);
  ThreadPool pool(1);
  for_each_isa([&](Isa isa) {
    for (bool dot : {false, true}) {
      IntegerGemm gemm;
      gemm.prepare({m, n, k, false, true}, isa, 1, dot);
      Guarded<uint8_t> packed(packed_integer_b_bytes(n, k, isa)),
          scratch(static_cast<int64_t>(gemm.scratch_bytes()));
      Guarded<int32_t> c(m * n);
      pack_integer_b(b.data(), true, n, false, n, k, isa, packed.data());
      const Context context{a.data(), k, n, c.data()};
      gemm.run(pool, {copy_rows, store_tile, &context, packed.data(), nullptr, nullptr, 0, 0},
               scratch.data());
      for (int64_t i = 0; i < m * n; ++i) EXPECT_EQ(c[i], 255 * -128 * k);
    }
  });
}

}  // namespace
}  // namespace ingot::cpu
