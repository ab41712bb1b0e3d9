#include "backends/cpu/kernels/conv/direct.h"

#include <algorithm>

namespace ingot::cpu {

// Where a thread is: a strip of the image, some output blocks, a panel of their weights.
struct DirectConv::Position {
  int64_t image;
  Share units;  // tiles of pixels, row by row
  int64_t vec;
  int width;
  const KBlock* k;
  bool first, last;  // panel of the sum
  Panel next;
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

// Panels of weights outermost: each is read from memory once and serves all pixels of the strip from the
// first cache.
void DirectConv::run_strip(const ConvBuffers& buffers, int64_t image, Share units, Share vecs) const {
  Position at{.image = image, .units = units};
  const int64_t out_block = weights_.out_block_floats();
  const auto panel = [&](int64_t vec, int width, const KBlock& k) {
    const int64_t channels = k.tail ? weights_.tail : weights_.block;
    return Panel{
        buffers.weights + vec * out_block + k.first * weights_.block * weights_.taps * weights_.lanes,
        out_block, k.count * weights_.taps * channels * weights_.lanes, width};
  };
  for (int64_t vec = vecs.begin; vec < vecs.end; vec += at.width) {
    // The blocks of one tile read the same source.
    const auto width_at = [&](int64_t from) {
      int width = 1;
      while (width < tuning_.vecs && from + width < vecs.end &&
             weights_.first_block(from + width) == weights_.first_block(from))
        ++width;
      return width;
    };
    at.vec = vec;
    at.width = width_at(vec);
    for (size_t i = 0; i < k_blocks_.size(); ++i) {
      at.k = &k_blocks_[i];
      at.first = i == 0;
      at.last = i + 1 == k_blocks_.size();
      at.next = {};
      if (!at.last)
        at.next = panel(vec, at.width, k_blocks_[i + 1]);
      else if (vec + at.width < vecs.end)
        at.next = panel(vec + at.width, width_at(vec + at.width), k_blocks_[0]);
      run_panel(buffers, at);
    }
  }
}

void DirectConv::run_panel(const ConvBuffers& buffers, Position& at) const {
  const int64_t lanes = weights_.lanes, block = weights_.block;
  TileArgs t;
  t.a_row = desc_.stride[1] * block;
  t.b_vec = weights_.out_block_floats();
  t.c_row = t.residual_row = lanes;
  t.c_vec = t.residual_vec = dst_plane_;
  t.lo = desc_.lo;
  t.hi = desc_.hi;
  const int64_t columns = static_cast<int64_t>(column_tiles_.size());
  const float* src =
      buffers.src + at.image * src_image_ + (weights_.first_block(at.vec) + at.k->first) * src_plane_;
  const float* weights = buffers.weights + at.vec * t.b_vec + at.k->first * block * weights_.taps * lanes;
  float* dst = buffers.dst + at.image * dst_image_ + at.vec * dst_plane_;
  // A residual that lies where the result goes is what the sums start from: the first panel overwrites it.
  const bool in_place = buffers.residual == buffers.dst;
  const float* residual = at.last && buffers.residual && !in_place
                              ? buffers.residual + at.image * residual_image_ + at.vec * dst_plane_
                              : nullptr;
  for (int64_t unit = at.units.begin; unit < at.units.end; ++unit) {
    const int64_t y = unit / columns;
    const ColumnTile& tile = column_tiles_[unit % columns];
    const int64_t pixel = y * out_w_ + tile.x;
    t.a = src + ((y * desc_.stride[0] - desc_.pad_begin[0]) * desc_.in[1] + tile.x * desc_.stride[1] -
                 desc_.pad_begin[1]) *
                    block;
    t.b = weights;
    t.c = dst + pixel * lanes;
    t.bias = at.first && buffers.bias ? buffers.bias + at.vec * lanes : nullptr;
    t.accumulate = !at.first || in_place;
    t.residual = residual ? residual + pixel * lanes : nullptr;
    t.clamp = at.last && desc_.clamp;
    const int64_t steps = at.k->count * weights_.taps * (at.k->tail ? weights_.tail : block);
    prefetch_share(t, at.next, unit - at.units.begin, at.units.end - at.units.begin, steps);
    run_tile(t, at, tile, row_class_[y]);
    if (at.last && buffers.post.run != nullptr)
      buffers.post.run(buffers.post.context,
                       {t.c, t.c_vec, at.image, pixel, at.vec * lanes, tile.rows, at.width});
  }
}

// The first call starts the sums of all rows; where later calls have fewer rows, one more call without a
// product finishes.
void DirectConv::run_tile(TileArgs& t, const Position& at, const ColumnTile& tile, int row_class) const {
  const auto call = [&](const Run& run, bool start, bool finish) {
    const size_t index = row_class * column_ranges_.size() + run.columns;
    const Taps& taps = at.k->tail ? tail_taps_[index] : taps_[index];
    TileArgs part = t;
    part.a += run.first * t.a_row;
    part.c += run.first * t.c_row;
    part.a_offsets = a_offsets_.data() + taps.begin;
    part.b_offsets = b_offsets_.data() + taps.begin;
    part.blocks = at.k->count * taps.per_block;
    part.depth = taps.depth;
    if (!start) part.bias = nullptr, part.accumulate = true;
    if (!finish) part.residual = nullptr, part.clamp = false;
    kernels_.at(run.rows, at.width)(part);
  };
  if (tile.covered && tile.run_end - tile.run_begin == 1) return call(runs_[tile.run_begin], true, true);
  const auto epilogue = [&](bool start) {
    TileArgs part = t;
    part.blocks = 0;
    if (start)
      part.residual = nullptr, part.clamp = false;
    else
      part.bias = nullptr, part.accumulate = true;
    kernels_.at(tile.rows, at.width)(part);
  };
  int run = tile.run_begin;
  if (tile.covered)
    call(runs_[run++], true, false);
  else
    epilogue(true);
  for (; run < tile.run_end; ++run) call(runs_[run], false, false);
  if (t.residual != nullptr || t.clamp) epilogue(false);
}

}  // namespace ingot::cpu
