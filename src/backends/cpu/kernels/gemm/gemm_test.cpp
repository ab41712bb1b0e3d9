#include "backends/cpu/kernels/gemm/gemm.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>

#include "backends/cpu/kernels/testing.h"

namespace ingot::cpu {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();

struct Case {
  GemmDesc desc;
  bool bias = false, residual = false;
};

int64_t count_batches(const GemmDesc& d) {
  int64_t n = 1;
  for (int64_t size : d.batch) n *= size;
  return n;
}

// One product in double precision, written as the definition is.
std::vector<double> reference(const GemmDesc& d, const float* a, const float* b, const float* bias,
                              const float* residual) {
  std::vector<double> c(static_cast<size_t>(d.m * d.n));
  for (int64_t i = 0; i < d.m; ++i) {
    for (int64_t j = 0; j < d.n; ++j) {
      double sum = bias ? bias[j] : 0.0;
      for (int64_t k = 0; k < d.k; ++k) {
        const double x = d.trans_a ? a[k * d.lda + i] : a[i * d.lda + k];
        sum += x * (d.trans_b ? b[j * d.ldb + k] : b[k * d.ldb + j]);
      }
      if (residual) sum += residual[i * d.ld_residual + j];
      if (d.clamp) sum = sum < d.lo ? d.lo : sum > d.hi ? d.hi : sum;
      c[static_cast<size_t>(i * d.n + j)] = sum;
    }
  }
  return c;
}

void check(const Case& test, Isa isa, const GemmTuning& tuning, int threads) {
  const GemmDesc& d = test.desc;
  const int64_t batches = count_batches(d);
  const auto span = [&](int64_t rows, int64_t columns, int64_t ld, const std::vector<int64_t>& strides) {
    int64_t last = rows > 0 && columns > 0 ? (rows - 1) * ld + columns : 0;
    for (size_t i = 0; i < d.batch.size(); ++i) last += (d.batch[i] - 1) * strides[i];
    return last;
  };
  const Guarded<float> a(
      random_floats(d.trans_a ? span(d.k, d.m, d.lda, d.a_batch) : span(d.m, d.k, d.lda, d.a_batch), 1));
  const Guarded<float> b(
      random_floats(d.trans_b ? span(d.n, d.k, d.ldb, d.b_batch) : span(d.k, d.n, d.ldb, d.b_batch), 2));
  const Guarded<float> bias(random_floats(d.n, 3));
  const Guarded<float> residual(
      random_floats(test.residual ? span(d.m, d.n, d.ld_residual, d.residual_batch) : 0, 4));
  Guarded<float> c(random_floats(span(d.m, d.n, d.ldc, d.c_batch), 5));
  Guarded<float> packed(packed_gemm_b_floats(d.n, d.k, isa));
  if (d.b_packed) pack_gemm_b(b.data(), d.ldb, d.trans_b, d.n, d.k, isa, packed.data());

  const Gemm gemm(d, isa, tuning, threads);
  Guarded<float> scratch(gemm.scratch_floats());
  ThreadPool pool(threads);
  gemm.run(pool, {.a = a.data(),
                  .b = d.b_packed ? packed.data() : b.data(),
                  .bias = test.bias ? bias.data() : nullptr,
                  .residual = test.residual ? residual.data() : nullptr,
                  .c = c.data(),
                  .scratch = scratch.data()});
  const std::string label = gemm_name(gemm.tuning(), isa) + " " + std::to_string(d.m) + "x" +
                            std::to_string(d.n) + "x" + std::to_string(d.k);
  for (int64_t i = 0; i < batches; ++i) {
    int64_t rest = i, at[4] = {};
    for (size_t s = d.batch.size(); s-- > 0; rest /= d.batch[s]) {
      const int64_t index = rest % d.batch[s];
      at[0] += index * d.a_batch[s];
      at[1] += index * d.b_batch[s];
      at[2] += index * d.c_batch[s];
      if (test.residual) at[3] += index * d.residual_batch[s];
    }
    const auto want = reference(d, a.data() + at[0], b.data() + at[1], test.bias ? bias.data() : nullptr,
                                test.residual ? residual.data() + at[3] : nullptr);
    std::vector<float> got;
    for (int64_t r = 0; r < d.m; ++r)
      got.insert(got.end(), &c[at[2] + r * d.ldc], &c[at[2] + r * d.ldc] + d.n);
    EXPECT_LT(worst_error(got.data(), want), 2e-5) << label << " batch " << i;
  }
  EXPECT_TRUE(c.intact() && scratch.intact() && packed.intact()) << label << ": wrote outside of its buffers";
}

GemmDesc dense(int64_t m, int64_t n, int64_t k) {
  return {.m = m, .n = n, .k = k, .lda = k, .ldb = n, .ldc = n, .ld_residual = n};
}

TEST(Gemm, EveryTile) {
  for_each_isa([](Isa isa) {
    const TileKernels& kernels = tile_kernels(isa);
    for (int vecs = 1; vecs <= kMaxTileVecs; ++vecs) {
      for (int rows = 1; rows <= kernels.max_rows[vecs - 1]; ++rows) {
        Case test{dense(2 * rows + 1, vecs * kernels.lanes + 3, 37), true, true};
        test.desc.b_packed = true;
        test.desc.clamp = true;
        test.desc.lo = -0.5f;
        test.desc.hi = 6;
        check(test, isa, {.rows = rows, .vecs = vecs, .k_block = 16}, 1);
      }
    }
  });
}

TEST(Gemm, OddShapesTransposedAndThreads) {
  for_each_isa([](Isa isa) {
    for (auto [m, n, k] :
         {std::array<int64_t, 3>{1, 1, 1}, {1, 100, 300}, {3, 17, 0}, {13, 5, 700}, {67, 129, 33}}) {
      for (int form = 0; form < 8; ++form) {
        Case test{dense(m, n, k), (form & 1) != 0, false};
        test.desc.trans_a = form & 1;
        test.desc.trans_b = form & 2;
        test.desc.b_packed = form & 4;
        test.desc.lda = (test.desc.trans_a ? m : k) + form;
        test.desc.ldb = (test.desc.trans_b ? k : n) + 3;
        check(test, isa, {}, 1 + form % 3);
      }
    }
  });
}

TEST(Gemm, CollidingRowsArePacked) {
  for_each_isa([](Isa isa) {
    Case test{dense(29, 200, 1024), true, true};
    EXPECT_EQ(Gemm(test.desc, isa, {}, 2).tuning().pack_a, 1);
    check(test, isa, {}, 2);
    check(test, isa, {.pack_a = 0}, 2);
  });
}

TEST(Gemm, ResidualInPlace) {
  for_each_isa([](Isa isa) {
    const GemmDesc d = dense(20, 40, 700);
    const auto a = random_floats(20 * 700, 1), b = random_floats(700 * 40, 2);
    auto c = random_floats(20 * 40, 3);
    const auto want = reference(d, a.data(), b.data(), nullptr, c.data());
    const Gemm gemm(d, isa, {}, 2);
    Guarded<float> scratch(gemm.scratch_floats());
    ThreadPool pool(2);
    gemm.run(pool,
             {.a = a.data(), .b = b.data(), .residual = c.data(), .c = c.data(), .scratch = scratch.data()});
    EXPECT_LT(worst_error(c.data(), want), 2e-5);
  });
}

TEST(Gemm, BatchesBroadcast) {
  for_each_isa([](Isa isa) {
    for (int threads : {1, 2, 4}) {
      Case test{dense(9, 20, 11), false, true};
      test.desc.batch = {3, 2};
      test.desc.a_batch = {2 * 9 * 11, 9 * 11};
      test.desc.b_batch = {0, 11 * 20};
      test.desc.c_batch = {2 * 9 * 20, 9 * 20};
      test.desc.residual_batch = {9 * 20, 0};
      check(test, isa, {}, threads);
      test.desc.a_batch = {9 * 11, 0};
      test.desc.trans_a = true;
      test.desc.lda = 9;
      check(test, isa, {}, threads);
    }
  });
}

TEST(Gemm, EveryCandidate) {
  for_each_isa([](Isa isa) {
    Case test{dense(50, 90, 600), true, false};
    test.desc.b_packed = true;
    const auto candidates = gemm_candidates(test.desc, isa, 2);
    EXPECT_GE(candidates.size(), 4u);
    for (const GemmTuning& tuning : candidates) check(test, isa, tuning, 2);
  });
}

TEST(Gemm, Empty) {
  for_each_isa([](Isa isa) {
    for (const auto& [m, n, k] : {std::array<int64_t, 3>{0, 5, 7}, {3, 0, 7}, {3, 5, 0}})
      for (const GemmTuning& tuning : gemm_candidates(dense(m, n, k), isa, 2))
        check({dense(m, n, k), true, false}, isa, tuning, 2);
  });
}

TEST(Gemm, ClampKeepsNaNAndInfinityPropagates) {
  for_each_isa([](Isa isa) {
    GemmDesc d = dense(2, 2, 2);
    d.clamp = true;
    d.lo = 0;
    d.hi = kInf;
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const std::vector<float> a = {nan, 1, 1, 1}, b = {1, kInf, 2, -kInf};
    std::vector<float> c(4);
    const Gemm gemm(d, isa, {}, 1);
    Guarded<float> scratch(gemm.scratch_floats());
    ThreadPool pool(1);
    gemm.run(pool, {.a = a.data(), .b = b.data(), .c = c.data(), .scratch = scratch.data()});
    EXPECT_TRUE(std::isnan(c[0]) && std::isnan(c[1]) && std::isnan(c[3]));
    EXPECT_EQ(c[2], 3.0f);
  });
}

TEST(Gemm, PostSeesEachElementOnce) {
  for_each_isa([](Isa isa) {
    GemmDesc d = dense(31, 70, 300);
    const auto a = random_floats(31 * 300, 1), b = random_floats(300 * 70, 2);
    std::vector<float> plain(31 * 70), doubled(31 * 70);
    const Gemm gemm(d, isa, {}, 2);
    Guarded<float> scratch(gemm.scratch_floats());
    ThreadPool pool(2);
    GemmBuffers buffers{.a = a.data(), .b = b.data(), .c = plain.data(), .scratch = scratch.data()};
    gemm.run(pool, buffers);
    buffers.c = doubled.data();
    buffers.post.context = doubled.data();
    buffers.post.run = [](const void* context, const GemmTile& tile) {
      EXPECT_EQ(tile.c, static_cast<const float*>(context) + tile.row * tile.ldc + tile.column);
      for (int64_t r = 0; r < tile.rows; ++r)
        for (int64_t j = 0; j < tile.columns; ++j) tile.c[r * tile.ldc + j] *= 2;
    };
    gemm.run(pool, buffers);
    for (size_t i = 0; i < plain.size(); ++i) ASSERT_EQ(doubled[i], 2 * plain[i]);
  });
}

}  // namespace
}  // namespace ingot::cpu
