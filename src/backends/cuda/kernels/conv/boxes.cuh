// The factors of a convolution as boxes of the copy engine: tiles of 128 bytes of depth. Depth goes tap by
// tap, each tap's channels filled up to whole tiles by what the engine puts outside of a tensor, zeros.
#pragma once

#include "backends/cuda/kernels/conv/conv_params.h"
#include "backends/cuda/kernels/device/tma.cuh"

constexpr int kDepth = 128 / sizeof(TYPE);

__device__ inline void load_b(unsigned to, unsigned barrier, const TensorMap& map, int filter0, int k,
                              const ConvParams& p) {
  const int tap = divide(k, p.channel_tiles), channel = remainder_of(k, tap, p.channel_tiles) * kDepth;
  load_box(to, map, barrier, channel, tap, filter0);
}

// BM rows of factor A. IM2COL: by the filter's taps; else rows follow each other in memory.
struct RowsOfA {
  int row0, h, w;
  unsigned image;
  __device__ RowsOfA(int first, const ConvParams& p) : row0(first) {
    image = divide(first, p.pixels);
    const unsigned pixel = remainder_of(first, image, p.pixels);
    const unsigned oh = divide(pixel, p.out_width), ow = remainder_of(pixel, oh, p.out_width);
    h = int(oh) * p.stride_h - p.pad_h, w = int(ow) * p.stride_w - p.pad_w;
  }
  __device__ void load(unsigned to, unsigned barrier, const TensorMap& map, int k,
                       const ConvParams& p) const {
    if (IM2COL) {
      const int tap = divide(k, p.channel_tiles), channel = remainder_of(k, tap, p.channel_tiles) * kDepth;
      const int r = divide(tap, p.kernel_width_divisor), s = remainder_of(tap, r, p.kernel_width_divisor);
      load_pixels(to, map, barrier, channel, w, h, image, s * p.dilation_w, r * p.dilation_h);
    } else {
      load_box(to, map, barrier, k * kDepth, row0);
    }
  }
};
