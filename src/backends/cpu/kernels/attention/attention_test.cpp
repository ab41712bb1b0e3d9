// Attention against plain loops in double precision: merged buffers, masks, causal rows, shared heads, odd
// sizes.
#include "backends/cpu/kernels/attention/attention.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "backends/cpu/kernels/testing.h"

namespace ingot::cpu {
namespace {

enum class Mask { kNone, kKeys, kFull };

void check(AttentionDesc d, Mask mask_kind, int threads) {
  // Q, K and V in one buffer [B, S, H D + KV D + KV DV]
  const int64_t q_width = d.heads * d.dim, k_width = d.kv_heads * d.dim,
                width = q_width + k_width + d.kv_heads * d.value_dim;
  const int64_t rows = std::max(d.queries, d.keys), o_width = d.heads * d.value_dim;
  d.q = d.k = d.v = {rows * width, d.dim, width};
  d.v.head = d.value_dim;
  d.o = {d.queries * o_width, d.value_dim, o_width};
  d.mask = mask_kind == Mask::kKeys
               ? AttentionStrides{d.keys, 0, 0}
               : AttentionStrides{d.heads * d.queries * d.keys, d.queries * d.keys, d.keys};
  const Guarded<float> merged(random_floats(d.batch * rows * width, 1, -2, 2));
  Guarded<float> mask(random_floats(d.batch * d.heads * d.queries * d.keys, 2));
  for (int64_t i = 1; i < mask.size(); i += 3) mask[i] = i % d.keys ? -INFINITY : 0.0f;
  const float *q = merged.data(), *k = q + q_width, *v = k + k_width,
              *m = mask_kind == Mask::kNone ? nullptr : mask.data();
  std::vector<double> want(static_cast<size_t>(d.batch * d.queries * o_width));
  for (int64_t b = 0; b < d.batch; ++b)
    for (int64_t h = 0; h < d.heads; ++h)
      for (int64_t i = 0; i < d.queries; ++i) {
        const int64_t kv = h / (d.heads / d.kv_heads),
                      seen = d.causal ? std::min(d.keys, i + 1 + d.keys - d.queries) : d.keys;
        std::vector<double> p(static_cast<size_t>(seen));
        double peak = -INFINITY, total = 0;
        for (int64_t j = 0; j < seen; ++j) {
          double& s = p[static_cast<size_t>(j)];
          for (int64_t x = 0; x < d.dim; ++x)
            s += double{q[b * d.q.batch + h * d.q.head + i * d.q.row + x]} *
                 k[b * d.k.batch + kv * d.k.head + j * d.k.row + x];
          s = s * d.scale + (m ? m[b * d.mask.batch + h * d.mask.head + i * d.mask.row + j] : 0.0f);
          peak = std::max(peak, s);
        }
        for (double& s : p) total += s = std::exp(s - peak);
        for (int64_t j = 0; j < seen; ++j)
          for (int64_t x = 0; x < d.value_dim; ++x)
            want[static_cast<size_t>(b * d.o.batch + h * d.o.head + i * d.o.row + x)] +=
                p[static_cast<size_t>(j)] / total * v[b * d.v.batch + kv * d.v.head + j * d.v.row + x];
      }
  ThreadPool pool(threads);
  for_each_isa([&](Isa isa) {
    Attention op;
    op.prepare(d, isa, threads);
    Guarded<float> o(static_cast<int64_t>(want.size())),
        scratch(static_cast<int64_t>(op.scratch_bytes() / 4));
    op.run(pool, q, k, v, m, o.data(), scratch.data());
    EXPECT_LT(worst_error(o.data(), want), 2e-5) << isa_name(isa) << " keys " << d.keys << " dim " << d.dim;
    EXPECT_TRUE(o.intact() && scratch.intact());
  });
}

AttentionDesc make(int64_t batch, int64_t heads, int64_t kv_heads, int64_t queries, int64_t keys, int64_t dim,
                   int64_t value_dim, bool causal = false) {
  AttentionDesc d;
  d.batch = batch, d.heads = heads, d.kv_heads = kv_heads, d.queries = queries, d.keys = keys, d.dim = dim,
  d.value_dim = value_dim;
  d.scale = 1 / std::sqrt(static_cast<float>(dim)), d.causal = causal;
  return d;
}

TEST(Attention, SizesAndMasks) {
  for (int threads : {1, 3}) {
    check(make(2, 3, 3, 33, 33, 64, 64), Mask::kNone, threads);
    check(make(1, 2, 2, 128, 128, 32, 32), Mask::kKeys, threads);
    check(make(1, 2, 2, 20, 47, 40, 24), Mask::kFull, threads);
    check(make(2, 2, 2, 5, 3, 7, 5), Mask::kNone, threads);
    check(make(1, 1, 1, 70, 600, 16, 128), Mask::kNone, threads);
    check(make(1, 4, 2, 1, 65, 64, 64), Mask::kKeys, threads);
    check(make(1, 1, 1, 16, 1024, 64, 64), Mask::kNone, threads);
    check(make(1, 2, 2, 9, 700, 24, 40), Mask::kFull, threads);
  }
}

TEST(Attention, CausalRows) {
  for (int threads : {1, 2}) {
    check(make(1, 2, 2, 65, 65, 64, 64, true), Mask::kNone, threads);
    check(make(1, 2, 1, 7, 40, 20, 20, true), Mask::kNone, threads);  // with a past
    check(make(2, 2, 2, 50, 50, 16, 16, true), Mask::kFull, threads);
  }
}

TEST(Attention, WholeTilesOfKeysMayBeMasked) {
  AttentionDesc d = make(1, 1, 1, 3, 900, 8, 8);
  d.q = d.k = d.v = d.o = {0, 0, 8};
  d.mask = {0, 0, 900};
  std::vector<float> mask(3 * 900, -INFINITY);
  mask[880] = 0;      // query 0 sees one key of the last tile
  mask[900 + 5] = 0;  // query 1 one of the first; query 2 sees none
  const std::vector<float> q = random_floats(24, 1), k = random_floats(7200, 2), v = random_floats(7200, 3);
  ThreadPool pool(1);
  for_each_isa([&](Isa isa) {
    Attention op;
    op.prepare(d, isa, 1);
    Guarded<float> o(24), scratch(static_cast<int64_t>(op.scratch_bytes() / 4));
    op.run(pool, q.data(), k.data(), v.data(), mask.data(), o.data(), scratch.data());
    for (int64_t i = 0; i < 8; ++i) {
      EXPECT_FLOAT_EQ(o[i], v[static_cast<size_t>(880 * 8 + i)]);
      EXPECT_FLOAT_EQ(o[8 + i], v[static_cast<size_t>(5 * 8 + i)]);
      EXPECT_TRUE(std::isnan(o[16 + i]));
    }
  });
}

TEST(Attention, NanStaysInItsQuery) {
  AttentionDesc d = make(1, 1, 1, 20, 20, 8, 8);
  d.q = d.k = d.v = d.o = {0, 0, 8};
  std::vector<float> q = random_floats(160, 1);
  const std::vector<float> k = random_floats(160, 2), v = random_floats(160, 3);
  q[5 * 8 + 3] = NAN;
  ThreadPool pool(1);
  for_each_isa([&](Isa isa) {
    Attention op;
    op.prepare(d, isa, 1);
    Guarded<float> o(160), scratch(static_cast<int64_t>(op.scratch_bytes() / 4));
    op.run(pool, q.data(), k.data(), v.data(), nullptr, o.data(), scratch.data());
    for (int64_t i = 0; i < 160; ++i) EXPECT_EQ(std::isnan(o[i]), i / 8 == 5);
  });
}

}  // namespace
}  // namespace ingot::cpu
