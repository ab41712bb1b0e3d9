// What a transposed convolution is told at launch. Shared by host and device.
#pragma once

#include "backends/cuda/kernels/device/divisor.h"

struct TransposedParams {
  static constexpr int kMaxExtras = 8;
  unsigned vectors;  // of the result
  Divisor filter_vectors, out_width, out_height;
  Divisor stride_h, stride_w;
  int channels, group_channels, group_filters;  // of x; of a group of x and y
  int height, width, kernel_h, kernel_w, pad_h, pad_w, dilation_h, dilation_w;
  long long extra_image[kMaxExtras], extra_pixel[kMaxExtras];
};
