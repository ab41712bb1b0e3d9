// Depthwise convolution of NHWC: a thread computes VEC channels of a piece of the result, ROWS x PIXELS, and
// reads each of the piece's inputs once. A block has LANES threads side by side on the channels and keeps
// their filters in shared memory, as floats; it takes pieces in turns.
//
// SUMS: a block's pieces are a part of one image, and it also gives their sum, of each channel, to
// sums[image][part]: always the same pieces in the same order.
//
// Options: TYPE, CHANNELS, VEC, LANES, BLOCK, ROWS, PIXELS, KERNEL_H, KERNEL_W, STRIDE_H, STRIDE_W,
// DILATION_H, DILATION_W, HAS_BIAS, SUMS. Prelude: the epilogue; EXTRAS(F): F(index, type, dense) as in
// conv.cu.
#include "backends/cuda/kernels/depthwise/depthwise_params.h"
#include "backends/cuda/kernels/device/launch.cuh"
#include "backends/cuda/kernels/device/loaded.cuh"
#include "backends/cuda/kernels/device/vector.cuh"
#include "backends/cuda/kernels/pointwise/functions.cuh"
#include "prelude"

#if SUMS
#define SUMS_PARAMETER float* __restrict__ part_sums,
#else
#define SUMS_PARAMETER
#endif
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

constexpr int kPieces = BLOCK / LANES;  // at once
// Inputs of a piece.
constexpr int kDown = (ROWS - 1) * STRIDE_H + (KERNEL_H - 1) * DILATION_H + 1;
constexpr int kAcross = (PIXELS - 1) * STRIDE_W + (KERNEL_W - 1) * DILATION_W + 1;
// Channels of a lane lie in parts of up to 16 bytes, those of neighbouring lanes side by side.
constexpr int kPart = VEC < 4 ? VEC : 4, kTap = LANES * VEC;

// The tap by which an output meets the input at that distance from the piece's first, or -1.
template <int TAPS, int STRIDE, int DILATION>
__device__ constexpr int tap_of(int input, int output) {
  const int distance = input - output * STRIDE, tap = distance / DILATION;
  return distance >= 0 && distance % DILATION == 0 && tap < TAPS ? tap : -1;
}
template <int TAPS, int STRIDE, int DILATION>
__device__ constexpr bool meets_tap(int input, int outputs) {
  for (int o = 0; o < outputs; ++o)
    if (tap_of<TAPS, STRIDE, DILATION>(input, o) >= 0) return true;
  return false;
}

// The next row of inputs that a piece has to do with.
__device__ constexpr int next_row(int row) {
  do ++row;
  while (row < kDown && !meets_tap<KERNEL_H, STRIDE_H, DILATION_H>(row, ROWS));
  return row;
}

