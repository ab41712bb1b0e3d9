// Arithmetic in single instructions.
#pragma once

#include "backends/cuda/kernels/device/vector.cuh"

// 2^v; tiny results may be zero.
__device__ inline float power_of_2(float v) {
  float r;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(r) : "f"(v));
  return r;
}
// 1 / v; of numbers from 2^126 on it may be zero.
__device__ inline float fast_reciprocal(float v) {
  float r;
  asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(r) : "f"(v));
  return r;
}
// Two numbers of 16 bits in a word, the first in its lower half.
template <class T>
__device__ inline unsigned pack(float low, float high);
template <>
__device__ inline unsigned pack<f16>(float low, float high) {
  unsigned r;
  asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(r) : "f"(high), "f"(low));
  return r;
}
template <>
__device__ inline unsigned pack<bf16>(float low, float high) {
  unsigned r;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(r) : "f"(high), "f"(low));
  return r;
}
// And back.
template <class T>
__device__ inline void unpack(unsigned word, float& low, float& high);
template <>
__device__ inline void unpack<f16>(unsigned word, float& low, float& high) {
  asm("{ .reg .f16 l, h; mov.b32 {l, h}, %2; cvt.f32.f16 %0, l; cvt.f32.f16 %1, h; }"
      : "=f"(low), "=f"(high)
      : "r"(word));
}
template <>
__device__ inline void unpack<bf16>(unsigned word, float& low, float& high) {
  low = __uint_as_float(word << 16);
  high = __uint_as_float(word & 0xffff0000u);
}

// N elements as they were loaded, in whole words: taken apart only where they become floats, since the
// compiler would move elements of 16 bits one by one.
template <class T, int N>
struct Loaded {
  typename Word<sizeof(T) * N>::type word;
};
template <int N, class T>
__device__ inline Loaded<T, N> load_words(const T* from) {
  return {*reinterpret_cast<const typename Word<sizeof(T) * N>::type*>(from)};
}
template <class T>
struct Unpacked {
  template <int N>
  static __device__ void run(const Loaded<T, N>& v, float (&out)[N]) {
    union {
      Loaded<T, N> loaded;
      Vec<T, N> vec;
    } u;
    u.loaded = v;
#pragma unroll
    for (int i = 0; i < N; ++i) out[i] = to_float(u.vec[i]);
  }
};
template <class T>
struct UnpackedPairs {
  template <int N>
  static __device__ void run(const Loaded<T, N>& v, float (&out)[N]) {
    union {
      Loaded<T, N> loaded;
      unsigned words[(N + 1) / 2];
    } u;
    if constexpr (N == 1) {
      out[0] = to_float(T{v.word});
    } else {
      u.loaded = v;
#pragma unroll
      for (int i = 0; i < N / 2; ++i) unpack<T>(u.words[i], out[2 * i], out[2 * i + 1]);
    }
  }
};
template <>
struct Unpacked<f16> : UnpackedPairs<f16> {};
template <>
struct Unpacked<bf16> : UnpackedPairs<bf16> {};

template <class T, int N>
__device__ inline void widen_all(const Loaded<T, N>& v, float (&out)[N]) {
  Unpacked<T>::run(v, out);
}
