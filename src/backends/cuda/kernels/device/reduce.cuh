// Reductions over the threads of a row: kThreads of them, next to each other in a block, a power of two.
#pragma once

struct SumOf {
  static __device__ float identity() { return 0; }
  __device__ float operator()(float a, float b) const { return a + b; }
};
struct LargestOf {
  static __device__ float identity() { return __int_as_float(0xff800000); }
  __device__ float operator()(float a, float b) const { return a != a || a > b ? a : b; }
};

template <int kThreads, class Op, class T>
__device__ inline T reduce_warp(T v, Op op) {
#pragma unroll
  for (int step = (kThreads < 32 ? kThreads : 32) / 2; step > 0; step /= 2)
    v = op(v, __shfl_xor_sync(0xffffffffu, v, step));
  return v;
}

// All threads of the row get the result. Every thread of the block has to take part.
template <int kThreads, class Op>
__device__ inline float reduce_row(float v, Op op) {
  v = reduce_warp<kThreads>(v, op);
  if (kThreads > 32) {
    __shared__ float parts[32];
    const int warp = threadIdx.x / 32, first = threadIdx.x / kThreads * (kThreads / 32);
    __syncthreads();  // the reduction before may still be reading
    if (threadIdx.x % 32 == 0) parts[warp] = v;
    __syncthreads();
    v = parts[first];
#pragma unroll
    for (int i = 1; i < kThreads / 32; ++i) v = op(v, parts[first + i]);
  }
  return v;
}
