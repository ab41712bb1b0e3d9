// What sampling kernels are told at launch. Shared by host and device.
#pragma once

#include "backends/cuda/kernels/device/divisor.h"

struct GridSampleParams {
  unsigned vectors;  // of the result
  Divisor channel_vectors, points;
  int height, width;
};

struct RoiAlignParams {
  unsigned vectors;
  Divisor channel_vectors, bins_x, bins_y;
  int images, height, width, ratio;  // ratio: samples of a bin along each axis, 0: as many as it has pixels
  double scale, shift;
};
