// Window: the sliding window of convolutions and pools: kernel, strides, dilations, pads, auto_pad,
// ceil_mode.
#pragma once

#include "base/attrs.h"

namespace ingot::ops {

struct WindowAxis {
  int64_t kernel = 1, stride = 1, dilation = 1, pad_begin = 0, pad_end = 0;
  /// Input elements from the first to the last tap.
  int64_t extent() const { return (kernel - 1) * dilation + 1; }
};

struct Window {
  enum class AutoPad { kNone, kSameUpper, kSameLower, kValid };
  static constexpr int64_t kMaxValue = int64_t{1} << 30;  // of any attribute: sums and products stay in range

  std::vector<WindowAxis> axes;
  AutoPad auto_pad = AutoPad::kNone;
  bool ceil_mode = false;

  /// The attributes `strides`, `dilations`, `pads`, `auto_pad`, `ceil_mode` for `rank` spatial axes, checked;
  /// kernels are 1 until they are set.
  static Result<Window> read(const Attrs& attrs, int rank);
  /// Sets the kernels, which are the weights' or the attribute `kernel_shape`.
  Status set_kernel(std::span<const int64_t> kernel);

  /// Output sizes for spatial sizes `in`; kernels as dims, since weights may be dynamic.
  Result<Shape> output(const Shape& in, const Shape& kernel) const;
  /// The same for concrete sizes, whose pads it fixes where auto_pad leaves them open.
  Result<Dims> resolve(const Dims& in);
  /// With axes of size 1 put before the others, so that there are three.
  Window as_3d() const;
};

/// The last dims from `first` on, with ones before them, so that there are three.
Dims spatial_3d(const Dims& dims, size_t first = 2);

}  // namespace ingot::ops
