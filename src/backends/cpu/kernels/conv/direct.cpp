#include "backends/cpu/kernels/conv/direct.h"

#include <algorithm>

namespace ingot::cpu {
namespace {

// So many at least go to one call of the program on finished tiles, as far as they lie together: its loops
// take a hundred cycles to get going.
constexpr int64_t kPostFloats = 2048;

}  // namespace

// Where a thread is: a strip of the image, some output blocks, a panel of their weights.
struct DirectConv::Position {
  int64_t image;
  Share units;  // tiles of pixels, row by row
  int64_t vec;
  int width;
  Share steps;  // of the source that the panel has
  Panel weights, next;
  bool first, last;  // panel of the sum
};

void DirectConv::run(ThreadPool& pool, const ConvBuffers& buffers) const {
  const int64_t units = out_h_ * static_cast<int64_t>(column_tiles_.size());
  pool.run([&](int thread) {
    const int column_part = thread % grid_.columns;
    const int row_part = thread / grid_.columns % grid_.rows;
    const Share images = share(desc_.batch, thread / grid_.columns / grid_.rows, grid_.batch);
    const Share mine = share(units, row_part, grid_.rows);
    Share vecs = share(divide_up(weights_.out_blocks, tuning_.vecs), column_part, grid_.columns);
    vecs = {vecs.begin * tuning_.vecs, std::min(weights_.out_blocks, vecs.end * tuning_.vecs)};
    const int strips = static_cast<int>(divide_up(mine.end - mine.begin, strip_units_));
    for (int64_t image = images.begin; image < images.end; ++image) {
      for (int i = 0; i < strips; ++i) {
        const Share strip = share(mine.end - mine.begin, i, strips);
        run_strip(buffers, image, {mine.begin + strip.begin, mine.begin + strip.end}, vecs);
      }
    }
  });
}

void DirectConv::run_rows(const ConvBuffers& buffers, Share rows, Share blocks) const {
  const int64_t columns = static_cast<int64_t>(column_tiles_.size());
  run_tiles(buffers, {rows.begin * columns, rows.end * columns}, blocks);
}

void DirectConv::run_tiles(const ConvBuffers& buffers, Share tiles, Share blocks) const {
  run_strip(buffers, 0, tiles, blocks);
}

Share DirectConv::pixels_of(Share tiles) const {
  const ColumnTile &first = column_tiles_[tiles.begin], &last = column_tiles_[tiles.end - 1];
  return {first.x, last.x + last.rows};
}

// Panels of weights outermost: each is read from memory once and serves all pixels of the strip from the
// first cache.
void DirectConv::run_strip(const ConvBuffers& buffers, int64_t image, Share units, Share vecs) const {
  Position at{.image = image, .units = units};
  // The blocks of one tile read the same source.
  const auto width_at = [&](int64_t vec) {
    int width = 1;
    while (width < tuning_.vecs && vec + width < vecs.end &&
           weights_.first_block(vec + width) == weights_.first_block(vec))
      ++width;
    return width;
  };
  const auto panel = [&](int64_t vec, int width, Share steps) {
    const int64_t floats = weights_.step * weights_.taps * weights_.lanes,
                  out_block = weights_.out_block_floats();
    return Panel{buffers.weights + vec * out_block + steps.begin * floats, out_block,
                 (steps.end - steps.begin) * floats, width};
  };
  for (int64_t vec = vecs.begin; vec < vecs.end; vec += at.width) {
    at.vec = vec;
    at.width = width_at(vec);
    for (size_t i = 0; i < panels_.size(); ++i) {
      at.steps = panels_[i];
      at.weights = panel(vec, at.width, at.steps);
      at.first = i == 0;
      at.last = i + 1 == panels_.size();
      at.next = {};
      if (!at.last)
        at.next = panel(vec, at.width, panels_[i + 1]);
      else if (vec + at.width < vecs.end)
        at.next = panel(vec + at.width, width_at(vec + at.width), panels_[0]);
      run_panel(buffers, at);
    }
  }
}

void DirectConv::run_panel(const ConvBuffers& buffers, const Position& at) const {
  const int64_t columns = static_cast<int64_t>(column_tiles_.size()), block = weights_.block, vec = at.vec;
  TileArgs t;
  t.a_row = desc_.stride[1] * block;
  t.b = at.weights.data;
  t.b_vec = at.weights.b_vec;
  t.c_row = t.residual_row = dst_pixel_;
  t.c_vec = t.residual_vec = dst_plane_;
  // A residual that lies where the result goes is what the sums start from: the first panel overwrites it.
  const bool in_place = buffers.residual == buffers.dst;
  t.bias = at.first && buffers.bias ? buffers.bias + vec * weights_.lanes : nullptr;
  t.accumulate = !at.first || in_place;
  t.clamp = at.last && desc_.clamp;
  t.lo = desc_.lo;
  t.hi = desc_.hi;
  const int64_t channel = at.steps.begin * weights_.step;
  const float* src =
      buffers.src + at.image * src_image_ + (weights_.first_block(vec) + channel / block) * src_plane_;
  float* dst = buffers.dst + at.image * dst_image_ + vec * dst_plane_ + dst_start_;
  const float* residual = at.last && buffers.residual && !in_place
                              ? buffers.residual + at.image * residual_image_ + vec * dst_plane_ + dst_start_
                              : nullptr;
  const bool post = at.last && buffers.post.run != nullptr;
  float* finished = nullptr;  // tiles that wait for the program, one after the other
  int64_t waiting = 0;        // pixels of them
  const auto finish = [&] {
    if (waiting > 0) finish_tiles(buffers, at, finished, waiting);
    waiting = 0;
  };
  const PanelPrefetch prefetch(at.next, at.units.end - at.units.begin,
                               (at.steps.end - at.steps.begin) * weights_.taps * weights_.step);
  int64_t y = at.units.begin / columns, column = at.units.begin % columns - 1;
  for (int64_t unit = at.units.begin; unit < at.units.end; ++unit) {
    if (++column == columns) column = 0, ++y;
    const ColumnTile& tile = column_tiles_[column];
    const int64_t src_y = y * desc_.stride[0] - desc_.pad_begin[0];
    const int64_t src_x = tile.x * desc_.stride[1] - desc_.pad_begin[1];
    const int64_t to = y * dst_row_ + tile.x * dst_pixel_ - buffers.dst_pixel * weights_.lanes;
    t.a = src + (src_y * desc_.in[1] + src_x - buffers.src_pixel) * block;
    t.c = dst + to;
    t.residual = residual ? residual + to : nullptr;
    prefetch.ask(t, unit - at.units.begin);
    run_tile(t, at, tile, row_class_[y]);
    if (!post) continue;
    if (t.c != finished + waiting * dst_pixel_) finish();
    if (waiting == 0) finished = t.c;
    waiting += tile.rows;
    if (waiting * at.width * weights_.lanes >= kPostFloats) finish();
  }
  finish();
}

// The first call starts the sums of all rows; where later calls have fewer rows, one more call without a
// product finishes.
void DirectConv::run_tile(TileArgs& t, const Position& at, const ColumnTile& tile, int row_class) const {
  const auto set_taps = [&](const Run& run, TileArgs& args) {
    const Taps& taps = taps_[row_class * column_ranges_.size() + run.columns];
    args.a_offsets = a_offsets_.data() + taps.begin;
    args.b_offsets = b_offsets_.data() + taps.begin;
    args.blocks = (at.steps.end - at.steps.begin) * taps.per_step;
    args.depth = taps.depth;
  };
  const Run *run = runs_.data() + tile.run_begin, *end = runs_.data() + tile.run_end;
  if (tile.covered && end - run == 1) {
    set_taps(*run, t);
    return kernels_.at(tile.rows, at.width)(t);
  }
  const auto call = [&](const Run* run, bool start, bool finish) {
    TileArgs part = t;
    part.blocks = 0;
    if (run != nullptr) {
      set_taps(*run, part);
      part.a += run->first * t.a_row;
      part.c += run->first * t.c_row;
    }
    if (!start) part.bias = nullptr, part.accumulate = true;
    if (!finish) part.residual = nullptr, part.clamp = false;
    kernels_.at(run != nullptr ? run->rows : tile.rows, at.width)(part);
  };
  call(tile.covered ? run++ : nullptr, true, false);
  for (; run < end; ++run) call(run, false, false);
  if (t.residual != nullptr || t.clamp) call(nullptr, false, true);
}

void DirectConv::finish_tiles(const ConvBuffers& buffers, const Position& at, float* c, int64_t rows) const {
  const int64_t lanes = weights_.lanes, joined = dst_pixel_ == lanes ? rows : 1;
  const int64_t pixel = (c - buffers.dst - at.image * dst_image_ - at.vec * dst_plane_) / lanes;
  for (int64_t i = 0; i < rows; i += joined)
    buffers.post.run(buffers.post.context, {c + i * dst_pixel_, dst_plane_, at.image,
                                            pixel + i * desc_.dst_step[1], at.vec * lanes, joined, at.width});
}

}  // namespace ingot::cpu
