#include "backends/cpu/kernels/attention/attention.h"

#include <algorithm>
#include <cstring>

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

constexpr int kVecs = 2;  // of a tile's columns: wide enough to reuse each element of the rows
constexpr int64_t kScoreBytes =
    192 * 1024;  // of a tile of query rows: half of a small second cache, with room for K and V
constexpr int64_t kMaxRowTiles = 4;  // register tiles in one tile of query rows

int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }
int64_t round_up(int64_t a, int64_t b) { return divide_up(a, b) * b; }

}  // namespace

void Attention::prepare(const AttentionDesc& desc, Isa isa, int threads) {
  desc_ = desc;
  isa_ = isa;
  threads_ = threads;
  lanes_ = block_of(isa);
  score_row_ = round_up(desc.keys, 16);
  if (score_row_ % 256 == 0) score_row_ += 16;  // rows must not share the sets of the first cache
  const int64_t register_rows = tile_kernels(isa).max_rows[kVecs - 1];
  const int64_t fitting =
      std::clamp<int64_t>(kScoreBytes / (score_row_ * 4 * register_rows), 1, kMaxRowTiles);
  tiles_ = std::max<int64_t>(1, divide_up(desc.queries, fitting * register_rows));
  tile_rows_ = divide_up(desc.queries, tiles_);
  scratch_floats_ = round_up(desc.keys, lanes_) * desc.dim + round_up(desc.value_dim, lanes_) * desc.keys +
                    tile_rows_ * round_up(desc.dim, 16) + tile_rows_ * score_row_ + tile_rows_ + 5 * 16;
  scratch_floats_ = round_up(scratch_floats_, 16);
}

Attention::Scratch Attention::scratch_of(void* scratch, int thread) const {
  float* next = static_cast<float*>(scratch) + thread * scratch_floats_;
  auto take = [&](int64_t floats) {
    float* here = next;
    next += round_up(floats, 16);
    return here;
  };
  Scratch s;
  s.keys = take(round_up(desc_.keys, lanes_) * desc_.dim);
  s.values = take(round_up(desc_.value_dim, lanes_) * desc_.keys);
  s.queries = take(tile_rows_ * round_up(desc_.dim, 16));
  s.scores = take(tile_rows_ * score_row_);
  s.sums = take(tile_rows_);
  return s;
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

void Attention::multiply(const float* a, int64_t a_row, const float* b, int64_t b_depth, int64_t depth,
                         float* c, int64_t c_row, int64_t rows, int64_t columns) const {
  const TileKernels& kernels = tile_kernels(isa_);
  static constexpr int64_t kNoOffset[] = {0};
  const int64_t row_tiles = divide_up(rows, kernels.max_rows[kVecs - 1]);
  TileArgs args;
  args.a_offsets = args.b_offsets = kNoOffset;
  args.blocks = 1;
  args.depth = depth;
  args.a_row = a_row;
  args.b_vec = b_depth * lanes_;
  args.c_row = c_row;
  args.c_vec = lanes_;
  for (int64_t column = 0; column < columns; column += kVecs * lanes_) {
    const int64_t width = std::min(kVecs * lanes_, columns - column);
    args.b = args.prefetch = b + column * b_depth;
    args.tail = static_cast<int>(width % lanes_);
    for (int64_t t = 0; t < row_tiles; ++t) {
      const Share tile = share(rows, static_cast<int>(t), static_cast<int>(row_tiles));
      args.a = a + tile.begin * a_row;
      args.c = c + tile.begin * c_row + column;
      kernels.at(static_cast<int>(tile.end - tile.begin), static_cast<int>(divide_up(width, lanes_)))(args);
    }
  }
}

void Attention::run_tile(int64_t first, int64_t rows, const float* q, const float* mask, float* o,
                         const Scratch& s) const {
  const AttentionDesc& d = desc_;
  const int64_t query_row = round_up(d.dim, 16), past = d.keys - d.queries;
  attention_kernels(isa_).scale_rows(q + first * d.q.row, d.q.row, rows, d.dim, d.scale, s.queries,
                                     query_row);
  // Keys that some row of the tile sees.
  const int64_t seen = d.causal ? std::clamp<int64_t>(first + rows + past, 1, d.keys) : d.keys;
  multiply(s.queries, query_row, s.keys, d.dim, d.dim, s.scores, score_row_, rows, seen);
  const auto exp_rows = softmax_kernels(isa_).exp_rows;
  const int64_t most =
      d.causal ? 1 : SoftmaxKernels::rows_at_once(d.keys);  // causal rows end at different keys
  for (int64_t r = 0; r < rows; r += most) {
    float* row = s.scores + r * score_row_;
    const int64_t visible = d.causal ? std::clamp<int64_t>(first + r + 1 + past, 0, d.keys) : d.keys;
    const float* row_mask = mask ? mask + (first + r) * d.mask.row : nullptr;
    exp_rows({row, row_mask, score_row_, d.mask.row, score_row_, std::min(most, rows - r), visible, 1, row},
             false, s.sums + r);
    std::fill(row + visible, row + seen, 0.0f);
  }
  // It is cheaper to divide the results by the sums than the scores.
  o += first * d.o.row;
  multiply(s.scores, score_row_, s.values, d.keys, seen, o, d.o.row, rows, d.value_dim);
  for (int64_t r = 0; r < rows; ++r)
    attention_kernels(isa_).scale_rows(o + r * d.o.row, 0, 1, d.value_dim, 1 / s.sums[r], o + r * d.o.row,
                                       d.value_dim);
}

void Attention::run(ThreadPool& pool, const float* q, const float* k, const float* v, const float* mask,
                    float* o, void* scratch) const {
  const AttentionDesc& d = desc_;
  if (d.batch * d.heads * d.queries * d.value_dim == 0) return;
  const int64_t units = d.batch * d.heads * tiles_, sharing = d.heads / d.kv_heads;
  pool.run([&](int thread) {
    const Scratch own = scratch_of(scratch, thread);
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
