// DirectConv's preparation: tiles, taps and their offsets, the threads' grid.
#include <algorithm>

#include "backends/cpu/kernels/conv/direct.h"

namespace ingot::cpu {
namespace {

// Panels are that many times what the first cache holds, and read from the second one: sums that stay in
// registers longer pay for that.
constexpr int64_t kLongSums = 4;

// One tap, no stride and no padding: all pixels of the image are one row.
ConvDesc flattened(ConvDesc d) {
  bool pointwise = true;
  for (int axis : {0, 1})
    pointwise = pointwise && d.kernel[axis] == 1 && d.stride[axis] == 1 && d.pad_begin[axis] == 0 &&
                d.pad_end[axis] == 0 && d.dst_step[axis] == 1 && d.dst_extent(axis) == d.in[axis];
  if (pointwise) {
    d.in[1] *= d.in[0];
    d.in[0] = 1;
    d.dst_size[0] = d.dst_size[1] = 0;
  }
  return d;
}

template <class T>
int index_of(std::vector<T>& seen, const T& value) {
  const auto found = std::find(seen.begin(), seen.end(), value);
  if (found != seen.end()) return static_cast<int>(found - seen.begin());
  seen.push_back(value);
  return static_cast<int>(seen.size()) - 1;
}

}  // namespace

DirectConv::DirectConv(const ConvDesc& desc, Isa isa, const DirectConvTuning& tuning, int threads,
                       bool by_rows)
    : desc_(by_rows ? desc : flattened(desc)),
      weights_(desc, isa),
      kernels_(tile_kernels(isa)),
      threads_(threads),
      out_h_(desc_.out(0)),
      out_w_(desc_.out(1)) {
  src_plane_ = desc_.src_plane ? desc_.src_plane : desc_.in[0] * desc_.in[1] * weights_.block;
  dst_pixel_ = desc_.dst_step[1] * weights_.lanes;
  dst_row_ = desc_.dst_step[0] * desc_.dst_extent(1) * weights_.lanes;
  dst_plane_ = desc_.dst_extent(0) * desc_.dst_extent(1) * weights_.lanes;
  dst_start_ = (desc_.dst_first[0] * desc_.dst_extent(1) + desc_.dst_first[1]) * weights_.lanes;
  const int64_t source_blocks = divide_up(desc_.in_channels, weights_.block);
  src_image_ = desc_.src_image ? desc_.src_image : source_blocks * src_plane_;
  dst_image_ = desc_.dst_image ? desc_.dst_image : weights_.out_blocks * dst_plane_;
  residual_image_ = desc_.residual_image ? desc_.residual_image : weights_.out_blocks * dst_plane_;
  choose(tuning);
  plan_columns();
  plan_rows();
  plan_taps();
}

void DirectConv::choose(const DirectConvTuning& wanted) {
  tuning_ = wanted;
  if (tuning_.vecs == 0)
    tuning_.vecs = rank_tiles(kernels_, out_w_, weights_.out_blocks,
                              std::min<int64_t>(weights_.steps * weights_.step * weights_.taps, 256))[0]
                       .vecs;
  const int64_t most = kernels_.max_rows[tuning_.vecs - 1];
  if (tuning_.rows == 0) tuning_.rows = static_cast<int>(divide_up(out_w_, divide_up(out_w_, most)));
  tuning_.rows = std::min<int>(tuning_.rows, static_cast<int>(most));
  if (tuning_.k_block == 0) tuning_.k_block = kLongSums * panel_depth(kernels_, tuning_.vecs);
  if (tuning_.strip_bytes == 0) tuning_.strip_bytes = second_cache_budget();

  const int64_t units = out_h_ * divide_up(out_w_, tuning_.rows);
  const double src_bytes = 4.0 * static_cast<double>(desc_.in_channels * desc_.in[0] * desc_.in[1]);
  const double weight_bytes = 4.0 * static_cast<double>(weights_.floats());
  grid_ = choose_grid(threads_, desc_.batch, units, divide_up(weights_.out_blocks, tuning_.vecs), src_bytes,
                      weight_bytes);
  if (wanted.row_threads > 0 && threads_ % wanted.row_threads == 0)
    grid_ = {1, wanted.row_threads, threads_ / wanted.row_threads};
  tuning_.row_threads = grid_.rows;
  const double unit_bytes = src_bytes / static_cast<double>(units);
  strip_units_ =
      std::max<int64_t>(4, static_cast<int64_t>(static_cast<double>(tuning_.strip_bytes) / unit_bytes));
}

// The taps of `axis` that read inside of the image for the output coordinate `at`.
DirectConv::Range DirectConv::inside(int axis, int64_t at) const {
  const int64_t start = at * desc_.stride[axis] - desc_.pad_begin[axis], step = desc_.dilation[axis];
  const int64_t begin = start >= 0 ? 0 : divide_up(-start, step);
  const int64_t end = start >= desc_.in[axis] ? 0 : divide_up(desc_.in[axis] - start, step);
  const Range range = {std::min(begin, desc_.kernel[axis]), std::min(end, desc_.kernel[axis])};
  return range.begin < range.end ? range : Range{0, 0};
}

// Taps that are inside for the same rows of a tile make a run; the runs that have all rows come first,
// because the first call on a tile starts its sums.
void DirectConv::plan_columns() {
  const int64_t count = divide_up(out_w_, tuning_.rows);
  for (int64_t i = 0; i < count; ++i) {
    const Share x = share(out_w_, static_cast<int>(i), static_cast<int>(count));
    ColumnTile tile{x.begin, static_cast<int>(x.end - x.begin), static_cast<int>(runs_.size()), 0, false};
    std::vector<std::pair<Range, Range>> runs;  // rows, taps
    for (int64_t tap = 0; tap < desc_.kernel[1]; ++tap) {
      Range rows = {x.end, x.begin};
      for (int64_t at = x.begin; at < x.end; ++at) {
        const Range taps = inside(1, at);
        if (tap < taps.begin || tap >= taps.end) continue;
        rows = {std::min(rows.begin, at), at + 1};
      }
      if (rows.begin >= rows.end) continue;
      if (!runs.empty() && runs.back().first == rows && runs.back().second.end == tap)
        runs.back().second.end = tap + 1;
      else
        runs.push_back({rows, {tap, tap + 1}});
    }
    std::stable_sort(runs.begin(), runs.end(), [&](const auto& a, const auto& b) {
      return a.first.end - a.first.begin > b.first.end - b.first.begin;
    });
    for (const auto& [rows, taps] : runs)
      runs_.push_back({index_of(column_ranges_, taps), static_cast<int>(rows.begin - x.begin),
                       static_cast<int>(rows.end - rows.begin)});
    tile.run_end = static_cast<int>(runs_.size());
    tile.covered = !runs.empty() && runs[0].first == Range{x.begin, x.end};
    column_tiles_.push_back(tile);
  }
}

void DirectConv::plan_rows() {
  for (int64_t y = 0; y < out_h_; ++y) row_class_.push_back(index_of(row_ranges_, inside(0, y)));
}

// A panel has whole source blocks, so that one list of offsets serves them all.
void DirectConv::plan_taps() {
  const int64_t per_block = weights_.block / weights_.step, blocks = divide_up(weights_.steps, per_block);
  const int64_t panels =
      divide_up(blocks, std::max<int64_t>(1, tuning_.k_block / (weights_.taps * weights_.block)));
  int64_t most = 0;
  for (int64_t i = 0; i < panels; ++i) {
    Share steps = share(blocks, static_cast<int>(i), static_cast<int>(panels));
    steps = {steps.begin * per_block, std::min(weights_.steps, steps.end * per_block)};
    panels_.push_back(steps);
    most = std::max(most, steps.end - steps.begin);
  }
  for (const Range& rows : row_ranges_)
    for (const Range& columns : column_ranges_) taps_.push_back(make_taps(rows, columns, most));
}

// A plain source has its taps of one kernel row next to each other, as weights have: they become one product.
DirectConv::Taps DirectConv::make_taps(Range rows, Range columns, int64_t steps) {
  const bool joined = desc_.plain_src && desc_.dilation[1] == 1;
  Taps taps{static_cast<int64_t>(a_offsets_.size()), 0, joined ? columns.end - columns.begin : weights_.step};
  taps.per_step = (rows.end - rows.begin) * (joined ? 1 : columns.end - columns.begin);
  for (int64_t step = 0; step < steps; ++step) {
    const int64_t channel = step * weights_.step;
    const int64_t source = channel / weights_.block * src_plane_ + channel % weights_.block;
    for (int64_t y = rows.begin; y < rows.end; ++y) {
      for (int64_t x = columns.begin; x < (joined ? columns.begin + 1 : columns.end); ++x) {
        const int64_t pixel = y * desc_.dilation[0] * desc_.in[1] + x * desc_.dilation[1];
        const int64_t tap = step * weights_.taps + y * desc_.kernel[1] + x;
        a_offsets_.push_back(source + pixel * weights_.block);
        b_offsets_.push_back(tap * weights_.step * weights_.lanes);
      }
    }
  }
  return taps;
}

std::string direct_conv_name(const DirectConvTuning& tuning, Isa isa) {
  return "conv_direct_f32_" + std::to_string(tuning.rows) + "x" + std::to_string(tuning.vecs) + "__" +
         std::string(isa_name(isa));
}

std::vector<DirectConvTuning> direct_conv_candidates(const ConvDesc& desc, Isa isa, int threads) {
  std::vector<DirectConvTuning> candidates;
  const auto add = [&](const DirectConvTuning& wanted) {
    const DirectConvTuning made = DirectConv(desc, isa, wanted, threads).tuning();
    if (std::find(candidates.begin(), candidates.end(), made) == candidates.end()) candidates.push_back(made);
  };
  const ConvDesc flat = flattened(desc);
  const ConvWeights weights(desc, isa);
  const int64_t depth = weights.steps * weights.step * weights.taps;
  for (TileShape shape : rank_tiles(tile_kernels(isa), flat.out(1), weights.out_blocks, depth)) {
    add({.vecs = shape.vecs});
    if (threads > 1 && candidates.size() < 4) {
      add({.vecs = shape.vecs, .row_threads = 1});
      add({.vecs = shape.vecs, .row_threads = threads});
    }
  }
  const DirectConvTuning first = candidates[0];
  add({.vecs = first.vecs, .k_block = first.k_block / kLongSums});
  if (depth > first.k_block) add({.vecs = first.vecs, .k_block = first.k_block * 2});
  add({.vecs = first.vecs, .strip_bytes = first.strip_bytes * 4});
  return candidates;
}

}  // namespace ingot::cpu
