// Squeeze and excitation of dense NHWC: y = x * second(W2 first(W1 m + b1) + b2), where m are the means of
// x's pixels. An image has a cluster of PARTS * SLICES blocks, each with a part of the pixels and a slice of
// the channels (excitation.cuh); they give each other their sums of pixels.
//
// STAGED: their weights come into shared memory before the kernel before has ended. KEPT: of this many pixels
// each thread keeps its channels in shared memory, and reads others again.
//
// Options: STAGED; KEPT; TYPE; VEC channels of a thread; SLICE (channels, whole vectors), SLICES, PARTS;
// HIDDEN; BLOCK (threads); WEIGHTS: elements of a row of W2 loaded at once. Prelude: namespaces first and
// second, each with run_program.
#include "backends/cuda/kernels/device/async.cuh"
#include "backends/cuda/kernels/device/launch.cuh"
#include "backends/cuda/kernels/device/loaded.cuh"
#include "backends/cuda/kernels/device/math.cuh"
#include "backends/cuda/kernels/pointwise/functions.cuh"
#include "backends/cuda/kernels/pool/pool_params.h"
#include "prelude"
// clang-format off: this uses the prelude's programs
#include "backends/cuda/kernels/pool/excitation.cuh"
// clang-format on

constexpr int kLanes = SLICE / VEC, kGroups = BLOCK / kLanes;  // threads side by side, and of pixels
constexpr int kSlot = BLOCK * VEC;                             // a pixel of each thread
constexpr int kSums = BLOCK / SLICE > 0 ? BLOCK / SLICE : 1;   // threads that add up a channel

extern "C" __global__ void __launch_bounds__(BLOCK, 2)
    squeeze_excitation(const TYPE* __restrict__ x, const TYPE* __restrict__ w1, const TYPE* __restrict__ b1,
                       const TYPE* __restrict__ w2, const TYPE* __restrict__ b2, TYPE* __restrict__ y,
                       const SqueezeParams p) {
  extern __shared__ __align__(16) float memory[];
  TYPE* const kept = reinterpret_cast<TYPE*>(memory) + threadIdx.x * VEC;
  float* const parts = memory + KEPT * kSlot * sizeof(TYPE) / sizeof(float);
  float* const sums = parts + kGroups * SLICE;
  const Slice s(sums + SLICE, w1, w2, p.channels);
  const int part = blockIdx.x / SLICES;
  const int lane = threadIdx.x % kLanes, group = threadIdx.x / kLanes, channel = s.channel0 + lane * VEC;
  const bool works = group < kGroups && channel < p.channels;
  const int first_pixel = part * p.part_pixels, last_pixel = min(first_pixel + p.part_pixels, p.pixels);
  const i64 image = i64(blockIdx.y) * p.pixels * p.channels + channel;
  wait_for_previous_kernel();

  const int begin = first_pixel + group, kept_end = min(begin + KEPT * kGroups, last_pixel);
  float own[VEC] = {};
  if (works) {
    TYPE* to = kept;
    for (int i = begin; KEPT > 0 && i < kept_end; i += kGroups, to += kSlot)
      copy_async<VEC * sizeof(TYPE)>(shared_address(to), x + image + i64(i) * p.channels, true);
    commit_copies();
#pragma unroll 4
    for (int i = begin + KEPT * kGroups; i < last_pixel; i += kGroups) {
      float v[VEC];
      widen_all(load_words<VEC>(x + image + i64(i) * p.channels), v);
#pragma unroll
      for (int j = 0; j < VEC; ++j) own[j] += v[j];
    }
    wait_copies<0>();
    const TYPE* from = kept;
    for (int i = begin; KEPT > 0 && i < kept_end; i += kGroups, from += kSlot) {
      float v[VEC];
      widen_all(load_words<VEC>(from), v);
#pragma unroll
      for (int j = 0; j < VEC; ++j) own[j] += v[j];
    }
  }
  if (group < kGroups)
#pragma unroll
    for (int j = 0; j < VEC; ++j) parts[group * SLICE + lane * VEC + j] = own[j];
  __syncthreads();
  // Twice, since one channel's sums may be many: of every kSums-th group, then of those.
  const int of_channel = threadIdx.x % SLICE, by = threadIdx.x / SLICE;
  float sum = 0;
  if (by < kSums)
    for (int g = by; g < kGroups; g += kSums) sum += parts[g * SLICE + of_channel];
  __syncthreads();
  if (by < kSums) parts[by * SLICE + of_channel] = sum;
  __syncthreads();
  for (int c = threadIdx.x; c < SLICE; c += BLOCK) {
    float all = 0;
    for (int i = 0; i < kSums; ++i) all += parts[i * SLICE + c];
    sums[c] = all;
  }

  if (PARTS > 1)
    synchronize_cluster();
  else
    __syncthreads();
  for (int c = threadIdx.x; c < SLICE; c += BLOCK) {
    float all = PARTS > 1 ? 0 : sums[c];
    for (int i = 0; PARTS > 1 && i < PARTS; ++i)
      all += load_shared_of<1>(i * SLICES + s.slice, shared_address(sums + c))[0];
    s.values[c] = all * p.inverse_pixels;
  }
  __syncthreads();
  s.excite(b1, b2);

  if (works) {
    float gate[VEC];
#pragma unroll
    for (int j = 0; j < VEC; ++j) gate[j] = s.values[lane * VEC + j];
    const auto scale = [&](const TYPE* from, int pixel) {
      float v[VEC];
      widen_all(load_words<VEC>(from), v);
      Vec<TYPE, VEC> out;
#pragma unroll
      for (int j = 0; j < VEC; ++j) out[j] = convert<TYPE>(v[j] * gate[j]);
      store<VEC>(y + image + i64(pixel) * p.channels, out);
    };
    const TYPE* from = kept;
    for (int i = begin; KEPT > 0 && i < kept_end; i += kGroups, from += kSlot) scale(from, i);
#pragma unroll 4
    for (int i = begin + KEPT * kGroups; i < last_pixel; i += kGroups)
      scale(x + image + i64(i) * p.channels, i);
  }
  if (SLICES * PARTS > 1) synchronize_cluster();  // others may still read this block's sums
}
