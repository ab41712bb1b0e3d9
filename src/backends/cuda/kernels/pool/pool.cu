// MaxPool and AveragePool of NDHWC: a thread for VEC channels of a place of the result. Options: TYPE, VEC,
// AVERAGE, COUNT_PADS.
#include "backends/cuda/kernels/device/launch.cuh"
#include "backends/cuda/kernels/device/vector.cuh"
#include "backends/cuda/kernels/pool/pool_params.h"

extern "C" __global__ void __launch_bounds__(256)
    pool(const TYPE* __restrict__ x, TYPE* __restrict__ y, const PoolParams p) {
  wait_for_previous_kernel();
  const unsigned at = blockIdx.x * blockDim.x + threadIdx.x;
  if (at >= p.vectors) return;
  const unsigned pixel = divide(at, p.channel_vectors), c = remainder_of(at, pixel, p.channel_vectors);
  const unsigned row = divide(pixel, p.out_width), ow = remainder_of(pixel, row, p.out_width);
  const unsigned plane = divide(row, p.out_height), oh = remainder_of(row, plane, p.out_height);
  const unsigned image = divide(plane, p.out_depth), od = remainder_of(plane, image, p.out_depth);
  const int d0 = int(od) * p.stride_d - p.pad_d, h0 = int(oh) * p.stride_h - p.pad_h;
  const int w0 = int(ow) * p.stride_w - p.pad_w;
  const i64 step = i64(p.channel_vectors.divisor) * VEC;
  const TYPE* from = x + i64(image) * p.depth * p.height * p.width * step + c * VEC;
  float v[VEC];
#pragma unroll
  for (int j = 0; j < VEC; ++j) v[j] = AVERAGE ? 0.f : __int_as_float(0xff800000);
  int count = 0;
  for (int q = 0; q < p.kernel_d; ++q) {
    const int d = d0 + q * p.dilation_d;
    if (COUNT_PADS && d >= p.depth + p.pad_back) break;
    for (int r = 0; r < p.kernel_h; ++r) {
      const int h = h0 + r * p.dilation_h;
      if (COUNT_PADS && h >= p.height + p.pad_bottom) break;
      for (int s = 0; s < p.kernel_w; ++s) {
        const int w = w0 + s * p.dilation_w;
        if (COUNT_PADS && w < p.width + p.pad_right) ++count;
        if (unsigned(d) >= unsigned(p.depth) || unsigned(h) >= unsigned(p.height) ||
            unsigned(w) >= unsigned(p.width))
          continue;
        if (!COUNT_PADS) ++count;
        const Vec<TYPE, VEC> e = load<VEC>(from + ((i64(d) * p.height + h) * p.width + w) * step);
#pragma unroll
        for (int j = 0; j < VEC; ++j) v[j] = AVERAGE ? v[j] + to_float(e[j]) : fmaxf(v[j], to_float(e[j]));
      }
    }
  }
  Vec<TYPE, VEC> out;
#pragma unroll
  for (int j = 0; j < VEC; ++j) out[j] = convert<TYPE>(AVERAGE ? (count > 0 ? v[j] / count : 0.f) : v[j]);
  store<VEC>(y + i64(at) * VEC, out);
}