extern "C" __global__ void __launch_bounds__(BLOCK)
    depthwise(const TYPE* __restrict__ x, const TYPE* __restrict__ weights, const TYPE* __restrict__ bias,
              EXTRAS(EXTRA_PARAMETER) TYPE* __restrict__ y, SUMS_PARAMETER const DepthwiseParams p) {
  __shared__ __align__(16) float filters[KERNEL_H * KERNEL_W * kTap];
  const int lane = threadIdx.x % LANES, channel0 = blockIdx.y * kTap;
  const int channel = channel0 + lane * VEC;
#pragma unroll
  for (int tap = threadIdx.x / LANES; tap < KERNEL_H * KERNEL_W; tap += kPieces) {
    float w[VEC] = {};
    if (channel < CHANNELS) widen_all(load_words<VEC>(weights + tap * CHANNELS + channel), w);
#pragma unroll
    for (int j = 0; j < VEC; ++j)
      filters[tap * kTap + j / kPart * (LANES * kPart) + lane * kPart + j % kPart] = w[j];
  }
  wait_for_previous_kernel();
  __syncthreads();
  const bool works = channel < CHANNELS;
  float shift[VEC] = {};
  if (HAS_BIAS && works) widen_all(load_words<VEC>(bias + channel), shift);
  unsigned begin = blockIdx.x * kPieces, end = p.pieces, step = gridDim.x * kPieces;
#if SUMS
  const unsigned image_of_block = divide(blockIdx.x, p.parts);
  begin = image_of_block * p.image_pieces + remainder_of(blockIdx.x, image_of_block, p.parts) * p.part_pieces;
  end = min(begin + p.part_pieces, (image_of_block + 1) * p.image_pieces), step = kPieces;
  float own[VEC] = {};
#endif
  for (unsigned piece = begin + threadIdx.x / LANES; works && piece < end; piece += step) {
    const unsigned strip = divide(piece, p.strip_pieces),
                   ow = remainder_of(piece, strip, p.strip_pieces) * PIXELS;
    const unsigned image = divide(strip, p.strips), oh = remainder_of(strip, image, p.strips) * ROWS;
    const int h0 = int(oh) * STRIDE_H - p.pad_h, w0 = int(ow) * STRIDE_W - p.pad_w;
    float sums[ROWS][PIXELS][VEC];
#pragma unroll
    for (int q = 0; q < ROWS; ++q)
#pragma unroll
      for (int o = 0; o < PIXELS; ++o)
#pragma unroll
        for (int j = 0; j < VEC; ++j) sums[q][o][j] = shift[j];
    // A row comes in while the one before is worked on; outside of the image it is zeros.
    Loaded<TYPE, VEC> in[kAcross], next[kAcross];
    const auto load_row = [&](int down, Loaded<TYPE, VEC>(&row)[kAcross]) {
      const int h = h0 + down;
      const TYPE* line = x + ((i64(image) * p.height + h) * p.width + w0) * CHANNELS + channel;
#pragma unroll
      for (int i = 0; i < kAcross; ++i) {
        row[i] = {};
        if (unsigned(h) < unsigned(p.height) & unsigned(w0 + i) < unsigned(p.width))
          row[i] = load_words<VEC>(line + i * CHANNELS);
      }
    };
    load_row(0, in);
#pragma unroll
    for (int down = 0; down < kDown; ++down) {
      if (!meets_tap<KERNEL_H, STRIDE_H, DILATION_H>(down, ROWS)) continue;
      if (next_row(down) < kDown) load_row(next_row(down), next);
#pragma unroll
      for (int i = 0; i < kAcross; ++i) {
        float v[VEC];
        widen_all(in[i], v);
#pragma unroll
        for (int q = 0; q < ROWS; ++q) {
          const int r = tap_of<KERNEL_H, STRIDE_H, DILATION_H>(down, q);
#pragma unroll
          for (int o = 0; o < PIXELS; ++o) {
            const int s = tap_of<KERNEL_W, STRIDE_W, DILATION_W>(i, o);
            if (r < 0 || s < 0) continue;
            const float* filter = filters + (r * KERNEL_W + s) * kTap + lane * kPart;
#pragma unroll
            for (int j = 0; j < VEC; ++j)
              sums[q][o][j] += v[j] * filter[j / kPart * (LANES * kPart) + j % kPart];
          }
        }
      }
#pragma unroll
      for (int i = 0; i < kAcross; ++i) in[i] = next[i];
    }
#pragma unroll
    for (int q = 0; q < ROWS; ++q)
#pragma unroll
      for (int o = 0; o < PIXELS; ++o) {
        if (int(oh) + q >= p.out_height || int(ow) + o >= p.out_width) continue;
        const i64 pixel = i64(oh + q) * p.out_width + ow + o;
        Compute inputs[VEC][kProgramInputs];
#pragma unroll
        for (int j = 0; j < VEC; ++j) inputs[j][0] = sums[q][o][j];
        EXTRAS(EXTRA_LOAD)
        Vec<TYPE, VEC> out;
#pragma unroll
        for (int j = 0; j < VEC; ++j) {
          const float result = run_program(inputs[j]);
          out[j] = convert<TYPE>(result);
#if SUMS
          own[j] += result;
#endif
        }
        store<VEC>(y + (i64(image) * p.out_height * p.out_width + pixel) * CHANNELS + channel, out);
      }
  }
#if SUMS
  __shared__ float totals[kPieces * kTap];
#pragma unroll
  for (int j = 0; j < VEC; ++j) totals[threadIdx.x / LANES * kTap + lane * VEC + j] = own[j];
  __syncthreads();
  for (int c = threadIdx.x; c < kTap; c += BLOCK) {
    float sum = 0;
#pragma unroll 8
    for (int i = 0; i < kPieces; ++i) sum += totals[i * kTap + c];
    if (channel0 + c < CHANNELS) part_sums[blockIdx.x * CHANNELS + channel0 + c] = sum;
  }
#endif
}
