// What a convolution or matrix product is told at launch. Shared by host and device.
#pragma once

#include "backends/cuda/kernels/device/divisor.h"

struct ConvParams {
  static constexpr int kMaxExtras = 8;
  int rows, filters, depth;  // rows: images times pixels; depth: kernel height * width * channels
  int channels, height, width, kernel_height, kernel_width;
  int stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w;
  Divisor pixels, out_width;
  Divisor channel_divisor, kernel_width_divisor;  // take a depth apart
  long long x_image, x_row, x_column, x_channel;  // strides
  long long weight_row;                           // elements between filters
  int weight_depth;                               // depth, rounded up to vectors
  long long y_row;
  long long x_batch, weight_batch, bias_batch, y_batch;  // of products of several matrices, or groups
  long long extra_image[kMaxExtras], extra_pixel[kMaxExtras], extra_batch[kMaxExtras];
  int splits, depth_tiles;  // of the depth; tiles that one split takes
  // Where the copy engine brings the factors: tiles of the result (warp_specialized.cu) or of depth
  // (one_tile.cu), and how they are counted.
  int tiles;
  Divisor filter_tiles, channel_tiles;
  float alpha;
};
