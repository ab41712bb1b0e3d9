// What pooling and resampling kernels are told at launch. Shared by host and device.
#pragma once

#include "backends/cuda/kernels/device/divisor.h"

struct PoolParams {
  unsigned vectors;
  Divisor channel_vectors, out_width, out_height;
  int height, width, kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w, pad_bottom, pad_right, dilation_h,
      dilation_w;
  Divisor out_depth;
  int depth, kernel_d, stride_d, pad_d, pad_back, dilation_d;
  int channels;  // of a resize
};

struct GlobalPoolParams {
  int pixels, channels;
};

struct GatesParams {
  int parts, channels;
  float inverse_pixels;
};

struct SqueezeParams {
  int pixels, part_pixels, channels;
  float inverse_pixels;
};
