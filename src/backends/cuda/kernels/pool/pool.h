// Pools and resampling of NHWC images, and squeeze-and-excitation blocks.
#pragma once

#include "backends/cuda/kernels/kernel_spec.h"

namespace ingot::cuda {

/// MaxPool or AveragePool of dense N[D]HWC. Baked in: the type, which of the two, the channels' divisibility
/// by vectors.
struct PoolProblem {
  DataType type;
  bool average = false, count_pads = false;
  int64_t images, height, width, channels, out_h, out_w;
  int64_t kernel_h, kernel_w, stride_h = 1, stride_w = 1, pad_top = 0, pad_left = 0, pad_bottom = 0,
                              pad_right = 0;
  int64_t dilation_h = 1, dilation_w = 1;
  int64_t depth = 1, out_d = 1, kernel_d = 1, stride_d = 1, pad_front = 0, pad_back = 0, dilation_d = 1;
};
/// Arguments: x, y.
Result<KernelSpec> pool_kernel(const PoolProblem& problem);

/// The mean or the largest of all pixels, y [images, channels]. Baked in: as above.
struct GlobalPoolProblem {
  DataType type;
  bool average = true;
  int64_t images, pixels, channels;
};
/// Arguments: x, y.
Result<KernelSpec> global_pool_kernel(const GlobalPoolProblem& problem);

/// Gates of images: program2(W2 program1(W1 m + b1) + b2), m the means of an image's pixels; W1 is [hidden,
/// channels], W2 [channels, hidden]. Baked in: types, programs, channels' slices, `hidden`.
struct GatesProblem {
  DataType type;
  int64_t images, pixels, channels, hidden;
  std::string program1 = "relu x0", program2 = "sigmoid x0";
  int64_t blocks = 8;  // of a cluster, which an image has: 1 before sm_90
  int64_t parts = 0;   // in which images were summed up
};
/// y = x * gates: x, y dense NHWC. Arguments: x, W1, b1, W2, b2, y.
Result<KernelSpec> squeeze_excitation_kernel(const GatesProblem& problem);
/// y = gates [images, channels] of images whose channels were summed up before: sums [images, parts,
/// channels] of f32. Arguments: sums, W1, b1, W2, b2, y.
Result<KernelSpec> gates_kernel(const GatesProblem& problem);

/// Resize of the height and width of dense NHWC by tables: output row r is the sum over t of rows
/// h_index[r][t] times h_weight[r][t], columns likewise. `plain`: y is NCHW, as users want it. Baked in: the
/// type, taps, `plain`, the channels' divisibility.
struct ResizeProblem {
  DataType type;
  int64_t images, height, width, channels, out_h, out_w;
  int taps_h, taps_w;
  bool plain = false;
};
/// Arguments: x, h_index (i32), h_weight (f32), w_index, w_weight, y.
Result<KernelSpec> resize_kernel(const ResizeProblem& problem);

}  // namespace ingot::cuda
