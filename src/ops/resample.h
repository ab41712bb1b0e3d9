// One-dimensional resampling for Resize: which input elements, with which weights, make each output element.
#pragma once

#include "base/attrs.h"

namespace ingot::ops {

/// Resize's attributes, checked.
struct ResampleMode {
  enum Filter { kNearest, kLinear, kCubic };
  enum Coordinates {
    kHalfPixel,
    kHalfPixelSymmetric,
    kPytorchHalfPixel,
    kAlignCorners,
    kAsymmetric,
    kCropAndResize
  };
  enum Rounding { kPreferFloor, kPreferCeil, kFloor, kCeil };
  Filter filter = kNearest;
  Coordinates coordinates = kHalfPixel;
  Rounding rounding = kPreferFloor;
  bool antialias = false, exclude_outside = false;
  double cubic_a = -0.75;

  static Result<ResampleMode> read(const Attrs& attrs);
};

/// One axis of a Resize.
struct ResampleAxis {
  int64_t in, out;
  double scale;                       // out / in before rounding
  double roi_begin = 0, roi_end = 1;  // for kCropAndResize
};

/// For each output element: `taps` weights, and the clamped indices of the elements that they weigh.
struct ResampleTable {
  size_t taps = 0;
  std::vector<int64_t> index;
  std::vector<double> weight;
  std::vector<bool> outside;  // output elements that lie outside of the input; only with kCropAndResize
};

Result<ResampleTable> resample_table(const ResampleMode& mode, const ResampleAxis& axis);

}  // namespace ingot::ops
