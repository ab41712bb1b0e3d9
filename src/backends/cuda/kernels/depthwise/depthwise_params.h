// What a depthwise convolution is told at launch. Shared by host and device.
#pragma once

#include "backends/cuda/kernels/device/divisor.h"

struct DepthwiseParams {
  static constexpr int kMaxExtras = 8;
  unsigned pieces;               // of strips of the result
  Divisor strip_pieces, strips;  // of an image
  int height, width, out_height, out_width, pad_h, pad_w;
  Divisor parts;  // of an image, where the result is summed up
  unsigned image_pieces, part_pieces;
  long long extra_image[kMaxExtras], extra_pixel[kMaxExtras];
};
