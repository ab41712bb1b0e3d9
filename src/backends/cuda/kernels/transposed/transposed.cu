// Transposed convolution of NHWC: a thread computes VEC filters of an output pixel, from all input pixels
// that a tap spreads there. Options: TYPE, VEC, HAS_BIAS. Prelude: the epilogue; EXTRAS(F): F(index, type,
// dense) for its inputs, dense: elements follow each other along the filters.
#include "backends/cuda/kernels/device/launch.cuh"
#include "backends/cuda/kernels/device/vector.cuh"
#include "backends/cuda/kernels/pointwise/functions.cuh"
#include "backends/cuda/kernels/transposed/transposed_params.h"
#include "prelude"

#define EXTRA_OPERAND(i, T, dense) const T* __restrict__ extra##i,
#define EXTRA_READ(i, T, dense)                                                              \
  {                                                                                          \
    const T* from = extra##i + image * p.extra_image[i] + pixel * p.extra_pixel[i];          \
    for (int j = 0; j < VEC; ++j) inputs[j][i + 1] = to_float(from[dense ? filter + j : 0]); \
  }

// The input row or column that spreads to place `at` by tap `tap`; -1 where there is none.
__device__ inline int source(int at, int tap, int pad, int dilation, Divisor stride, int size) {
  const int reach = at + pad - tap * dilation;
  if (reach < 0) return -1;
  const int from = divide(reach, stride);
  return from < size && remainder_of(reach, from, stride) == 0 ? from : -1;
}

extern "C" __global__ void __launch_bounds__(128)
    transposed(const TYPE* __restrict__ x, const TYPE* __restrict__ weights, const TYPE* __restrict__ bias,
               EXTRAS(EXTRA_OPERAND) TYPE* __restrict__ y, const TransposedParams p) {
  wait_for_previous_kernel();
  const unsigned at = blockIdx.x * blockDim.x + threadIdx.x;
  if (at >= p.vectors) return;
  const unsigned place = divide(at, p.filter_vectors);
  const int filter = remainder_of(at, place, p.filter_vectors) * VEC;
  const unsigned row = divide(place, p.out_width), ow = remainder_of(place, row, p.out_width);
  const unsigned image = divide(row, p.out_height), oh = remainder_of(row, image, p.out_height);
  const int group = filter / p.group_filters, within = filter - group * p.group_filters;
  float sums[VEC] = {};
  for (int r = 0; r < p.kernel_h; ++r) {
    const int h = source(oh, r, p.pad_h, p.dilation_h, p.stride_h, p.height);
    if (h < 0) continue;
    for (int s = 0; s < p.kernel_w; ++s) {
      const int w = source(ow, s, p.pad_w, p.dilation_w, p.stride_w, p.width);
      if (w < 0) continue;
      const TYPE* from =
          x + ((i64(image) * p.height + h) * p.width + w) * p.channels + group * p.group_channels;
      const TYPE* tap = weights +
                        (i64(r * p.kernel_w + s) * p.channels + group * p.group_channels) * p.group_filters +
                        within;
#pragma unroll 4
      for (int c = 0; c < p.group_channels; ++c) {
        const float v = to_float(from[c]);
        const Vec<TYPE, VEC> factor = load<VEC>(tap + i64(c) * p.group_filters);
#pragma unroll
        for (int j = 0; j < VEC; ++j) sums[j] += v * to_float(factor[j]);
      }
    }
  }
  const i64 pixel = i64(oh) * p.out_width.divisor + ow;
  Compute inputs[VEC][kProgramInputs];
#pragma unroll
  for (int j = 0; j < VEC; ++j) inputs[j][0] = sums[j] + (HAS_BIAS ? to_float(bias[filter + j]) : 0.f);
  EXTRAS(EXTRA_READ)
  Vec<TYPE, VEC> out;
#pragma unroll
  for (int j = 0; j < VEC; ++j) out[j] = convert<TYPE>(run_program(inputs[j]));
  store<VEC>(y + i64(at) * VEC, out);
}
