// Depthwise: convolution of each channel with its own filter, in the blocked layout (layout/reorder.h).
//
// x [N, C/c, H, W, c], filter [C/c, KH, KW, c] (pack_depthwise_filter), bias [C/c * c], y [N, C/c, OH, OW,
// c]. Only one output channel for each input channel; others are grouped convolutions.
#pragma once

#include <limits>
#include <vector>

#include "backends/cpu/kernels/pointwise/tile_post.h"
#include "base/threads.h"

namespace ingot::cpu {

struct DepthwiseDesc {
  int64_t batch = 1, channels = 0;
  int64_t in_h = 0, in_w = 0, out_h = 0, out_w = 0;
  int64_t kernel_h = 1, kernel_w = 1, stride_h = 1, stride_w = 1, dilation_h = 1, dilation_w = 1;
  int64_t pad_top = 0, pad_left = 0;  // those below and to the right follow from out_h and out_w
  /// The result is clamped to [low, high] before the post program; NaN stays NaN.
  float low = -std::numeric_limits<float>::infinity(), high = std::numeric_limits<float>::infinity();
};

/// `filter` [C, KH, KW] into the packed form of depthwise_filter_size() floats; padded lanes are 0.
int64_t depthwise_filter_size(const DepthwiseDesc& desc, Isa isa);
void pack_depthwise_filter(const DepthwiseDesc& desc, Isa isa, const float* filter, float* packed);

class Depthwise {
 public:
  /// `by_rows`: each thread makes some rows of all planes, rather than some planes.
  void prepare(const DepthwiseDesc& desc, Isa isa, int threads, bool by_rows = false);
  size_t scratch_bytes() const { return static_cast<size_t>(threads_ * scratch_floats_) * sizeof(float); }

  struct Operands {
    const float *x, *filter;
    const float* bias = nullptr;  // padded to whole blocks; null: none
    float* y;
    PostCall post = {};
    /// Where not null: the mean of each channel of y over its pixels, [N, C/c * c]. Costs no further pass
    /// over y.
    float* mean = nullptr;
  };
  void run(ThreadPool& pool, const Operands& operands, void* scratch) const;

 private:
  void run_rows(const Operands& operands, int64_t plane, int64_t first, int64_t last, float* scratch) const;

  DepthwiseDesc desc_;
  Isa isa_ = Isa::baseline;
  int threads_ = 1;
  int64_t block_ = 8, blocks_ = 1;
  bool copies_ = false;  // small planes are first copied between margins of zeros
  bool by_rows_ = false;
  int64_t padded_w_ = 0, scratch_floats_ = 0, rows_per_task_ = 0;
};

/// The taps of a kernel of `kernel`, `dilation` apart from `start` on, that lie inside of [0, extent).
Share taps_inside(int64_t start, int64_t dilation, int64_t kernel, int64_t extent);

/// One row of output pixels.
struct DepthwiseRow {
  const float* x;  // of the first tap row that lies inside the image, its column 0
  const float* filter;
  const float* bias;  // null: none
  float* y;
  int64_t x_row;  // floats from one tap row to the next;
  int64_t wrap_after = 0,
          wrap = 0;          // so many rows from x on, `wrap` floats less, where x is in a ring of rows
  int64_t taps_h, kernel_w;  // tap rows inside the image
  int64_t in_w, out_w, stride_w, dilation_w, pad_left;
  int64_t inside_from, inside_to;  // output columns all of whose taps lie inside the image
  float low, high;
};
struct DepthwiseKernels {
  using RowFunction = void (*)(const DepthwiseRow& row);
  /// For a kernel width, stride and dilation; null where only `any` fits.
  RowFunction (*find)(int64_t kernel_w, int64_t stride_w, int64_t dilation_w);
  RowFunction any;
  /// sums[lane] += the pixels' values.
  void (*add_pixels)(const float* y, int64_t pixels, float* sums);
};
const DepthwiseKernels& depthwise_kernels(Isa isa);

}  // namespace ingot::cpu
