// TopK: a block for a row. Elements become keys of the same order, with their places below, so that no two
// are equal; digit by digit, from the highest, the key of the k-th is found, then what is not below it is
// sorted. Options: TYPE; LARGEST; SLOTS: k rounded up to a power of two.
#include "backends/cuda/kernels/device/launch.cuh"
#include "backends/cuda/kernels/device/types.cuh"
#include "backends/cuda/kernels/select/select_params.h"

__device__ inline unsigned ordered(float v) {
  if (v != v) return 0xffffffffu;
  const unsigned bits = __float_as_uint(v + 0.f);  // -0 becomes 0
  return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}
__device__ inline unsigned ordered(i64 v) { return unsigned(int(v)) ^ 0x80000000u; }
__device__ inline unsigned ordered(f16 v) { return ordered(to_float(v)); }
__device__ inline unsigned ordered(bf16 v) { return ordered(to_float(v)); }
__device__ inline unsigned ordered(unsigned v) { return v; }
__device__ inline unsigned ordered(int v) { return ordered(i64(v)); }
__device__ inline unsigned ordered(i16 v) { return ordered(i64(v)); }
__device__ inline unsigned ordered(i8 v) { return ordered(i64(v)); }
__device__ inline unsigned ordered(u16 v) { return v; }
__device__ inline unsigned ordered(u8 v) { return v; }

__device__ inline u64 key_of(TYPE v, unsigned place) {
  const unsigned value = ordered(v);
  return u64(LARGEST ? value : ~value) << 32 | ~place;
}

extern "C" __global__ void __launch_bounds__(512) top_k(const TYPE* __restrict__ x, TYPE* __restrict__ values,
                                                        i64* __restrict__ indices, const TopKParams p) {
  wait_for_previous_kernel();
  __shared__ unsigned histogram[256];
  __shared__ unsigned wanted, chosen, taken;
  __shared__ u64 best[SLOTS];
  const unsigned outer = divide(blockIdx.x, p.inner), inner = remainder_of(blockIdx.x, outer, p.inner);
  const i64 stride = p.inner.divisor;
  x += i64(outer) * p.size * stride + inner;
  u64 prefix = 0;  // of the k-th key: all bits above `shift`
  int shift = 64;
  if (threadIdx.x == 0) wanted = p.k, taken = 0;
  while (shift > 0) {
    shift -= 8;
    if (threadIdx.x < 256) histogram[threadIdx.x] = 0;
    __syncthreads();
    for (unsigned i = threadIdx.x; i < p.size; i += blockDim.x) {
      const u64 key = key_of(x[i * stride], i);
      if (shift == 56 || key >> (shift + 8) == prefix) atomicAdd(histogram + (key >> shift & 255), 1u);
    }
    __syncthreads();
    if (threadIdx.x == 0) {
      unsigned digit = 255, above = 0;
      while (above + histogram[digit] < wanted) above += histogram[digit--];
      wanted -= above;
      chosen = digit;
    }
    __syncthreads();
    prefix = prefix << 8 | chosen;
    const bool all = histogram[chosen] == wanted;  // of this digit: lower ones need not be looked at
    __syncthreads();
    if (all) break;
  }
  for (unsigned i = threadIdx.x; i < p.size; i += blockDim.x) {
    const u64 key = key_of(x[i * stride], i);
    if (key >> shift >= prefix) best[atomicAdd(&taken, 1u)] = key;
  }
  for (unsigned i = p.k + threadIdx.x; i < SLOTS; i += blockDim.x) best[i] = 0;
  for (unsigned size = 2; size <= SLOTS; size *= 2) {  // bitonic, the largest first
    for (unsigned step = size / 2; step > 0; step /= 2) {
      __syncthreads();
      for (unsigned i = threadIdx.x; i < SLOTS / 2; i += blockDim.x) {
        const unsigned a = i / step * step * 2 + i % step, b = a + step;
        const bool down = (a & size) == 0;
        const u64 u = best[a], v = best[b];
        if ((u < v) == down) best[a] = v, best[b] = u;
      }
    }
  }
  __syncthreads();
  for (unsigned i = threadIdx.x; i < p.k; i += blockDim.x) {
    const unsigned place = ~unsigned(best[i]);
    const i64 to = (i64(outer) * p.k + i) * stride + inner;
    if (values != nullptr) values[to] = x[place * stride];
    if (indices != nullptr) indices[to] = place;
  }
}
