// Pool: maximum and average over windows, and the mean over all pixels, in the blocked layout
// (layout/reorder.h) and in the plain one.
//
// Taps outside the image do not count, except in averages with `count_padding`. A maximum over a window that
// holds a NaN is either NaN or the maximum of the window's numbers; other windows are not touched by it. A
// window without any tap inside gives -infinity, or the average 0.
#pragma once

#include "backends/cpu/kernels/simd/isa.h"
#include "base/threads.h"

namespace ingot::cpu {

enum class PoolKind : uint8_t { kMax, kAverage };

struct PoolDesc {
  PoolKind kind = PoolKind::kMax;
  bool blocked = true;         // [N, C/c, H, W, c], otherwise [N, C, H, W]
  bool count_padding = false;  // averages divide by the taps inside the padded image, not inside the image
  int64_t batch = 1, channels = 0;
  int64_t in_h = 0, in_w = 0, out_h = 0, out_w = 0;
  int64_t kernel_h = 1, kernel_w = 1, stride_h = 1, stride_w = 1, dilation_h = 1, dilation_w = 1;
  int64_t pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;
};

class Pool {
 public:
  void prepare(const PoolDesc& desc, Isa isa, int threads);
  size_t scratch_bytes() const { return static_cast<size_t>(threads_ * scratch_floats_) * sizeof(float); }
  void run(ThreadPool& pool, const float* x, float* y, void* scratch) const;
  /// kMax in the plain layout only: also the flat index of each maximum in x (row-major over all of [N, C, H,
  /// W], or with `column_major` with H and W exchanged); the first of equals.
  void run_with_indices(ThreadPool& pool, const float* x, float* y, int64_t* indices,
                        bool column_major) const;

 private:
  void plane_with_indices(const float* x, float* y, int64_t* indices, int64_t plane, bool column_major) const;
  float divisor(int64_t oy, int64_t ox) const;

  PoolDesc desc_;
  Isa isa_ = Isa::baseline;
  int threads_ = 1;
  int64_t planes_ = 0, lanes_ = 1, scratch_floats_ = 0;
};

struct GlobalPoolDesc {
  PoolKind kind = PoolKind::kAverage;
  bool blocked = true;
  int64_t batch = 1, channels = 0, pixels = 0;
};
/// y [N, C/c * c] when blocked (which is the blocked layout of one pixel), [N, C] otherwise. Needs no
/// scratch.
void global_pool(ThreadPool& pool, Isa isa, const GlobalPoolDesc& desc, const float* x, float* y);

/// Windows of one row of output pixels; the taps from x on, all rows of them inside the image.
struct PoolRow {
  const float* x;  // tap row 0, image column 0
  float* y;
  float* column;  // scratch of in_w floats, plain layout only
  int64_t x_row, taps_h, kernel_w, in_w, out_w, stride_w, dilation_w, pad_left;
};
struct PoolKernels {
  // Each gives the maximum or the sum.
  void (*max_blocked)(const PoolRow& row);
  void (*sum_blocked)(const PoolRow& row);
  void (*max_plain)(const PoolRow& row);
  void (*sum_plain)(const PoolRow& row);
  /// y[pixel] *= scales[pixel] for pixels of `lanes` floats
  void (*scale)(float* y, const float* scales, int64_t pixels, int64_t lanes);
  float (*max_of)(const float* x, int64_t n);
  float (*sum_of)(const float* x, int64_t n);
  /// One vector over `pixels` vectors.
  void (*max_pixels)(const float* x, int64_t pixels, float* y);
  void (*mean_pixels)(const float* x, int64_t pixels, float* y);
};
const PoolKernels& pool_kernels(Isa isa);

}  // namespace ingot::cpu
