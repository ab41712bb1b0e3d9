#include "backends/cpu/kernels/conv/winograd.h"

#include <algorithm>

namespace ingot::cpu {
namespace {

// Elements lie an odd number of cache lines apart: a power of two would put all of a tile's elements into one
// cache set.
constexpr int64_t kSkew = 16;

// The part of a tile of `size` pixels from `start` on, `step` apart, that is inside of [0, extent).
void clip(int64_t start, int64_t step, int64_t extent, int size, int& begin, int& end) {
  begin = static_cast<int>(std::min<int64_t>(size, start >= 0 ? 0 : divide_up(-start, step)));
  end = static_cast<int>(
      std::clamp<int64_t>(start >= extent ? 0 : divide_up(extent - start, step), begin, size));
}

}  // namespace

WinogradConv::WinogradConv(const ConvDesc& desc, Isa isa, const WinogradTuning& tuning, int threads)
    : desc_(desc),
      kernels_(tile_kernels(isa)),
      transforms_(winograd_kernels(isa)),
      threads_(threads),
      lanes_(kernels_.lanes),
      in_blocks_(divide_up(desc.in_channels, lanes_)),
      out_blocks_(divide_up(desc.out_channels, lanes_)),
      elements_((tuning.m + 2) * (tuning.m + 2)) {
  tuning_ = tuning;
  plan_tiles();
  choose(tuning);
  const int64_t tiles = tuning_.group_tiles;
  v_floats_ = elements_ * (in_blocks_ * tiles * lanes_ + kSkew);
  m_blocks_ = tuning_.vecs;
  if (tuning_.by_element)
    m_blocks_ *= divide_up(divide_up(out_blocks_, tuning_.vecs), tuning_.channel_threads);
  m_element_ = m_blocks_ * tiles * lanes_ + kSkew;
  m_floats_ = elements_ * m_element_;
  for (int64_t i = 0; i < in_blocks_; ++i) {
    a_offsets_.push_back(i * tiles * lanes_);
    b_offsets_.push_back(i * lanes_ * lanes_);
  }
  if (desc_.src_image == 0) desc_.src_image = in_blocks_ * lanes_ * desc_.in[0] * desc_.in[1];
  const int64_t dst_image = out_blocks_ * lanes_ * desc_.out(0) * desc_.out(1);
  if (desc_.dst_image == 0) desc_.dst_image = dst_image;
  if (desc_.residual_image == 0) desc_.residual_image = dst_image;
}

// With dilation, output pixels whose coordinates leave the same rest read only input pixels that do so too:
// each rest is a convolution of its own, without dilation.
void WinogradConv::plan_tiles() {
  const int64_t m = tuning_.m, dy = desc_.dilation[0], dx = desc_.dilation[1];
  for (int64_t image = 0; image < desc_.batch; ++image)
    for (int64_t phase_y = 0; phase_y < dy; ++phase_y)
      for (int64_t phase_x = 0; phase_x < dx; ++phase_x)
        for (int64_t y = phase_y; y < desc_.out(0); y += m * dy)
          for (int64_t x = phase_x; x < desc_.out(1); x += m * dx) tiles_.push_back({image, y, x});
}

void WinogradConv::choose(const WinogradTuning& wanted) {
  const int64_t tiles = static_cast<int64_t>(tiles_.size());
  const int64_t tile_bytes = elements_ * in_blocks_ * lanes_ * 4;
  const int64_t most = std::max<int64_t>(8, second_cache_budget() / tile_bytes);
  const int64_t expected = std::min(most, tiles);
  if (tuning_.vecs == 0)
    tuning_.vecs = rank_tiles(kernels_, expected, out_blocks_, in_blocks_ * lanes_)[0].vecs;
  tuning_.vecs = std::min(tuning_.vecs, kMaxTileVecs);
  const ThreadGrid grid = choose_grid(
      threads_, 1, tiles, divide_up(out_blocks_, tuning_.vecs), static_cast<double>(tiles * tile_bytes),
      static_cast<double>(elements_ * in_blocks_ * out_blocks_ * lanes_ * lanes_ * 4));
  tile_threads_ = grid.rows;
  if (wanted.channel_threads > 0 && threads_ % wanted.channel_threads == 0)
    tile_threads_ = threads_ / wanted.channel_threads;
  // Threads that split both ways would need barriers among some of them only: one way or the other.
  if (tile_threads_ != 1) tile_threads_ = threads_;
  tuning_.channel_threads = threads_ / tile_threads_;
  if (tuning_.group_tiles == 0) {
    const int64_t mine = divide_up(tiles, tile_threads_), groups = divide_up(mine, most);
    // By element, the weights come once instead of once a group, and V and M go to memory and back.
    const int64_t weights = elements_ * in_blocks_ * out_blocks_ * lanes_ * lanes_;
    const int64_t moved = 2 * mine * elements_ * (in_blocks_ + out_blocks_) * lanes_;
    tuning_.by_element = wanted.by_element || (groups - 1) * weights > moved;
    const int64_t element_bytes = 4 * (in_blocks_ + tuning_.vecs) * lanes_;
    const int64_t by_element = std::max<int64_t>(8, second_cache_budget() / element_bytes);
    tuning_.group_tiles = divide_up(mine, tuning_.by_element ? divide_up(mine, by_element) : groups);
  }
  tuning_.group_tiles = std::max<int64_t>(1, std::min(tuning_.group_tiles, tiles));
}

int64_t WinogradConv::scratch_floats() const { return tile_threads_ * v_floats_ + threads_ * m_floats_; }

Share WinogradConv::group(Share tiles, int64_t index, int64_t count) const {
  const Share part = share(tiles.end - tiles.begin, static_cast<int>(index), static_cast<int>(count));
  return {tiles.begin + part.begin, tiles.begin + part.end};
}

void WinogradConv::run(ThreadPool& pool, const ConvBuffers& buffers) const {
  const int64_t tiles = static_cast<int64_t>(tiles_.size());
  float* const m = buffers.scratch + tile_threads_ * v_floats_;
  if (tile_threads_ > 1 || threads_ == 1) {
    pool.run([&](int thread) {
      const Share mine = share(tiles, thread, threads_);
      const int64_t groups = divide_up(mine.end - mine.begin, tuning_.group_tiles);
      float* v = buffers.scratch + thread * v_floats_;
      for (int64_t i = 0; i < groups; ++i) {
        const Share part = group(mine, i, groups);
        transform_input(buffers, part, {0, in_blocks_}, v);
        multiply(buffers, part, {0, out_blocks_}, v, m + thread * m_floats_);
      }
    });
    return;
  }
  const int64_t groups = divide_up(tiles, tuning_.group_tiles);
  for (int64_t i = 0; i < groups; ++i) {
    const Share part = group({0, tiles}, i, groups);
    pool.run([&](int thread) {
      transform_input(buffers, part, share(in_blocks_, thread, threads_), buffers.scratch);
    });
    pool.run([&](int thread) {
      const Share columns = share(divide_up(out_blocks_, tuning_.vecs), thread, threads_);
      multiply(buffers, part,
               {columns.begin * tuning_.vecs, std::min(out_blocks_, columns.end * tuning_.vecs)},
               buffers.scratch, m + thread * m_floats_);
    });
  }
}

// V is [element][in block][tile][V].
void WinogradConv::transform_input(const ConvBuffers& buffers, Share tiles, Share blocks, float* v) const {
  const int64_t h = desc_.in[0], w = desc_.in[1], dy = desc_.dilation[0], dx = desc_.dilation[1];
  const int size = tuning_.m + 2;
  WinogradInput in;
  in.row = dy * w * lanes_;
  in.pixel = dx * lanes_;
  in.dst_element = in_blocks_ * tuning_.group_tiles * lanes_ + kSkew;
  const auto transform = tuning_.m == 2 ? transforms_.input2 : transforms_.input4;
  for (int64_t block = blocks.begin; block < blocks.end; ++block) {
    for (int64_t i = tiles.begin; i < tiles.end; ++i) {
      const TileOrigin& tile = tiles_[i];
      const int64_t y = tile.y - desc_.pad_begin[0], x = tile.x - desc_.pad_begin[1];
      clip(y, dy, h, size, in.bounds.y0, in.bounds.y1);
      clip(x, dx, w, size, in.bounds.x0, in.bounds.x1);
      in.src = buffers.src + tile.image * desc_.src_image + ((block * h + y) * w + x) * lanes_;
      in.dst = v + (block * tuning_.group_tiles + i - tiles.begin) * lanes_;
      transform(in);
    }
  }
}

// For some output blocks at a time, all elements' products and then the way back.
void WinogradConv::multiply(const ConvBuffers& buffers, Share tiles, Share vecs, const float* v,
                            float* m) const {
  const int64_t in = in_blocks_ * lanes_, count = tiles.end - tiles.begin;
  const int64_t v_element = in * tuning_.group_tiles + kSkew;
  TileArgs t;
  t.depth = t.a_row = t.c_row = lanes_;
  t.b_vec = elements_ * in * lanes_;
  t.c_vec = tuning_.group_tiles * lanes_;
  const auto panel = [&](int64_t vec, int64_t e, int64_t end) {
    return Panel{buffers.weights + vec * t.b_vec + e * in * lanes_, t.b_vec, in * lanes_,
                 static_cast<int>(std::min<int64_t>(tuning_.vecs, end - vec))};
  };
  for (int64_t first = vecs.begin; first < vecs.end; first += m_blocks_) {
    const int64_t last = std::min(vecs.end, first + m_blocks_);
    for (int64_t e = 0; e < elements_; ++e) {
      for (int64_t vec = first; vec < last; vec += tuning_.vecs) {
        const Panel now = panel(vec, e, last);
        const Panel next = vec + now.vecs < last ? panel(vec + now.vecs, e, last)
                           : e + 1 < elements_   ? panel(first, e + 1, last)
                           : last < vecs.end     ? panel(last, 0, vecs.end)
                                                 : Panel{};
        t.a = v + e * v_element;
        t.b = now.data;
        t.c = m + e * m_element_ + (vec - first) * t.c_vec;
        multiply_element(t, count, now.vecs, next);
      }
    }
    for (int64_t vec = first; vec < last; vec += tuning_.vecs)
      transform_output(buffers, tiles, vec, static_cast<int>(std::min<int64_t>(tuning_.vecs, last - vec)),
                       m + (vec - first) * t.c_vec);
  }
}

void WinogradConv::multiply_element(const TileArgs& common, int64_t tiles, int width,
                                    const Panel& next) const {
  TileArgs t = common;
  const int64_t row_tiles = divide_up(tiles, kernels_.max_rows[width - 1]);
  const int64_t panels = divide_up(in_blocks_ * lanes_, panel_depth(kernels_, width));
  const PanelPrefetch prefetch(next, panels * row_tiles, in_blocks_ * lanes_ / panels);
  for (int64_t k = 0; k < panels; ++k) {
    const Share blocks = share(in_blocks_, static_cast<int>(k), static_cast<int>(panels));
    t.accumulate = k > 0;
    t.a_offsets = a_offsets_.data() + blocks.begin;
    t.b_offsets = b_offsets_.data() + blocks.begin;
    t.blocks = blocks.end - blocks.begin;
    for (int64_t i = 0; i < row_tiles; ++i) {
      const Share rows = share(tiles, static_cast<int>(i), static_cast<int>(row_tiles));
      t.a = common.a + rows.begin * t.a_row;
      t.c = common.c + rows.begin * t.c_row;
      prefetch.ask(t, k * row_tiles + i);
      kernels_.at(static_cast<int>(rows.end - rows.begin), width)(t);
    }
  }
}

void WinogradConv::transform_output(const ConvBuffers& buffers, Share tiles, int64_t vec, int width,
                                    const float* m) const {
  const int64_t h = desc_.out(0), w = desc_.out(1), dy = desc_.dilation[0], dx = desc_.dilation[1];
  const auto transform = tuning_.m == 2 ? transforms_.output2 : transforms_.output4;
  WinogradOutput out;
  out.src_element = m_element_;
  out.row = dy * w * lanes_;
  out.pixel = dx * lanes_;
  out.clamp = desc_.clamp;
  out.lo = desc_.lo;
  out.hi = desc_.hi;
  for (int64_t i = tiles.begin; i < tiles.end; ++i) {
    const TileOrigin& tile = tiles_[i];
    clip(tile.y, dy, h, tuning_.m, out.bounds.y0, out.bounds.y1);
    clip(tile.x, dx, w, tuning_.m, out.bounds.x0, out.bounds.x1);
    const int64_t pixel = tile.y * w + tile.x;
    for (int v = 0; v < width; ++v) {
      const int64_t at = ((vec + v) * h * w + pixel) * lanes_;
      out.src = m + (v * tuning_.group_tiles + i - tiles.begin) * lanes_;
      out.bias = buffers.bias != nullptr ? buffers.bias + (vec + v) * lanes_ : nullptr;
      out.residual =
          buffers.residual != nullptr ? buffers.residual + tile.image * desc_.residual_image + at : nullptr;
      out.dst = buffers.dst + tile.image * desc_.dst_image + at;
      transform(out);
    }
    if (buffers.post.run == nullptr) continue;
    float* first = buffers.dst + tile.image * desc_.dst_image + (vec * h * w + pixel) * lanes_;
    for (int y = 0; y < out.bounds.y1; ++y)
      for (int x = 0; x < out.bounds.x1; x += dx == 1 ? out.bounds.x1 : 1)
        buffers.post.run(buffers.post.context,
                         {first + y * out.row + x * out.pixel, h * w * lanes_, tile.image,
                          pixel + y * dy * w + x * dx, vec * lanes_, dx == 1 ? out.bounds.x1 : 1, width});
  }
}

std::string winograd_name(const WinogradTuning& tuning, Isa isa) {
  return "conv_winograd" + std::to_string(tuning.m) + "_f32_x" + std::to_string(tuning.vecs) + "__" +
         std::string(isa_name(isa));
}

std::vector<WinogradTuning> winograd_candidates(const ConvDesc& desc, int m, Isa isa, int threads) {
  std::vector<WinogradTuning> candidates;
  if (winograd_why_not(desc) != nullptr) return candidates;
  const auto add = [&](const WinogradTuning& wanted) {
    const WinogradTuning made = WinogradConv(desc, isa, wanted, threads).tuning();
    if (std::find(candidates.begin(), candidates.end(), made) == candidates.end()) candidates.push_back(made);
  };
  add({.m = m});
  if (threads > 1) {
    for (int channel_threads : {1, threads}) {
      add({.m = m, .channel_threads = channel_threads});
      add({.m = m, .by_element = true, .channel_threads = channel_threads});
    }
  }
  const WinogradTuning first = candidates[0];
  add({.m = m, .group_tiles = std::max<int64_t>(1, first.group_tiles / 2)});
  add({.m = m, .group_tiles = first.group_tiles});
  add({.m = m, .by_element = true});
  add({.m = m, .vecs = first.vecs == 2 ? 3 : 2});
  return candidates;
}

}  // namespace ingot::cpu
