// Depthwise convolution of NHWC: a thread computes VEC channels of PIXELS neighbouring output pixels, and so
// reads each input of a row of taps once. Options: TYPE, VEC, PIXELS, KERNEL_H, KERNEL_W, STRIDE_H, STRIDE_W,
// DILATION_H, DILATION_W, HAS_BIAS. Prelude: the epilogue; EXTRAS(F): F(index, type, dense) as in conv.cu.
#include "backends/cuda/kernels/depthwise/depthwise_params.h"
#include "backends/cuda/kernels/device/launch.cuh"
#include "backends/cuda/kernels/device/vector.cuh"
#include "backends/cuda/kernels/pointwise/functions.cuh"
#include "prelude"

#define EXTRA_PARAMETER(i, T, dense) const T* __restrict__ extra##i,
#define EXTRA_LOAD(i, T, dense)                                                   \
  {                                                                               \
    const T* at = extra##i + image * p.extra_image[i] + pixel * p.extra_pixel[i]; \
    if (dense) {                                                                  \
      const Vec<T, VEC> e = load<VEC>(at + channel);                              \
      for (int j = 0; j < VEC; ++j) inputs[j][i + 1] = to_float(e[j]);            \
    } else {                                                                      \
      for (int j = 0; j < VEC; ++j) inputs[j][i + 1] = to_float(*at);             \
    }                                                                             \
  }

extern "C" __global__ void __launch_bounds__(128)
    depthwise(const TYPE* __restrict__ x, const TYPE* __restrict__ weights, const TYPE* __restrict__ bias,
              EXTRAS(EXTRA_PARAMETER) TYPE* __restrict__ y, const DepthwiseParams p) {
  wait_for_previous_kernel();
  const unsigned at = blockIdx.x * blockDim.x + threadIdx.x;
  if (at >= p.pieces) return;
  const unsigned piece = divide(at, p.channel_vectors);
  const int channel = remainder_of(at, piece, p.channel_vectors) * VEC,
            channels = p.channel_vectors.divisor * VEC;
  const unsigned row = divide(piece, p.row_pieces), ow = remainder_of(piece, row, p.row_pieces) * PIXELS;
  const unsigned image = divide(row, p.out_height), oh = remainder_of(row, image, p.out_height);
  const int h0 = int(oh) * STRIDE_H - p.pad_h, w0 = int(ow) * STRIDE_W - p.pad_w;
  constexpr int kReach = (PIXELS - 1) * STRIDE_W + (KERNEL_W - 1) * DILATION_W + 1;
  float sums[PIXELS][VEC] = {};
#pragma unroll
  for (int r = 0; r < KERNEL_H; ++r) {
    const int h = h0 + r * DILATION_H;
    if (unsigned(h) >= unsigned(p.height)) continue;
    const TYPE* line = x + (i64(image) * p.height + h) * p.width * channels + channel;
    Vec<TYPE, VEC> in[kReach], filter[KERNEL_W];
#pragma unroll
    for (int i = 0; i < kReach; ++i) {
      in[i] = {};
      if (unsigned(w0 + i) < unsigned(p.width)) in[i] = load<VEC>(line + i64(w0 + i) * channels);
    }
#pragma unroll
    for (int s = 0; s < KERNEL_W; ++s)
      filter[s] = load<VEC>(weights + (r * KERNEL_W + s) * channels + channel);
#pragma unroll
    for (int s = 0; s < KERNEL_W; ++s)
#pragma unroll
      for (int j = 0; j < VEC; ++j) {
        const float f = to_float(filter[s][j]);
#pragma unroll
        for (int o = 0; o < PIXELS; ++o) sums[o][j] += f * to_float(in[o * STRIDE_W + s * DILATION_W][j]);
      }
  }
  Vec<TYPE, VEC> shift = {};
  if (HAS_BIAS) shift = load<VEC>(bias + channel);
#pragma unroll
  for (int o = 0; o < PIXELS; ++o) {
    if (int(ow) + o >= p.out_width) break;
    const i64 pixel = i64(oh) * p.out_width + ow + o;
    Compute inputs[VEC][kProgramInputs];
#pragma unroll
    for (int j = 0; j < VEC; ++j) inputs[j][0] = sums[o][j] + to_float(shift[j]);
    EXTRAS(EXTRA_LOAD)
    Vec<TYPE, VEC> out;
#pragma unroll
    for (int j = 0; j < VEC; ++j) out[j] = convert<TYPE>(run_program(inputs[j]));
    store<VEC>(y + (i64(image) * p.out_height.divisor * p.out_width + pixel) * channels + channel, out);
  }
}
