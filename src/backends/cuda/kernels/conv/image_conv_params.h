// What image_conv.cu is told at launch. Shared by host and device.
#pragma once

#include "backends/cuda/kernels/device/divisor.h"

struct ImageConvParams {
  int strips, height, width, out_h, out_w, pad_h, pad_w, filters;
  Divisor strips_across, strips_down;
  // Of a strip: rows that it writes, rows of results that those take; columns of results to the next one.
  int strip_rows, strip_results, strip_step;
  int pool_h, pool_w, pool_pad_h, pool_pad_w;
  long long x_image, x_row, x_column, x_channel, y_row;
};
