// GridSample of NHWC, a thread for VEC channels of a point. Places are worked out in double: a rounding
// decides which pixel is the nearest. Options: TYPE, GRID, VEC, TAPS (1: nearest, 2: linear, 4: cubic),
// PADDING (0: zeros, 1: border, 2: reflection), ALIGN.
#include "backends/cuda/kernels/device/launch.cuh"
#include "backends/cuda/kernels/device/vector.cuh"
#include "backends/cuda/kernels/sample/sample_params.h"

// v folded back into [low, high] as by mirrors at both ends.
__device__ inline double reflect(double v, double low, double high) {
  const double range = high - low;
  if (range <= 0) return low;
  const double rest = fmod(fabs(v - low), 2 * range);
  return low + (rest <= range ? rest : 2 * range - rest);
}

// The pixels of an axis that make a place, and their weights; -1 is a zero.
struct Taps {
  int index[TAPS];
  float weight[TAPS];
};

__device__ inline Taps taps_at(double place, int size) {
  double v = ALIGN ? (place + 1) / 2 * (size - 1) : ((place + 1) * size - 1) / 2;
  if (!(fabs(v) < 1e9)) v = -1e9;  // far outside, or not a number
  const double low = ALIGN ? 0 : -0.5, high = ALIGN ? size - 1 : size - 0.5;
  if (TAPS == 1) v = rint(v);
  if (PADDING == 1 && (v < low || v > high)) v = fmin(fmax(v, 0.0), size - 1.0);
  if (PADDING == 2 && (v < low || v > high)) v = reflect(v, low, high);
  const double floored = TAPS == 1 ? rint(v) : floor(v), t = v - floored;
  Taps taps;
  if (TAPS == 1) {
    taps.weight[0] = 1;
  } else if (TAPS == 2) {
    taps.weight[0] = float(1 - t);
    taps.weight[TAPS - 1] = float(t);
  } else {
    const double a = -0.75;
    for (int k = 0; k < TAPS; ++k) {
      const double d = fabs(t + 1 - k);
      taps.weight[k] =
          float(d <= 1 ? ((a + 2) * d - (a + 3)) * d * d + 1 : ((a * d - 5 * a) * d + 8 * a) * d - 4 * a);
    }
  }
  for (int k = 0; k < TAPS; ++k) {
    const double i = floored + (TAPS == 4 ? k - 1 : k);
    const bool inside = i >= 0 && i < size;
    const double there = inside || PADDING == 1 ? i : PADDING == 2 ? reflect(i, low, high) : -1;
    taps.index[k] = inside || PADDING != 0 ? int(fmin(fmax(there, 0.0), size - 1.0)) : -1;
  }
  return taps;
}

extern "C" __global__ void __launch_bounds__(128)
    grid_sample(const TYPE* __restrict__ x, const GRID* __restrict__ grid, TYPE* __restrict__ y,
                const GridSampleParams p) {
  wait_for_previous_kernel();
  const unsigned at = blockIdx.x * blockDim.x + threadIdx.x;
  if (at >= p.vectors) return;
  const unsigned point = divide(at, p.channel_vectors), c = remainder_of(at, point, p.channel_vectors);
  const unsigned image = divide(point, p.points);
  const Taps across = taps_at(to_float(grid[2 * i64(point)]), p.width),
             down = taps_at(to_float(grid[2 * i64(point) + 1]), p.height);
  const i64 step = i64(p.channel_vectors.divisor) * VEC;
  const TYPE* from = x + i64(image) * p.height * p.width * step + c * VEC;
  float sums[VEC] = {};
#pragma unroll
  for (int r = 0; r < TAPS; ++r)
#pragma unroll
    for (int s = 0; s < TAPS; ++s) {
      if (down.index[r] < 0 || across.index[s] < 0) continue;
      const float weight = down.weight[r] * across.weight[s];
      const Vec<TYPE, VEC> e = load<VEC>(from + (i64(down.index[r]) * p.width + across.index[s]) * step);
#pragma unroll
      for (int j = 0; j < VEC; ++j) sums[j] += weight * to_float(e[j]);
    }
  Vec<TYPE, VEC> out;
#pragma unroll
  for (int j = 0; j < VEC; ++j) out[j] = convert<TYPE>(sums[j]);
  store<VEC>(y + i64(at) * VEC, out);
}
