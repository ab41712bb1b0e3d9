// Vec<T, N>: N elements that are loaded and stored in one access of up to 16 bytes.
#pragma once

#include "backends/cuda/kernels/device/types.cuh"

template <class T, int N>
struct alignas(sizeof(T) * N) Vec {
  T v[N];
  __device__ T& operator[](int i) { return v[i]; }
  __device__ const T& operator[](int i) const { return v[i]; }
};

template <int BYTES>
struct Word;
template <>
struct Word<1> {
  using type = u8;
};
template <>
struct Word<2> {
  using type = u16;
};
template <>
struct Word<4> {
  using type = unsigned;
};
template <>
struct Word<8> {
  using type = uint2;
};
template <>
struct Word<16> {
  using type = uint4;
};

template <int N, class T>
__device__ inline Vec<T, N> load(const T* from) {
  union {
    typename Word<sizeof(T) * N>::type word;
    Vec<T, N> vec;
  } u;
  u.word = *reinterpret_cast<const decltype(u.word)*>(from);
  return u.vec;
}

template <int N, class T>
__device__ inline void store(T* to, const Vec<T, N>& value) {
  union {
    typename Word<sizeof(T) * N>::type word;
    Vec<T, N> vec;
  } u;
  u.vec = value;
  *reinterpret_cast<decltype(u.word)*>(to) = u.word;
}
