// What a convolution without tiles is told at launch. Shared by host and device.
#pragma once

#include "backends/cuda/kernels/device/divisor.h"

struct DirectAxisParams {
  int in, kernel, pad, dilation;
  Divisor out, stride;
};

struct DirectParams {
  static constexpr int kMaxExtras = 8;
  unsigned vectors;  // of the result
  Divisor filter_vectors;
  int group_channels, group_filters;
  DirectAxisParams axes[3];
  long long x_image, x_place, x_channel;          // steps, in elements
  long long w_group, w_channel, w_tap, w_filter;  // of a group: from one of its filters to the next
  long long extra_image[kMaxExtras], extra_place[kMaxExtras];
};
