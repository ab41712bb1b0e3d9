// The largest of several elements.
#pragma once

#include "backends/cuda/kernels/device/types.cuh"

// What it is computed in: of bytes without floats, whose conversion is slow.
template <class T>
struct Largest {
  using type = float;
  static __device__ float of_none() { return __int_as_float(0xff800000); }
};
template <>
struct Largest<i8> {
  using type = int;
  static __device__ int of_none() { return -128; }
};
template <>
struct Largest<u8> {
  using type = int;
  static __device__ int of_none() { return 0; }
};

__device__ inline float larger(float a, float b) { return fmaxf(a, b); }
__device__ inline int larger(int a, int b) { return max(a, b); }
