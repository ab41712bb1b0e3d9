// Convolutions and matrix products with epilogues, as implicit GEMM on tensor cores.
#pragma once

#include <algorithm>

#include "backends/cuda/kernels/kernel_spec.h"

namespace ingot::cuda {

/// A further input of the epilogue: strides, in elements, per image, pixel of the output, filter (0 or 1) and
/// batch.
struct ConvExtra {
  DataType type;
  int64_t image = 0, pixel = 0, filter = 0, batch = 0;
};

/// y[image, oh, ow, filter] = epilogue(alpha * sum(x * weights) + bias, extras...), y rows of `filters`
/// elements. Weights are [filters, kernel height, kernel width, channels], K-major: each filter's elements
/// follow each other. Channels of x must follow each other (x_strides[3] == 1) for fast loads, but need not,
/// and x may be of another type than the products: a network's first layer reads its NCHW input directly.
///
/// Grouped convolutions and products of several matrices are `batch` problems with these strides between
/// them.
///
/// Integers are stored rounded to nearest and saturated. x of u8 goes with products of i8.
///
/// Baked in: types, the epilogue, divisibility of channels, filters and strides, and whether the filter is
/// 1x1.
struct ConvProblem {
  DataType type;  // of weights and products: f16, bf16, f32, i8 (summed in i32) or f8e4m3 (sm_90a)
  DataType x_type, y_type, bias_type;
  bool exact = false;  // f32: three products of tf32 each, nearly float's precision; else tf32
  int64_t images = 1, height = 1, width = 1, channels = 1, filters = 1;
  int64_t kernel_h = 1, kernel_w = 1, stride_h = 1, stride_w = 1, pad_top = 0, pad_left = 0;
  int64_t dilation_h = 1, dilation_w = 1, out_h = 1, out_w = 1;
  Dims x_strides;          // of image, row, column, channel; empty: dense NHWC
  int64_t weight_row = 0;  // elements between filters, zero after the depth; 0: the depth
  int64_t y_row = 0;       // elements between pixels; 0: `filters`
  int64_t batch = 1, x_batch = 0, weight_batch = 0, bias_batch = 0, y_batch = 0;
  bool has_bias = true, constant_weights = true;
  enum Scale { kAlpha, kPerFilter, kPerTensor } scale = kAlpha;  // of the sums: alpha, or float32 in memory
  float alpha = 1;
  bool gated = false;  // x is scaled by gates [images, channels] of its type: 16 bits, 1x1 filters, sm_90a
  std::string epilogue;
  std::vector<ConvExtra> extras;

  int64_t depth() const { return kernel_h * kernel_w * channels; }
  int64_t rows() const { return images * out_h * out_w; }
};

/// y [m, n] = a [m, k] * b^T, b [n, k].
ConvProblem matmul_problem(DataType type, int64_t m, int64_t n, int64_t k);

/// How a problem is cut up. `splits` does not change the code, as long as it stays 1 or stays above, but
/// with a cluster.
struct ConvConfig {
  int bm, bn, warps_m, warps_n, stages, splits;  // warps: warpgroups with wgmma
  bool wgmma;
  int cluster = 1;  // sm_90: above 1, the splits of a tile are a cluster, which sums up in shared memory
  /// sm_90a, the factors brought by the copy engine: kOneTile for one_tile.cu, 1 or 2 for warp_specialized.cu
  /// with so many groups of warps_m warpgroups; 0: conv.cu. kPatch: patch_conv.cu with warps_m warpgroups.
  int groups = 0;
  static constexpr int kOneTile = -1, kPatch = -2;
  friend bool operator==(const ConvConfig&, const ConvConfig&) = default;
};

/// Shared memory of a block: the ring (no longer than the depth), then the result's tile in its place.
inline int64_t conv_shared_bytes(const ConvConfig& c, int64_t depth_tiles) {
  return std::max<int64_t>(std::min<int64_t>(c.stages, depth_tiles) * (c.bm + c.bn) * 128,
                           c.bm * (c.bn + 8) * 4);
}

/// What is left to shared memory of a block for a kernel to be possible.
inline constexpr int64_t kMostSharedBytes = 227 << 10;

/// Configurations that may be best on a GPU of `multiprocessors`, by a rough model, the most promising first.
std::vector<ConvConfig> conv_configs(const ConvProblem& problem, int multiprocessors, bool hopper);

/// Arguments: x, weights, bias (null where there is none), scale (unless it is alpha), gates (where it is
/// gated), extras, y.
Result<KernelSpec> conv_kernel(const ConvProblem& problem, const ConvConfig& config);

/// A pool that reads a first layer's result in place of its user: the largest of kernel x kernel places.
struct ImagePool {
  int64_t kernel = 0, stride = 1, pad_top = 0, pad_left = 0, out_h = 0, out_w = 0;  // kernel 0: none
};
/// A first layer: images of up to four channels with windows that move by an even number of pixels, x of any
/// strides and float type, for sm_90a. Weights are [filters, kernel height, taps * 4], zeros after the
/// channels of each tap and after the row's taps; `taps` as image_taps says. The epilogue has no further
/// inputs. An infinity may reach outputs whose window ends just before it. Arguments: x, weights, bias, y.
Result<KernelSpec> image_conv_kernel(const ConvProblem& problem, const ImagePool& pool = {});
inline int64_t image_taps(int64_t kernel_w) { return ceil_div(kernel_w, 4) * 4; }

}  // namespace ingot::cuda
