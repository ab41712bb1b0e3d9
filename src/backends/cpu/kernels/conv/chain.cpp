#include "backends/cpu/kernels/conv/chain.h"

#include <algorithm>

#include "backends/cpu/kernels/conv/post_program.h"

namespace ingot::cpu {
namespace {

// So many at least, where threads lie along the rows: those that two of them need are made twice.
constexpr int64_t kRowsOfThread = 14;

int64_t reach(int64_t kernel, int64_t dilation) { return (kernel - 1) * dilation + 1; }

DepthwiseDesc depthwise_desc(const ConvDesc& d) {
  DepthwiseDesc out{.batch = d.batch, .channels = d.out_channels};
  out.in_h = d.in[0], out.in_w = d.in[1], out.out_h = d.out(0), out.out_w = d.out(1);
  out.kernel_h = d.kernel[0], out.kernel_w = d.kernel[1];
  out.stride_h = d.stride[0], out.stride_w = d.stride[1];
  out.dilation_h = d.dilation[0], out.dilation_w = d.dilation[1];
  out.pad_top = d.pad_begin[0], out.pad_left = d.pad_begin[1];
  if (d.clamp) out.low = d.lo, out.high = d.hi;
  return out;
}

}  // namespace

const char* conv_chain_why_not(const ConvChainDesc& desc) {
  const ConvDesc& d = desc.depthwise;
  if (desc.first.groups != 1) return "the first convolution has groups";
  if (d.groups != d.in_channels || d.groups != d.out_channels) return "the second is not depthwise";
  if (!desc.last) return nullptr;
  for (int axis : {0, 1})
    if (desc.last->kernel[axis] != 1 || desc.last->stride[axis] != 1 || desc.last->pad_begin[axis] != 0 ||
        desc.last->pad_end[axis] != 0)
      return "the third is not pointwise";
  return desc.last->groups == 1 ? nullptr : "the third has groups";
}

ConvChain::ConvChain(const ConvChainDesc& desc, Isa isa, const ConvChainTuning& tuning, int threads)
    : desc_(desc),
      depthwise_(depthwise_desc(desc.depthwise)),
      threads_(threads),
      lanes_(block_of(isa)),
      tuning_(tuning),
      middle_blocks_(divide_up(depthwise_.channels, lanes_)),
      kernels_(depthwise_kernels(isa)) {
  const DepthwiseDesc& d = depthwise_;
  const int64_t units = d.batch * d.out_h;
  if (tuning_.row_threads == 0 || threads % tuning_.row_threads != 0)
    tuning_.row_threads = units >= kRowsOfThread * threads ? threads : 1;
  columns_ = threads / tuning_.row_threads;
  const int64_t most = std::max<int64_t>(1, divide_up(units, tuning_.row_threads));
  const auto read = [&](int64_t rows) { return (rows - 1) * d.stride_h + reach(d.kernel_h, d.dilation_h); };
  if (tuning_.rows == 0) {
    const auto bytes = [&](int64_t rows) {
      return 4 * divide_up(middle_blocks_, columns_) * lanes_ * (read(rows) * d.in_w + rows * d.out_w);
    };
    tuning_.rows = 1;
    while (2 * tuning_.rows <= most && bytes(2 * tuning_.rows) <= second_cache_budget()) tuning_.rows *= 2;
  }
  tuning_.rows = std::min(tuning_.rows, most);
  ring_rows_ = std::min(read(tuning_.rows), d.in_h);
  padded_w_ = std::max((d.out_w - 1) * d.stride_w + reach(d.kernel_w, d.dilation_w), d.pad_left + d.in_w);
  ring_plane_ = ring_rows_ * padded_w_ * lanes_;
  first_.emplace(into_ring(), isa, DirectConvTuning{.vecs = tuning_.first_vecs}, 1, true);
  tuning_.first_vecs = first_->tuning().vecs;
  const int64_t groups = divide_up(middle_blocks_, tuning_.first_vecs);
  ring_blocks_ = std::min(middle_blocks_, divide_up(groups, columns_) * tuning_.first_vecs);
  last_blocks_ = middle_blocks_;
  if (desc_.last) {
    last_blocks_ = divide_up(desc_.last->out_channels, lanes_);
    between_plane_ = (columns_ > 1 ? d.out_h : tuning_.rows) * d.out_w * lanes_;
    const DirectConvTuning wanted{.vecs = tuning_.last_vecs};
    if (columns_ > 1)
      last_.emplace(*desc_.last, isa, wanted, threads);
    else
      last_.emplace(from_strip(), isa, wanted, 1, true);
    tuning_.last_vecs = last_->tuning().vecs;
  }
  const ConvDesc& f = desc_.first;
  src_image_ = f.in[0] * f.in[1] * (f.plain_src ? f.in_channels : divide_up(f.in_channels, lanes_) * lanes_);
  dst_image_ = last_blocks_ * lanes_ * d.out_h * d.out_w;
  row_function_ = kernels_.find(d.kernel_w, d.stride_w, d.dilation_w);
  if (row_function_ == nullptr) row_function_ = kernels_.any;
}

// The first convolution as it writes into the ring, between the depthwise one's margins.
ConvDesc ConvChain::into_ring() const {
  ConvDesc first = desc_.first;
  first.dst_size[0] = ring_rows_;
  first.dst_size[1] = padded_w_;
  first.dst_first[1] = depthwise_.pad_left;
  return first;
}

// The last convolution as it reads a strip.
ConvDesc ConvChain::from_strip() const {
  ConvDesc last = *desc_.last;
  last.src_plane = between_plane_;
  return last;
}

void ConvChain::run(ThreadPool& pool, const Operands& operands) const {
  const DepthwiseDesc& d = depthwise_;
  float* const between = operands.scratch + threads_ * ring_floats();
  pool.run([&](int thread) {
    float* const ring = operands.scratch + thread * ring_floats();
    clear_margins(ring);
    const Share mine = share(d.batch * d.out_h, thread / columns_, tuning_.row_threads);
    Share blocks = share(divide_up(middle_blocks_, tuning_.first_vecs), thread % columns_, columns_);
    blocks = {blocks.begin * tuning_.first_vecs, std::min(middle_blocks_, blocks.end * tuning_.first_vecs)};
    for (int64_t at = mine.begin; at < mine.end;) {
      const int64_t image = at / d.out_h, end = std::min(mine.end, (image + 1) * d.out_h);
      run_part(operands, image, {at - image * d.out_h, end - image * d.out_h}, blocks,
               ring - blocks.begin * ring_plane_,
               between + (apart() ? image : thread) * middle_blocks_ * between_plane_);
      at = end;
    }
  });
  if (!apart()) return;
  const ProgramPost post{operands.last.post, operands.dst, lanes_};
  last_->run(pool, {.src = between,
                    .weights = operands.last.weights,
                    .bias = operands.last.bias,
                    .residual = operands.residual,
                    .dst = operands.dst,
                    .post = post.call()});
}

void ConvChain::clear_margins(float* ring) const {
  const DepthwiseDesc& d = depthwise_;
  const int64_t left = d.pad_left * lanes_, image = d.in_w * lanes_, row = padded_w_ * lanes_;
  for (int64_t i = 0; i < ring_blocks_ * ring_rows_; ++i) {
    std::fill_n(ring + i * row, left, 0.0f);
    std::fill_n(ring + i * row + left + image, row - left - image, 0.0f);
  }
}

// The rows of the first result that these of the depthwise one read.
Share ConvChain::rows_read(Share rows) const {
  const DepthwiseDesc& d = depthwise_;
  const int64_t begin = std::clamp<int64_t>(rows.begin * d.stride_h - d.pad_top, 0, d.in_h);
  const int64_t end = (rows.end - 1) * d.stride_h - d.pad_top + reach(d.kernel_h, d.dilation_h);
  return {begin, std::clamp(end, begin, d.in_h)};
}

// By output blocks of the first convolution: the depthwise one reads its rows from the first cache. `ring` is
// where that of the first block of all would lie.
void ConvChain::run_part(const Operands& o, int64_t image, Share rows, Share all, float* ring,
                         float* between) const {
  const DepthwiseDesc& d = depthwise_;
  const int64_t out_row = d.out_w * lanes_, plane = last_ ? between_plane_ : d.out_h * out_row;
  float* const result = last_ ? between : o.dst + image * dst_image_;
  int64_t made = 0;  // rows of the first result
  for (int64_t y = rows.begin; y < rows.end; y += tuning_.rows) {
    const Share strip = {y, std::min(rows.end, y + tuning_.rows)};
    const int64_t row = last_ && !apart() ? 0 : y;  // of the result, where the strip goes
    Share wanted = rows_read(strip);
    wanted.begin = std::max(wanted.begin, made);
    made = std::max(made, wanted.end);
    for (int64_t first = all.begin; first < all.end; first += tuning_.first_vecs) {
      const Share blocks = {first, std::min(all.end, first + tuning_.first_vecs)};
      fill_ring(o, o.src + image * src_image_, wanted, blocks, ring);
      for (int64_t block = blocks.begin; block < blocks.end; ++block)
        run_depthwise(o, block, strip, ring + block * ring_plane_, result + block * plane + row * out_row);
    }
    if (last_ && !apart()) run_last(o, image, strip, between);
  }
}

void ConvChain::run_last(const Operands& o, int64_t image, Share rows, const float* between) const {
  const ProgramPost post{o.last.post, o.dst, lanes_};
  last_->run_rows({.src = between,
                   .src_pixel = rows.begin * depthwise_.out_w,
                   .weights = o.last.weights,
                   .bias = o.last.bias,
                   .residual = o.residual ? o.residual + image * dst_image_ : nullptr,
                   .dst = o.dst + image * dst_image_,
                   .post = post.call()},
                  rows, {0, last_blocks_});
}

void ConvChain::fill_ring(const Operands& o, const float* src, Share rows, Share blocks, float* ring) const {
  const ProgramPost post{o.first.post, ring, lanes_};
  ConvBuffers buffers{
      .src = src, .weights = o.first.weights, .bias = o.first.bias, .dst = ring, .post = post.call()};
  while (rows.begin < rows.end) {
    const int64_t slot = rows.begin % ring_rows_;
    buffers.dst_pixel = (rows.begin - slot) * padded_w_;
    const int64_t end = std::min(rows.end, rows.begin - slot + ring_rows_);
    first_->run_rows(buffers, {rows.begin, end}, blocks);
    rows.begin = end;
  }
}

// `y` is where the first of the rows goes, `ring` that of the block.
void ConvChain::run_depthwise(const Operands& o, int64_t block, Share rows, const float* ring,
                              float* y) const {
  const DepthwiseDesc& d = depthwise_;
  const int64_t row_floats = padded_w_ * lanes_;
  const float* filter = o.depthwise.weights + block * lanes_ * d.kernel_h * d.kernel_w;
  DepthwiseRow row{};
  row.bias = o.depthwise.bias ? o.depthwise.bias + block * lanes_ : nullptr;
  row.x_row = d.dilation_h * row_floats;
  row.wrap = ring_rows_ * row_floats;
  row.kernel_w = d.kernel_w;
  row.in_w = padded_w_;
  row.out_w = row.inside_to = d.out_w;
  row.stride_w = d.stride_w;
  row.dilation_w = d.dilation_w;
  row.low = d.low;
  row.high = d.high;
  for (int64_t at = rows.begin; at < rows.end; ++at) {
    const int64_t top = at * d.stride_h - d.pad_top;
    const Share taps = taps_inside(top, d.dilation_h, d.kernel_h, d.in_h);
    const int64_t slot = taps.begin < taps.end ? (top + taps.begin * d.dilation_h) % ring_rows_ : 0;
    row.taps_h = taps.end - taps.begin;
    row.x = ring + slot * row_floats;
    row.wrap_after = divide_up(ring_rows_ - slot, d.dilation_h);
    row.filter = filter + taps.begin * d.kernel_w * lanes_;
    row.y = y + (at - rows.begin) * d.out_w * lanes_;
    row_function_(row);
  }
  o.depthwise.post(y, last_ ? 0 : y - o.dst, block * lanes_, (rows.end - rows.begin) * d.out_w, lanes_,
                   lanes_);
}

std::string conv_chain_name(const ConvChainTuning& tuning, Isa isa) {
  return "conv_chain_f32_r" + std::to_string(tuning.rows) + "__" + std::string(isa_name(isa));
}

std::vector<ConvChainTuning> conv_chain_candidates(const ConvChainDesc& desc, Isa isa, int threads) {
  std::vector<ConvChainTuning> candidates;
  const auto add = [&](const ConvChainTuning& wanted) {
    const ConvChainTuning made = ConvChain(desc, isa, wanted, threads).tuning();
    if (std::find(candidates.begin(), candidates.end(), made) == candidates.end()) candidates.push_back(made);
  };
  add({});
  const ConvChainTuning best = candidates[0];
  if (threads > 1) {
    add({.row_threads = threads});
    add({.row_threads = 1});
  }
  for (int64_t rows : {best.rows / 2, best.rows / 4, best.rows * 2})
    if (rows > 0) add({.rows = rows, .row_threads = best.row_threads});
  add({.rows = desc.depthwise.out(0),
       .row_threads = best.row_threads});  // one after the other, as if they were apart
  add({.rows = best.rows, .first_vecs = best.first_vecs == 2 ? 3 : 2, .row_threads = best.row_threads});
  add({.rows = best.rows, .last_vecs = best.last_vecs == 2 ? 3 : 2, .row_threads = best.row_threads});
  return candidates;
}

}  // namespace ingot::cpu
