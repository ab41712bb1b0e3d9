// What image_conv.cu is told at launch. Shared by host and device.
#pragma once

#include "backends/cuda/kernels/device/divisor.h"

struct ImageConvParams {
  int tiles, height, width, out_h, out_w, pad_h, pad_w, filters;
  Divisor tiles_across, tiles_down;
  long long x_image, x_row, x_column, x_channel, y_row;
};
