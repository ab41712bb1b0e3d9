// RoiAlign of NHWC, a thread for VEC channels of a bin. Options: TYPE, ROI, VEC, AVERAGE, HALF_PIXEL.
#include "backends/cuda/kernels/device/launch.cuh"
#include "backends/cuda/kernels/device/vector.cuh"
#include "backends/cuda/kernels/sample/sample_params.h"

// A coordinate's lower and upper neighbour, and the weight of the upper.
struct Between {
  int low, high;
  float part;
};
__device__ inline Between between(double v, int size) {
  v = fmax(v, 0.0);
  const int low = int(fmin(v, size - 1.0));
  if (low == size - 1) return {low, low, 0};
  return {low, low + 1, float(v - low)};
}

extern "C" __global__ void __launch_bounds__(128)
    roi_align(const TYPE* __restrict__ x, const ROI* __restrict__ boxes, const i64* __restrict__ images,
              TYPE* __restrict__ y, const RoiAlignParams p) {
  wait_for_previous_kernel();
  const unsigned at = blockIdx.x * blockDim.x + threadIdx.x;
  if (at >= p.vectors) return;
  const unsigned bin = divide(at, p.channel_vectors), c = remainder_of(at, bin, p.channel_vectors);
  const unsigned row = divide(bin, p.bins_x), bx = remainder_of(bin, row, p.bins_x);
  const unsigned box = divide(row, p.bins_y), by = remainder_of(row, box, p.bins_y);
  const ROI* roi = boxes + 4 * i64(box);
  const double left = to_float(roi[0]) * p.scale - p.shift, top = to_float(roi[1]) * p.scale - p.shift;
  double width = to_float(roi[2]) * p.scale - p.shift - left,
         height = to_float(roi[3]) * p.scale - p.shift - top;
  if (!HALF_PIXEL) {
    width = fmax(width, 1.0);
    height = fmax(height, 1.0);
  }
  const double bin_y = height / p.bins_y.divisor, bin_x = width / p.bins_x.divisor;
  const double most = 4096;  // samples along an axis: more cannot come from a sensible box
  const int count_y = p.ratio > 0 ? p.ratio : int(fmin(fmax(ceil(bin_y), 0.0), most)),
            count_x = p.ratio > 0 ? p.ratio : int(fmin(fmax(ceil(bin_x), 0.0), most));
  const i64 step = i64(p.channel_vectors.divisor) * VEC;
  const i64 named = images[box], last = p.images - 1, image = named < 0 ? 0 : named > last ? last : named;
  const TYPE* from = x + image * p.height * p.width * step + c * VEC;
  float sums[VEC];
  const bool empty = count_y == 0 || count_x == 0;
#pragma unroll
  for (int j = 0; j < VEC; ++j) sums[j] = AVERAGE || empty ? 0.f : __int_as_float(0xff800000);
  for (int i = 0; i < count_y; ++i) {
    const double v = top + (by + (i + 0.5) / count_y) * bin_y;
    for (int k = 0; k < count_x; ++k) {
      const double h = left + (bx + (k + 0.5) / count_x) * bin_x;
      const bool outside = v < -1 || v > p.height || h < -1 || h > p.width;
      const Between down = between(v, p.height), across = between(h, p.width);
#pragma unroll
      for (int q = 0; q < 4; ++q) {
        const int r = q < 2 ? down.low : down.high, s = q % 2 == 0 ? across.low : across.high;
        const float weight =
            outside ? 0.f
                    : (q < 2 ? 1 - down.part : down.part) * (q % 2 == 0 ? 1 - across.part : across.part);
        const Vec<TYPE, VEC> e = load<VEC>(from + (i64(r) * p.width + s) * step);
#pragma unroll
        for (int j = 0; j < VEC; ++j) {
          const float part = weight * to_float(e[j]);
          sums[j] = AVERAGE ? sums[j] + part : fmaxf(sums[j], part);
        }
      }
    }
  }
  Vec<TYPE, VEC> out;
#pragma unroll
  for (int j = 0; j < VEC; ++j)
    out[j] = convert<TYPE>(AVERAGE && !empty ? sums[j] / (float(count_y) * float(count_x)) : sums[j]);
  store<VEC>(y + i64(at) * VEC, out);
}
