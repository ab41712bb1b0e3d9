#include "backends/cpu/kernels/attention/attention.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "backends/cpu/kernels/softmax/softmax.h"
#include "backends/cpu/kernels/transpose/strided_copy.h"

namespace ingot::cpu {

namespace baseline {
extern const AttentionKernels kAttention;
}
namespace avx2 {
extern const AttentionKernels kAttention;
}
namespace avx512 {
extern const AttentionKernels kAttention;
}
const AttentionKernels& attention_kernels(Isa isa) { return INGOT_SELECT_ISA(isa, kAttention); }

namespace {

// Query rows of a tile, at most: keys and values are read once for all of them.
constexpr int64_t kTileRows = 48;

// Of the scores of a tile, at most. Whole rows need no second maximum, and long sums cost less each.
int64_t score_bytes() { return cache_bytes(2) / 3; }

// Vectors of a register tile: as wide as leaves it six rows, so that each element of the rows is read seldom.
int tile_vecs(const TileKernels& kernels) {
  int vecs = kMaxTileVecs;
  while (vecs > 1 && kernels.max_rows[vecs - 1] < 6) --vecs;
  return vecs;
}

int64_t round_up(int64_t a, int64_t b) { return (a + b - 1) / b * b; }

// A product's operands: c[rows, columns] = a[rows, depth] * b, plus c itself where `accumulate`. b is in
// vectors of columns, b_vec floats apart.
struct Product {
  const float* a;
  int64_t a_row;
  const float* b;
  int64_t b_vec;
  float* c;
  int64_t c_row;
  int64_t rows, columns, depth;
  bool accumulate;
};

void multiply(Isa isa, const Product& p) {
  const TileKernels& kernels = tile_kernels(isa);
  static constexpr int64_t kNoOffset[] = {0};
  const int vecs = tile_vecs(kernels);
  const int64_t most = kernels.max_rows[vecs - 1], row_tiles = (p.rows + most - 1) / most;
  const int64_t lanes = kernels.lanes, width = vecs * lanes;
  TileArgs args;
  args.a_offsets = args.b_offsets = kNoOffset;
  args.blocks = 1;
  args.depth = p.depth;
  args.a_row = p.a_row;
  args.b_vec = p.b_vec;
  args.c_row = p.c_row;
  args.c_vec = lanes;
  args.accumulate = p.accumulate;
  for (int64_t column = 0; column < p.columns; column += width) {
    const int64_t columns = std::min(width, p.columns - column);
    args.b = args.prefetch = p.b + column / lanes * p.b_vec;
    args.tail = static_cast<int>(columns % lanes);
    for (int64_t t = 0; t < row_tiles; ++t) {
      const Share tile = share(p.rows, static_cast<int>(t), static_cast<int>(row_tiles));
      args.a = p.a + tile.begin * p.a_row;
      args.c = p.c + tile.begin * p.c_row + column;
      kernels.at(static_cast<int>(tile.end - tile.begin),
                 static_cast<int>((columns + lanes - 1) / lanes))(args);
    }
  }
}

}  // namespace

void Attention::prepare(const AttentionDesc& desc, Isa isa, int threads) {
  desc_ = desc;
  isa_ = isa;
  threads_ = threads;
  lanes_ = block_of(isa);
  const TileKernels& kernels = tile_kernels(isa);
  const int vecs = tile_vecs(kernels);
  const int64_t most_rows = kTileRows / kernels.max_rows[vecs - 1] * kernels.max_rows[vecs - 1];
  tiles_ = std::max<int64_t>(1, (desc.queries + most_rows - 1) / most_rows);
  tile_rows_ = (desc.queries + tiles_ - 1) / tiles_;
  const int64_t most_keys = score_bytes() / 4 / most_rows;
  const int64_t key_tiles = std::max<int64_t>(1, (desc.keys + most_keys - 1) / most_keys);
  tile_keys_ = round_up((desc.keys + key_tiles - 1) / key_tiles, vecs * lanes_);
  score_row_ = tile_keys_;
  if (score_row_ % 256 == 0) score_row_ += 16;  // rows must not share the sets of the first cache
  query_row_ = round_up(desc.dim, 16);
  result_row_ = round_up(desc.value_dim, 16);
  Scratch unused;
  scratch_floats_ = carve(nullptr, unused);
}

// Lays out one thread's scratch; returns its size.
int64_t Attention::carve(float* from, Scratch& s) const {
  int64_t at = 0;
  auto take = [&](int64_t floats) {
    float* here = from ? from + at : nullptr;
    at += round_up(floats, 16);
    return here;
  };
  s.keys = take(round_up(desc_.keys, lanes_) * desc_.dim);
  s.values = take(round_up(desc_.value_dim, lanes_) * desc_.keys);
  s.queries = take(tile_rows_ * query_row_);
  s.scores = take(tile_rows_ * score_row_);
  s.results = take(tile_rows_ * result_row_);
  s.peaks = take(tile_rows_);
  s.sums = take(tile_rows_);
  s.factors = take(tile_rows_);
  return at;
}

// K as [vector of keys][dim][lane], V as [vector of dims][key][lane].
void Attention::pack_head(const float* k, const float* v, const Scratch& s) const {
  const AttentionDesc& d = desc_;
  for (int64_t key = 0; key < d.keys; key += lanes_) {
    const int64_t count = std::min(lanes_, d.keys - key);
    float* panel = s.keys + key * d.dim;
    if (count < lanes_) std::memset(panel, 0, static_cast<size_t>(lanes_ * d.dim) * sizeof(float));
    transpose_function(isa_)(k + key * d.k.row, d.k.row, panel, lanes_, count, d.dim);
  }
  attention_kernels(isa_).pack_rows(v, d.v.row, d.keys, d.value_dim, s.values);
}

// Scores of a tile to exponentials; causal rows end at different keys, behind which they become 0.
void Attention::exponentials(int64_t first, int64_t rows, Share keys, const float* mask,
                             const Scratch& s) const {
  const AttentionDesc& d = desc_;
  const auto exp_pieces = softmax_kernels(isa_).exp_pieces;
  const int64_t past = d.keys - d.queries, count = keys.end - keys.begin;
  const int64_t most = d.causal ? 1 : SoftmaxKernels::rows_at_once(count);
  for (int64_t r = 0; r < rows; r += most) {
    float* row = s.scores + r * score_row_;
    const int64_t seen = d.causal ? std::clamp<int64_t>(first + r + 1 + past - keys.begin, 0, count) : count;
    const float* row_mask = mask ? mask + (first + r) * d.mask.row + keys.begin : nullptr;
    exp_pieces({row, row_mask, score_row_, d.mask.row, score_row_, std::min(most, rows - r), seen, 1, row},
               s.peaks + r, s.sums + r, s.factors + r);
    std::fill(row + seen, row + count, 0.0f);
  }
}

void Attention::run_tile(int64_t first, int64_t rows, const float* q, const float* mask, float* o,
                         const Scratch& s) const {
  const AttentionDesc& d = desc_;
  const AttentionKernels& kernels = attention_kernels(isa_);
  kernels.scale_rows(q + first * d.q.row, d.q.row, rows, d.dim, d.scale, s.queries, query_row_);
  std::fill_n(s.peaks, rows, -std::numeric_limits<float>::infinity());
  std::fill_n(s.sums, rows, 0.0f);
  // Keys that some row of the tile sees; one at least, so that there is a result.
  const int64_t all = d.causal ? std::clamp<int64_t>(first + rows + d.keys - d.queries, 1, d.keys) : d.keys;
  for (int64_t key = 0; key < all; key += tile_keys_) {
    const int64_t count = std::min(tile_keys_, all - key);
    multiply(isa_, {s.queries, query_row_, s.keys + key * d.dim, d.dim * lanes_, s.scores, score_row_, rows,
                    count, d.dim, false});
    exponentials(first, rows, {key, key + count}, mask, s);
    for (int64_t r = 0; key > 0 && r < rows; ++r) {
      float* result = s.results + r * result_row_;
      if (s.factors[r] != 1.0f)
        kernels.scale_rows(result, 0, 1, d.value_dim, s.factors[r], result, result_row_);
    }
    multiply(isa_, {s.scores, score_row_, s.values + key * lanes_, d.keys * lanes_, s.results, result_row_,
                    rows, d.value_dim, count, key > 0});
  }
  for (int64_t r = 0; r < rows; ++r)
    kernels.scale_rows(s.results + r * result_row_, 0, 1, d.value_dim, 1 / s.sums[r],
                       o + (first + r) * d.o.row, d.value_dim);
}

void Attention::run(ThreadPool& pool, const float* q, const float* k, const float* v, const float* mask,
                    float* o, void* scratch) const {
  const AttentionDesc& d = desc_;
  if (d.batch * d.heads * d.queries * d.keys * d.value_dim == 0) return;
  const int64_t units = d.batch * d.heads * tiles_, sharing = d.heads / d.kv_heads;
  pool.run([&](int thread) {
    Scratch own;
    carve(static_cast<float*>(scratch) + thread * scratch_floats_, own);
    const Share mine = share(units, thread, pool.size());
    const float* packed = nullptr;
    for (int64_t unit = mine.begin; unit < mine.end; ++unit) {
      const int64_t tile = unit % tiles_, head = unit / tiles_ % d.heads, batch = unit / tiles_ / d.heads;
      const float* keys = k + batch * d.k.batch + head / sharing * d.k.head;
      if (keys != packed) pack_head(keys, v + batch * d.v.batch + head / sharing * d.v.head, own);
      packed = keys;
      const Share rows = share(d.queries, static_cast<int>(tile), static_cast<int>(tiles_));
      run_tile(rows.begin, rows.end - rows.begin, q + batch * d.q.batch + head * d.q.head,
               mask ? mask + batch * d.mask.batch + head * d.mask.head : nullptr,
               o + batch * d.o.batch + head * d.o.head, own);
    }
  });
}

}  // namespace ingot::cpu
