// Values between the pixels of NHWC images: at any places, and within boxes.
#pragma once

#include "backends/cuda/kernels/kernel_spec.h"

namespace ingot::cuda {

/// GridSample of two dims: y [images, points, channels] at places [images, points, 2] (x, y) of -1 to 1.
/// Baked in: types, modes, the channels' divisibility by vectors.
struct GridSampleProblem {
  enum Filter { kLinear, kNearest, kCubic };
  enum Padding { kZeros, kBorder, kReflection };
  DataType type, grid_type;
  int64_t images, height, width, channels, points;
  Filter filter = kLinear;
  Padding padding = kZeros;
  bool align_corners = false;
};
/// Arguments: x, grid, y.
Result<KernelSpec> grid_sample_kernel(const GridSampleProblem& problem);

/// RoiAlign: y [boxes, bins_y, bins_x, channels] of boxes [boxes, 4] (x1, y1, x2, y2) in the images that
/// their indices name, the nearest where there is no such image. Baked in: types, modes, vectors.
struct RoiAlignProblem {
  DataType type, roi_type;
  int64_t images, height, width, channels, boxes, bins_y, bins_x;
  int64_t ratio = 0;
  float scale = 1;
  bool average = true, half_pixel = true;
};
/// Arguments: x, boxes, indices (i64), y.
Result<KernelSpec> roi_align_kernel(const RoiAlignProblem& problem);

}  // namespace ingot::cuda
