// Gates of an image, second(W2 first(W1 m + b1) + b2) of its channels' means m, by a cluster: a block has a
// slice of SLICE channels, SLICES blocks have them all, and several sets of those (blocks whose ranks in the
// cluster differ by SLICES) the same. They give each other what their channels add to the hidden values.
#pragma once

#include "backends/cuda/kernels/device/reduce.cuh"
#include "backends/cuda/kernels/device/tma.cuh"
#include "backends/cuda/kernels/device/vector.cuh"

constexpr int kHidden = (HIDDEN + 3) / 4 * 4;

struct Slice {
  float *values, *shares, *hidden;  // in shared memory: of SLICE channels, of hidden values
  const TYPE *rows1, *rows2;        // of the slice's weights
  int slice, channel0, here;        // channels from `channel0` on, so many
  int stride1;                      // between rows of W1

  // With STAGED the weights, which are constants, come into shared memory behind the numbers.
  __device__ Slice(float* memory, const TYPE* __restrict__ w1, const TYPE* __restrict__ w2, int channels)
      : values(memory), shares(values + SLICE), hidden(shares + kHidden), slice(blockIdx.x % SLICES) {
    channel0 = slice * SLICE, here = min(SLICE, channels - channel0);
    rows1 = w1 + channel0, rows2 = w2 + channel0 * HIDDEN, stride1 = channels;
    if (!STAGED) return;
    TYPE *const staged1 = reinterpret_cast<TYPE*>(hidden + kHidden), *const staged2 =
                                                                         staged1 + HIDDEN * SLICE;
#pragma unroll 4
    for (int e = threadIdx.x; e < HIDDEN * (SLICE / VEC); e += BLOCK) {
      const int h = e / (SLICE / VEC), c = e % (SLICE / VEC) * VEC;
      if (c < here) store<VEC>(staged1 + h * SLICE + c, load<VEC>(rows1 + h * channels + c));
    }
#pragma unroll 4
    for (int e = threadIdx.x; e < here * HIDDEN / WEIGHTS; e += BLOCK)
      store<WEIGHTS>(staged2 + e * WEIGHTS, load<WEIGHTS>(rows2 + e * WEIGHTS));
    rows1 = staged1, rows2 = staged2, stride1 = SLICE;
  }

  // The means in `values`, there for all threads, become gates.
  __device__ void excite(const TYPE* __restrict__ b1, const TYPE* __restrict__ b2) const {
    for (int h = threadIdx.x / 32; h < HIDDEN; h += BLOCK / 32) {
      constexpr int kTogether = VEC % 2 == 0 ? 2 : 1;
      float share = 0;
#pragma unroll 4
      for (int c = threadIdx.x % 32 * kTogether; c < here; c += 32 * kTogether) {
        const Vec<TYPE, kTogether> w = load<kTogether>(rows1 + h * stride1 + c);
#pragma unroll
        for (int j = 0; j < kTogether; ++j) share += to_float(w[j]) * values[c + j];
      }
      share = reduce_warp<32>(share, SumOf());
      if (threadIdx.x % 32 == 0) shares[h] = share;
    }
    if (SLICES > 1)
      synchronize_cluster();
    else
      __syncthreads();
    for (int h = threadIdx.x; h < HIDDEN; h += BLOCK) {
      float in[1] = {to_float(b1[h]) + (SLICES > 1 ? 0.f : shares[h])};
      for (int i = 0; SLICES > 1 && i < SLICES; ++i)
        in[0] += load_shared_of<1>(blockIdx.x - slice + i, shared_address(shares + h))[0];
      hidden[h] = first::run_program(in);
    }
    __syncthreads();
    for (int c = threadIdx.x; c < here; c += BLOCK) {
      float in[1] = {to_float(b2[channel0 + c])};
#pragma unroll
      for (int h = 0; h < HIDDEN; h += WEIGHTS) {
        const Vec<TYPE, WEIGHTS> w = load<WEIGHTS>(rows2 + c * HIDDEN + h);
#pragma unroll
        for (int j = 0; j < WEIGHTS; ++j) in[0] += to_float(w[j]) * hidden[h + j];
      }
      values[c] = second::run_program(in);
    }
    __syncthreads();
  }
};
