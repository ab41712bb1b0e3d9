#include "backends/cpu/kernels/depthwise/depthwise.h"

#include <algorithm>
#include <cstring>

namespace ingot::cpu {

namespace baseline {
extern const DepthwiseKernels kDepthwise;
}
namespace avx2 {
extern const DepthwiseKernels kDepthwise;
}
namespace avx512 {
extern const DepthwiseKernels kDepthwise;
}
const DepthwiseKernels& depthwise_kernels(Isa isa) { return INGOT_SELECT_ISA(isa, kDepthwise); }

namespace {

// Narrower images are copied between zero margins: there the border columns, which cannot be computed side by
// side, would cost more than the copy.
constexpr int64_t kCopyWidth = 32;
constexpr int64_t kPostFloats = 1024;  // at least so many go to one call of the post program

int64_t blocks_of(const DepthwiseDesc& d, Isa isa) {
  return (d.channels + block_of(isa) - 1) / block_of(isa);
}

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

}  // namespace

int64_t depthwise_filter_size(const DepthwiseDesc& d, Isa isa) {
  return blocks_of(d, isa) * block_of(isa) * d.kernel_h * d.kernel_w;
}

void pack_depthwise_filter(const DepthwiseDesc& d, Isa isa, const float* filter, float* packed) {
  const int64_t c = block_of(isa), taps = d.kernel_h * d.kernel_w;
  for (int64_t i = 0, size = depthwise_filter_size(d, isa); i < size; ++i) {
    const int64_t channel = i / (taps * c) * c + i % c;
    packed[i] = channel < d.channels ? filter[channel * taps + i / c % taps] : 0.0f;
  }
}

Share taps_inside(int64_t start, int64_t dilation, int64_t kernel, int64_t extent) {
  const int64_t begin = start < 0 ? std::min(kernel, ceil_div(-start, dilation)) : 0;
  const int64_t end = start >= extent ? begin : std::clamp(ceil_div(extent - start, dilation), begin, kernel);
  return {begin, end};
}

void Depthwise::prepare(const DepthwiseDesc& desc, Isa isa, int threads, bool by_rows) {
  desc_ = desc;
  isa_ = isa;
  threads_ = threads;
  by_rows_ = by_rows;
  block_ = block_of(isa);
  blocks_ = blocks_of(desc, isa);
  const int64_t reach = (desc.kernel_w - 1) * desc.dilation_w + 1;
  padded_w_ = std::max((desc.out_w - 1) * desc.stride_w + reach, desc.pad_left + desc.in_w);
  copies_ = desc.in_w <= kCopyWidth && padded_w_ > desc.in_w && padded_w_ <= 2 * kCopyWidth;
  scratch_floats_ = copies_ ? padded_w_ * desc.in_h * block_ : 0;
  // Whole planes, unless that leaves threads without work.
  const int64_t planes = desc.batch * blocks_;
  const int64_t pieces =
      planes >= 2 * threads || planes % threads == 0 ? 1 : std::min<int64_t>(4 * threads, desc.out_h);
  rows_per_task_ = std::max<int64_t>(1, ceil_div(desc.out_h, std::max<int64_t>(1, pieces)));
}

void Depthwise::run_rows(const Operands& o, int64_t plane, int64_t first, int64_t last,
                         float* scratch) const {
  const DepthwiseDesc& d = desc_;
  const DepthwiseKernels& kernels = depthwise_kernels(isa_);
  const auto special = kernels.find(d.kernel_w, d.stride_w, d.dilation_w);
  const auto row_function = special ? special : kernels.any;
  const int64_t channel = plane % blocks_ * block_;
  const float* x = o.x + plane * d.in_h * d.in_w * block_;
  const float* filter = o.filter + channel * d.kernel_h * d.kernel_w;

  int64_t in_w = d.in_w, pad_left = d.pad_left;
  if (copies_) {
    const int64_t from = std::clamp<int64_t>(first * d.stride_h - d.pad_top, 0, d.in_h);
    const int64_t to = std::clamp<int64_t>(
        (last - 1) * d.stride_h - d.pad_top + (d.kernel_h - 1) * d.dilation_h + 1, from, d.in_h);
    for (int64_t r = from; r < to; ++r)
      std::memcpy(scratch + (r * padded_w_ + pad_left) * block_, x + r * in_w * block_,
                  static_cast<size_t>(in_w * block_) * sizeof(float));
    x = scratch;
    in_w = padded_w_;
    pad_left = 0;
  }

  DepthwiseRow row{};
  row.bias = o.bias ? o.bias + channel : nullptr;
  row.x_row = d.dilation_h * in_w * block_;
  row.kernel_w = d.kernel_w;
  row.in_w = in_w;
  row.out_w = d.out_w;
  row.stride_w = d.stride_w;
  row.dilation_w = d.dilation_w;
  row.pad_left = pad_left;
  row.inside_from = std::min(d.out_w, ceil_div(pad_left, d.stride_w));
  const int64_t room =
      in_w + pad_left - (d.kernel_w - 1) * d.dilation_w - 1;  // the last inside tap window starts there
  row.inside_to = room < 0 ? row.inside_from : std::clamp(room / d.stride_w + 1, row.inside_from, d.out_w);
  row.low = d.low;
  row.high = d.high;

  float sums[16] = {};
  const int64_t out_row = d.out_w * block_;
  float* y = o.y + plane * d.out_h * out_row;
  const int64_t group = std::max<int64_t>(1, kPostFloats / std::max<int64_t>(1, out_row));
  for (int64_t group_first = first; group_first < last; group_first += group) {
    const int64_t group_last = std::min(last, group_first + group);
    for (int64_t oy = group_first; oy < group_last; ++oy) {
      const int64_t top = oy * d.stride_h - d.pad_top;
      const Share taps = taps_inside(top, d.dilation_h, d.kernel_h, d.in_h);
      row.taps_h = taps.end - taps.begin;
      row.x = x + (top + taps.begin * d.dilation_h) * in_w * block_;
      row.filter = filter + taps.begin * d.kernel_w * block_;
      row.y = y + oy * out_row;
      row_function(row);
    }
    float* tile = y + group_first * out_row;
    const int64_t pixels = (group_last - group_first) * d.out_w;
    o.post(tile, tile - o.y, channel, pixels, block_, block_);
    if (o.mean) kernels.add_pixels(tile, pixels, sums);
  }
  if (!o.mean) return;
  const float scale = 1.0f / static_cast<float>(d.out_h * d.out_w);
  for (int64_t l = 0; l < block_; ++l) o.mean[plane * block_ + l] = sums[l] * scale;
}

void Depthwise::run(ThreadPool& pool, const Operands& operands, void* scratch) const {
  const int64_t rows =
      operands.mean ? std::max<int64_t>(1, desc_.out_h) : rows_per_task_;  // means need whole planes
  const int64_t pieces = ceil_div(desc_.out_h, rows), tasks = desc_.batch * blocks_ * pieces;
  pool.run([&](int thread) {
    const Share mine = share(tasks, thread, pool.size());
    float* const own = static_cast<float*>(scratch) + thread * scratch_floats_;
    std::memset(own, 0, static_cast<size_t>(scratch_floats_) * sizeof(float));  // the margins, for all planes
    if (by_rows_ && !operands.mean) {
      const Share part = share(desc_.out_h, thread, pool.size());
      for (int64_t plane = 0; part.begin < part.end && plane < desc_.batch * blocks_; ++plane)
        run_rows(operands, plane, part.begin, part.end, own);
      return;
    }
    for (int64_t t = mine.begin; t < mine.end; ++t) {
      const int64_t first = t % pieces * rows;
      run_rows(operands, t / pieces, first, std::min(desc_.out_h, first + rows), own);
    }
  });
}

}  // namespace ingot::cpu
