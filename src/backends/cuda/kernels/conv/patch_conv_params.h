// What patch_conv.cu is told at launch. Shared by host and device.
#pragma once

#include "backends/cuda/kernels/conv/conv_params.h"

struct PatchConvParams {
  int tiles, height, width, out_h, out_w, pad_h, pad_w, filters;
  Divisor tiles_across, tiles_down;
  long long x_image, x_row, x_column, weight_row, y_row;
  long long extra_image[ConvParams::kMaxExtras], extra_pixel[ConvParams::kMaxExtras];
  float alpha;
};
