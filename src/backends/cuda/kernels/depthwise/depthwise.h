// Depthwise convolution of NHWC with an epilogue.
#pragma once

#include "backends/cuda/kernels/conv/conv.h"

namespace ingot::cuda {

/// One filter for each channel. x, y dense NHWC; weights [kernel height, kernel width, channels]. Baked in:
/// types, channels, kernel, stride, dilation, epilogue.
struct DepthwiseProblem {
  DataType type;
  int64_t images, height, width, channels, out_h, out_w;
  int64_t kernel_h = 3, kernel_w = 3, stride_h = 1, stride_w = 1, pad_top = 1, pad_left = 1;
  int64_t dilation_h = 1, dilation_w = 1;
  bool has_bias = true;
  int64_t piece_h = 1, piece_w = 4,
          piece_channels = 8;  // of the result, that a thread computes; channels at most
  int64_t blocks = 16;         // for each multiprocessor at most: fewer take more pieces in turns
  std::string epilogue;
  std::vector<ConvExtra> extras;  // `filter` and strides as of convolutions; of one batch
  bool sums = false;              // the result is also summed up, see below
};

/// How an image's result is summed up: in parts of so many pieces, which follow each other row by row.
struct DepthwiseParts {
  int64_t count, pieces;
};
DepthwiseParts depthwise_parts(const DepthwiseProblem& problem);

/// Arguments: x, weights, bias (null where there is none), extras, y, and with `sums` those of the result's
/// pixels, [images, parts, channels] of f32.
Result<KernelSpec> depthwise_kernel(const DepthwiseProblem& problem);

}  // namespace ingot::cuda
