// Convolutions and transposed ones: a thread computes VEC filters of a place of the result, from all places
// of x that a tap brings there. Options: X, WEIGHT, BIAS, TYPE (of the result); SUM; SUMS: they are the
// result; VEC; TRANSPOSED; CHANNELS_LAST (of x); HAS_BIAS, X_ZERO; SCALES, WEIGHT_ZEROS (0: none, 1: one, 2:
// one for each filter). Prelude: the epilogue; EXTRAS(F): F(index, type, dense) for its inputs, dense:
// elements follow each other along the filters.
#include "backends/cuda/kernels/device/launch.cuh"
#include "backends/cuda/kernels/device/vector.cuh"
#include "backends/cuda/kernels/direct/direct_params.h"
#include "backends/cuda/kernels/pointwise/functions.cuh"
#include "prelude"

#define EXTRA_OPERAND(i, T, dense) const T* __restrict__ extra##i,
#define EXTRA_READ(i, T, dense)                                                              \
  {                                                                                          \
    const T* from = extra##i + image * p.extra_image[i] + place * p.extra_place[i];          \
    for (int j = 0; j < VEC; ++j) inputs[j][i + 1] = to_float(from[dense ? filter + j : 0]); \
  }

// The place along an axis of x that tap `tap` brings to place `at`; -1 where there is none.
__device__ inline int source(int at, int tap, DirectAxisParams a) {
  if (!TRANSPOSED) {
    const int from = at * int(a.stride.divisor) - a.pad + tap * a.dilation;
    return from < a.in ? from : -1;
  }
  const int reach = at + a.pad - tap * a.dilation;
  if (reach < 0) return -1;
  const int from = divide(reach, a.stride);
  return from < a.in && remainder_of(reach, from, a.stride) == 0 ? from : -1;
}

extern "C" __global__ void __launch_bounds__(128)
    direct(const X* __restrict__ x, const WEIGHT* __restrict__ weights, const BIAS* __restrict__ bias,
           const float* __restrict__ scale, const X* __restrict__ x_zero, const WEIGHT* __restrict__ w_zero,
           EXTRAS(EXTRA_OPERAND) TYPE* __restrict__ y, const DirectParams p) {
  wait_for_previous_kernel();
  const unsigned at = blockIdx.x * blockDim.x + threadIdx.x;
  if (at >= p.vectors) return;
  const unsigned row = divide(at, p.filter_vectors);
  const int filter = remainder_of(at, row, p.filter_vectors) * VEC;
  const unsigned plane = divide(row, p.axes[2].out), volume = divide(plane, p.axes[1].out);
  const unsigned image = divide(volume, p.axes[0].out);
  const int to[3] = {int(remainder_of(volume, image, p.axes[0].out)),
                     int(remainder_of(plane, volume, p.axes[1].out)),
                     int(remainder_of(row, plane, p.axes[2].out))};
  const int group = filter / p.group_filters, within = filter - group * p.group_filters;
  x += image * p.x_image + i64(group) * p.group_channels * p.x_channel;
  weights += group * p.w_group + within * p.w_filter;
  const SUM x_shift = X_ZERO ? widen<SUM>(*x_zero) : SUM(0);
  SUM w_shift[VEC], sums[VEC] = {};
#pragma unroll
  for (int j = 0; j < VEC; ++j)
    w_shift[j] = WEIGHT_ZEROS ? widen<SUM>(w_zero[WEIGHT_ZEROS == 2 ? filter + j : 0]) : SUM(0);
  for (int q = 0; q < p.axes[0].kernel; ++q) {
    const int d = source(to[0], q, p.axes[0]);
    if (d < 0) continue;
    for (int r = 0; r < p.axes[1].kernel; ++r) {
      const int h = source(to[1], r, p.axes[1]);
      if (h < 0) continue;
      for (int s = 0; s < p.axes[2].kernel; ++s) {
        const int w = source(to[2], s, p.axes[2]);
        if (w < 0) continue;
        const X* from = x + ((i64(d) * p.axes[1].in + h) * p.axes[2].in + w) * p.x_place;
        const WEIGHT* tap = weights + i64((q * p.axes[1].kernel + r) * p.axes[2].kernel + s) * p.w_tap;
#pragma unroll 4
        for (int c = 0; c < p.group_channels; ++c) {
          const SUM v = widen<SUM>(from[CHANNELS_LAST ? c : c * p.x_channel]) - x_shift;
          const Vec<WEIGHT, VEC> factor = load<VEC>(tap + c * p.w_channel);
#pragma unroll
          for (int j = 0; j < VEC; ++j) sums[j] += v * (widen<SUM>(factor[j]) - w_shift[j]);
        }
      }
    }
  }
  Vec<TYPE, VEC> out;
  if (SUMS) {
#pragma unroll
    for (int j = 0; j < VEC; ++j) out[j] = convert<TYPE>(sums[j]);
  } else {
    const i64 place = (i64(to[0]) * p.axes[1].out.divisor + to[1]) * p.axes[2].out.divisor + to[2];
    Compute inputs[VEC][kProgramInputs];
#pragma unroll
    for (int j = 0; j < VEC; ++j)
      inputs[j][0] = float(sums[j]) * (SCALES ? scale[SCALES == 2 ? filter + j : 0] : 1.f) +
                     (HAS_BIAS ? to_float(bias[filter + j]) : 0.f);
    EXTRAS(EXTRA_READ)
#pragma unroll
    for (int j = 0; j < VEC; ++j) out[j] = rounded<TYPE>(run_program(inputs[j]));
  }
  store<VEC>(y + i64(at) * VEC, out);
}
