// MaxPool and AveragePool of NDHWC: a thread for VEC channels of a place of the result. Options: TYPE, VEC,
// AVERAGE, COUNT_PADS, KERNEL_D, KERNEL_H, KERNEL_W (numbers, or the members of p).
#include "backends/cuda/kernels/device/launch.cuh"
#include "backends/cuda/kernels/device/vector.cuh"
#include "backends/cuda/kernels/pool/pool_params.h"

// What a result is computed in: the largest of bytes without floats, whose conversion is slow.
template <class T>
struct Largest {
  using type = float;
  static __device__ float of_none() { return __int_as_float(0xff800000); }
};
template <>
struct Largest<i8> {
  using type = int;
  static __device__ int of_none() { return -128; }
};
template <>
struct Largest<u8> {
  using type = int;
  static __device__ int of_none() { return 0; }
};

struct Sum {
  using type = float;
  static __device__ float of_none() { return 0; }
};
template <class T, bool SUMS>
struct Combined : Largest<T> {};
template <class T>
struct Combined<T, true> : Sum {};

__device__ inline float larger(float a, float b) { return fmaxf(a, b); }
__device__ inline int larger(int a, int b) { return max(a, b); }

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
  using Combine = Combined<TYPE, AVERAGE>;
  typename Combine::type v[VEC];
  Vec<TYPE, VEC> none;
#pragma unroll
  for (int j = 0; j < VEC; ++j) v[j] = Combine::of_none(), none[j] = convert<TYPE>(v[j]);
  int count = 0;
#pragma unroll
  for (int q = 0; q < KERNEL_D; ++q) {
    const int d = d0 + q * p.dilation_d;
#pragma unroll
    for (int r = 0; r < KERNEL_H; ++r) {
      const int h = h0 + r * p.dilation_h;
#pragma unroll
      for (int s = 0; s < KERNEL_W; ++s) {
        const int w = w0 + s * p.dilation_w;
        const bool there = unsigned(d) < unsigned(p.depth) && unsigned(h) < unsigned(p.height) &&
                           unsigned(w) < unsigned(p.width);
        const bool padded =
            d < p.depth + p.pad_back && h < p.height + p.pad_bottom && w < p.width + p.pad_right;
        count += COUNT_PADS ? padded : there;
        // The nearest pixel's where there is none: no load waits for a branch.
        const int near_d = min(max(d, 0), p.depth - 1), near_h = min(max(h, 0), p.height - 1);
        const int near_w = min(max(w, 0), p.width - 1);
        Vec<TYPE, VEC> e = load<VEC>(from + ((i64(near_d) * p.height + near_h) * p.width + near_w) * step);
        if (!there) e = none;
#pragma unroll
        for (int j = 0; j < VEC; ++j) v[j] = AVERAGE ? v[j] + to_float(e[j]) : larger(v[j], to_float(e[j]));
      }
    }
  }
  Vec<TYPE, VEC> out;
#pragma unroll
  for (int j = 0; j < VEC; ++j) out[j] = convert<TYPE>(!AVERAGE ? v[j] : count > 0 ? v[j] / count : 0);
  store<VEC>(y + i64(at) * VEC, out);
}
