#include "backends/cpu/kernels/gemm/gemm.h"

#include <algorithm>
#include <cstring>
#include <map>

#include "backends/cpu/kernels/gemm/tile_choice.h"

namespace ingot::cpu {
namespace {

constexpr int64_t kPad = 16;
// k's of a panel of B, at most: with more of them sums go to memory and back less often, and that pays for
// reading the panel from the second cache.
constexpr int64_t kPanelDepth = 1024;
constexpr int64_t kLongPanelDepth = 4096;  // the most that is worth timing

// Rows that lie a multiple of 4 KB apart share their sets of the first cache: fourteen of them do not fit
// into its eight to twelve ways, and each line would be fetched sixteen times.
bool rows_collide(int64_t ld) { return ld % 1024 == 0; }

}  // namespace

struct Gemm::Operands {
  const GemmBuffers& buffers;
  const float* a;
  int64_t lda;
  const float* b;
  int64_t batch;
};

// Where a thread is: a strip of rows, some vectors of columns, a panel of B.
struct Gemm::Position {
  Share rows;
  int64_t vec = 0;
  Share k = {0, 0};
  Panel panel = {}, next = {};
};

Gemm::Gemm(const GemmDesc& desc, Isa isa, const GemmTuning& tuning, int threads)
    : desc_(desc), kernels_(tile_kernels(isa)), threads_(threads) {
  set_batch_offsets();
  choose(tuning);
  if (tuning_.pack_a == 1) {
    packed_lda_ = rows_collide(desc_.k) ? desc_.k + kPad : desc_.k;
    packed_a_floats_ = a_matrices_ * divide_up(desc_.m * packed_lda_, kPad) * kPad;
  }
  if (!desc_.b_packed) packed_b_floats_ = b_matrices_ * packed_gemm_b_floats(desc_.n, desc_.k, isa);
}

void Gemm::set_batch_offsets() {
  for (int64_t size : desc_.batch) batches_ *= size;
  std::map<int64_t, int64_t> a_seen, b_seen;
  for (int64_t i = 0; i < batches_; ++i) {
    Batch offset{};
    int64_t rest = i;
    for (size_t d = desc_.batch.size(); d-- > 0;) {
      const int64_t at = rest % desc_.batch[d];
      rest /= desc_.batch[d];
      offset.a += at * desc_.a_batch[d];
      offset.b += at * desc_.b_batch[d];
      offset.c += at * desc_.c_batch[d];
      if (!desc_.residual_batch.empty()) offset.residual += at * desc_.residual_batch[d];
    }
    offset.a_index = a_seen.try_emplace(offset.a, a_seen.size()).first->second;
    offset.b_index = b_seen.try_emplace(offset.b, b_seen.size()).first->second;
    offsets_.push_back(offset);
  }
  a_matrices_ = static_cast<int64_t>(a_seen.size());
  b_matrices_ = static_cast<int64_t>(b_seen.size());
}

void Gemm::choose(const GemmTuning& wanted) {
  tuning_ = wanted;
  const int64_t vecs = divide_up(desc_.n, kernels_.lanes);
  if (tuning_.vecs == 0) {
    const TileShape best =
        rank_tiles(kernels_, desc_.m, std::max<int64_t>(1, vecs), std::min<int64_t>(desc_.k, 256))[0];
    tuning_.vecs = best.vecs;
  }
  tuning_.vecs = std::min(tuning_.vecs, kMaxTileVecs);
  const int most_rows = kernels_.max_rows[tuning_.vecs - 1];
  if (tuning_.rows == 0) tuning_.rows = most_rows;
  tuning_.rows = std::min(tuning_.rows, most_rows);
  if (tuning_.k_block == 0)
    tuning_.k_block =
        divide_up(std::max<int64_t>(1, desc_.k), divide_up(std::max<int64_t>(1, desc_.k), kPanelDepth));
  const double a_bytes = 4.0 * static_cast<double>(desc_.m * desc_.k);
  const double b_bytes = 4.0 * static_cast<double>(desc_.n * desc_.k);
  const int64_t row_tiles = divide_up(desc_.m, tuning_.rows), columns = divide_up(vecs, tuning_.vecs);
  ThreadGrid grid = choose_grid(threads_, batches_, row_tiles, columns, a_bytes, b_bytes);
  if (wanted.m_threads > 0 && threads_ % wanted.m_threads == 0)
    grid = {1, wanted.m_threads, threads_ / wanted.m_threads};
  batch_threads_ = grid.batch;
  m_threads_ = grid.rows;
  n_threads_ = grid.columns;
  tuning_.m_threads = m_threads_;
  if (tuning_.pack_a < 0)
    tuning_.pack_a = rows_collide(desc_.lda) && desc_.m > 6 && desc_.n > 4 * kernels_.lanes;
  if (desc_.trans_a) tuning_.pack_a = 1;
}

void Gemm::pack_a(const float* from, float* to, Share rows) const {
  for (int64_t r = rows.begin; r < rows.end; ++r) {
    if (desc_.trans_a) {
      for (int64_t k = 0; k < desc_.k; ++k) to[r * packed_lda_ + k] = from[k * desc_.lda + r];
    } else {
      std::memcpy(to + r * packed_lda_, from + r * desc_.lda, static_cast<size_t>(desc_.k) * 4);
    }
  }
}

void Gemm::pack_b(const float* from, float* to, Share vecs) const {
  const int64_t n0 = vecs.begin * kernels_.lanes, n1 = std::min(desc_.n, vecs.end * kernels_.lanes);
  from += n0 * (desc_.trans_b ? desc_.ldb : 1);
  pack_gemm_b(from, desc_.ldb, desc_.trans_b, n1 - n0, desc_.k, kernels_.isa, to + n0 * desc_.k);
}

// The distinct matrices, each shared by all threads.
void Gemm::pack(const GemmBuffers& buffers, int thread) const {
  int64_t a_done = 0, b_done = 0;
  for (const Batch& batch : offsets_) {
    if (tuning_.pack_a == 1 && batch.a_index == a_done) {
      pack_a(buffers.a + batch.a, packed_a(buffers, batch), share(desc_.m, thread, threads_));
      ++a_done;
    }
    if (!desc_.b_packed && batch.b_index == b_done) {
      pack_b(buffers.b + batch.b, packed_b(buffers, batch),
             share(divide_up(desc_.n, kernels_.lanes), thread, threads_));
      ++b_done;
    }
  }
}

float* Gemm::packed_a(const GemmBuffers& buffers, const Batch& batch) const {
  return buffers.scratch + batch.a_index * (packed_a_floats_ / a_matrices_);
}
float* Gemm::packed_b(const GemmBuffers& buffers, const Batch& batch) const {
  return buffers.scratch + packed_a_floats_ + batch.b_index * (packed_b_floats_ / b_matrices_);
}

void Gemm::run(ThreadPool& pool, const GemmBuffers& buffers) const {
  if (desc_.m == 0 || desc_.n == 0) return;
  if (scratch_floats() > 0) pool.run([&](int thread) { pack(buffers, thread); });
  const int64_t vecs = divide_up(desc_.n, kernels_.lanes);
  pool.run([&](int thread) {
    const int n_part = thread % n_threads_;
    const int m_part = thread / n_threads_ % m_threads_;
    const Share columns = share(divide_up(vecs, tuning_.vecs), n_part, n_threads_);
    const Share batches = share(batches_, thread / n_threads_ / m_threads_, batch_threads_);
    for (int64_t i = batches.begin; i < batches.end; ++i) {
      const Batch& batch = offsets_[i];
      Operands o{buffers, buffers.a + batch.a, desc_.lda, buffers.b + batch.b, i};
      if (tuning_.pack_a == 1) o.a = packed_a(buffers, batch), o.lda = packed_lda_;
      if (!desc_.b_packed) o.b = packed_b(buffers, batch);
      multiply(o, share(desc_.m, m_part, m_threads_),
               {columns.begin * tuning_.vecs, std::min(vecs, columns.end * tuning_.vecs)});
    }
  });
}

// Panels of B outermost, so that each comes from memory once and serves all rows from the first cache; the
// rows in strips that stay in the second.
void Gemm::multiply(const Operands& o, Share rows, Share vecs) const {
  if (rows.begin >= rows.end) return;
  const int64_t lanes = kernels_.lanes, count = rows.end - rows.begin;
  const int64_t strip_rows = second_cache_budget() / 4 / std::max<int64_t>(1, desc_.k);
  const int strips = static_cast<int>(divide_up(count, std::max<int64_t>(4 * tuning_.rows, strip_rows)));
  // Where one tile has all rows, nothing is reused: B is read in long runs, as memory likes it.
  const int64_t k_block = count <= tuning_.rows ? std::max<int64_t>(1, desc_.k) : tuning_.k_block;
  const int64_t panels = std::max<int64_t>(1, divide_up(desc_.k, k_block));
  const auto k_begin = [&](int64_t panel) {
    return panel == panels ? desc_.k : desc_.k * panel / panels / 4 * 4;
  };
  const auto panel_at = [&](int64_t vec, int64_t i) {
    return Panel{o.b + (vec * desc_.k + k_begin(i)) * lanes, desc_.k * lanes,
                 (k_begin(i + 1) - k_begin(i)) * lanes,
                 static_cast<int>(std::min<int64_t>(tuning_.vecs, vecs.end - vec))};
  };
  for (int strip = 0; strip < strips; ++strip) {
    const Share part = share(count, strip, strips);
    Position at{.rows = {rows.begin + part.begin, rows.begin + part.end}};
    for (at.vec = vecs.begin; at.vec < vecs.end; at.vec += tuning_.vecs) {
      for (int64_t i = 0; i < panels; ++i) {
        at.k = {k_begin(i), k_begin(i + 1)};
        at.panel = panel_at(at.vec, i);
        at.next = {};
        if (i + 1 < panels)
          at.next = panel_at(at.vec, i + 1);
        else if (at.vec + tuning_.vecs < vecs.end)
          at.next = panel_at(at.vec + tuning_.vecs, 0);
        multiply_panel(o, at);
      }
    }
  }
}

void Gemm::multiply_panel(const Operands& o, const Position& at) const {
  const GemmBuffers& buffers = o.buffers;
  const Batch& batch = offsets_[o.batch];
  const int64_t zero = 0, lanes = kernels_.lanes, column = at.vec * lanes;
  const int width = at.panel.vecs;
  const int64_t columns = std::min(desc_.n - column, width * lanes);
  const bool first = at.k.begin == 0, last = at.k.end == desc_.k;
  TileArgs t;
  t.b = at.panel.data;
  t.a_offsets = t.b_offsets = &zero;
  t.blocks = 1;
  t.depth = at.k.end - at.k.begin;
  t.a_row = o.lda;
  t.b_vec = at.panel.b_vec;
  t.c_row = desc_.ldc;
  t.c_vec = t.residual_vec = lanes;
  t.residual_row = desc_.ld_residual;
  t.bias = first && buffers.bias != nullptr ? buffers.bias + column : nullptr;
  // A residual that lies where the result goes is what the sums start from: the first panel overwrites it.
  const bool in_place = buffers.residual == buffers.c;
  t.accumulate = !first || in_place;
  t.clamp = last && desc_.clamp;
  t.lo = desc_.lo;
  t.hi = desc_.hi;
  t.tail = static_cast<int>(columns % lanes);
  const int64_t count = at.rows.end - at.rows.begin;
  const int tiles = static_cast<int>(divide_up(count, std::min(tuning_.rows, kernels_.max_rows[width - 1])));
  const PanelPrefetch prefetch(at.next, tiles, t.depth);
  for (int tile = 0; tile < tiles; ++tile) {
    const Share rows = share(count, tile, tiles);
    const int64_t row = at.rows.begin + rows.begin;
    t.a = o.a + row * o.lda + at.k.begin;
    t.c = buffers.c + batch.c + row * desc_.ldc + column;
    if (last && buffers.residual != nullptr && !in_place)
      t.residual = buffers.residual + batch.residual + row * desc_.ld_residual + column;
    prefetch.ask(t, tile);
    kernels_.at(static_cast<int>(rows.end - rows.begin), width)(t);
    if (last && buffers.post.run != nullptr)
      buffers.post.run(buffers.post.context,
                       {t.c, desc_.ldc, o.batch, row, column, rows.end - rows.begin, columns});
  }
}

std::string gemm_name(const GemmTuning& tuning, Isa isa) {
  return "gemm_f32_" + std::to_string(tuning.rows) + "x" + std::to_string(tuning.vecs) + "__" +
         std::string(isa_name(isa));
}

std::vector<GemmTuning> gemm_candidates(const GemmDesc& desc, Isa isa, int threads) {
  std::vector<GemmTuning> candidates;
  const TileKernels& kernels = tile_kernels(isa);
  const auto add = [&](const GemmTuning& wanted) {
    const GemmTuning made = Gemm(desc, isa, wanted, threads).tuning();
    if (std::find(candidates.begin(), candidates.end(), made) == candidates.end()) candidates.push_back(made);
  };
  const int64_t vecs = std::max<int64_t>(1, divide_up(desc.n, kernels.lanes));
  for (TileShape shape : rank_tiles(kernels, desc.m, vecs, std::min<int64_t>(desc.k, 256))) {
    add({.vecs = shape.vecs});
    if (threads > 1 && candidates.size() < 4) {
      add({.vecs = shape.vecs, .m_threads = 1});
      add({.vecs = shape.vecs, .m_threads = threads});
    }
  }
  const GemmTuning first = candidates[0];
  add({.vecs = first.vecs, .k_block = std::min(first.k_block, panel_depth(kernels, first.vecs))});
  if (desc.k <= kLongPanelDepth) add({.vecs = first.vecs, .k_block = desc.k});
  if (!desc.trans_a && desc.m > 6) add({.vecs = first.vecs, .pack_a = 1 - first.pack_a});
  return candidates;
}

}  // namespace ingot::cpu
