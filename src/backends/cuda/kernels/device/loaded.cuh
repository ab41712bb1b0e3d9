#pragma once

#include "backends/cuda/kernels/device/math.cuh"

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
