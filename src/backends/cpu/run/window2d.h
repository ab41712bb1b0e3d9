// The geometry of a sliding window over one or two spatial dims, as the kernels take it.
#pragma once

#include "ops/window.h"
#include "runtime/device.h"

namespace ingot::cpu {

struct Window2d {
  int64_t batch = 1, channels = 1;
  int64_t in_h = 1, in_w = 1, out_h = 1, out_w = 1;
  int64_t kernel_h = 1, kernel_w = 1, stride_h = 1, stride_w = 1, dilation_h = 1, dilation_w = 1;
  int64_t pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;

  /// `args` hold ONNX's window attributes; `kernel` is the window's size. Tensors of rank 3 count as images
  /// of height 1.
  static Result<Window2d> make(const Attrs& args, std::span<const int64_t> kernel, const TensorArg& x,
                               const TensorArg& y);
};

}  // namespace ingot::cpu
