// Rows of a matrix held in registers: THREADS threads for each, ITEMS vectors of VEC elements a thread.
#pragma once

#include "backends/cuda/kernels/device/loaded.cuh"
#include "backends/cuda/kernels/device/vector.cuh"

// The column at which vector `item` of this thread begins.
__device__ inline int column_of(int item) { return (item * THREADS + threadIdx.x % THREADS) * VEC; }

__device__ inline i64 row_of_thread() {
  return i64(blockIdx.x) * (blockDim.x / THREADS) + threadIdx.x / THREADS;
}

// Calls fn(v, column) for each of the thread's elements that the row has.
template <class F>
__device__ inline void for_row(float (&v)[ITEMS][VEC], int columns, F fn) {
#pragma unroll
  for (int i = 0; i < ITEMS; ++i) {
    if (column_of(i) < columns) {
#pragma unroll
      for (int j = 0; j < VEC; ++j) fn(v[i][j], column_of(i) + j);
    }
  }
}

template <class T>
__device__ inline void load_row(float (&v)[ITEMS][VEC], const T* row, int columns) {
#pragma unroll
  for (int i = 0; i < ITEMS; ++i) {
    if (column_of(i) >= columns) continue;
    widen_all(load_words<VEC>(row + column_of(i)), v[i]);
  }
}

template <class T>
__device__ inline void store_row(const float (&v)[ITEMS][VEC], T* row, int columns) {
#pragma unroll
  for (int i = 0; i < ITEMS; ++i) {
    if (column_of(i) >= columns) continue;
    Vec<T, VEC> y;
#pragma unroll
    for (int j = 0; j < VEC; ++j) y[j] = convert<T>(v[i][j]);
    store<VEC>(row + column_of(i), y);
  }
}
