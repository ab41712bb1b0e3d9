// What a depthwise convolution is told at launch. Shared by host and device.
#pragma once

#include "backends/cuda/kernels/device/divisor.h"

struct DepthwiseParams {
  static constexpr int kMaxExtras = 8;
  unsigned pieces;  // threads that have work
  Divisor channel_vectors, row_pieces, out_height;
  int height, width, out_width, pad_h, pad_w;
  long long extra_image[kMaxExtras], extra_pixel[kMaxExtras];
};
