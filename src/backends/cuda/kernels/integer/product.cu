// Products of 8-bit integers: a block computes 64x64 sums, a thread 4x4. Unsigned elements become signed
// ones, 128 less. Options: A, B (i8, u8); A_WORDS, B_WORDS: elements along the depth are whole words;
// A_ZEROS, B_ZEROS (0: none, 1: one, 2: one for each row of A, column of B).
#include "backends/cuda/kernels/device/launch.cuh"
#include "backends/cuda/kernels/device/types.cuh"
#include "backends/cuda/kernels/integer/integer_params.h"

constexpr int kTile = 64, kWords = 16, kEach = 4;  // of depth, in a tile's row; rows and columns of a thread
constexpr unsigned kOnes = 0x01010101u;

// Four elements from `at` on, as signed bytes; zeros behind the end.
template <class T, bool WORDS>
__device__ inline int word_at(const T* row, i64 step, int at, int depth) {
  constexpr unsigned kFlip = T(-1) > T(0) ? 0x80u : 0;
  if (WORDS) return at < depth ? int(*reinterpret_cast<const unsigned*>(row + at) ^ kFlip * kOnes) : 0;
  unsigned word = 0;
#pragma unroll
  for (int j = 0; j < 4; ++j)
    if (at + j < depth) word |= (unsigned(u8(row[(at + j) * step])) ^ kFlip) << (8 * j);
  return int(word);
}

template <class T>
__device__ inline int signed_zero(int zero) {
  return zero - (T(-1) > T(0) ? 128 : 0);
}

extern "C" __global__ void __launch_bounds__(256)
    integer_product(const A* __restrict__ a, const B* __restrict__ b, const A* __restrict__ a_zero,
                    const B* __restrict__ b_zero, int* __restrict__ y, const IntegerProductParams p) {
  wait_for_previous_kernel();
  __shared__ int a_tile[kTile][kWords + 1], b_tile[kTile][kWords + 1];
  const int row0 = blockIdx.x * kTile, column0 = blockIdx.y * kTile;
  a += blockIdx.z * p.a_step;
  b += blockIdx.z * p.b_step;
  y += i64(blockIdx.z) * p.rows * p.columns;
  const int x = threadIdx.x % 16, line = threadIdx.x / 16;
  int sums[kEach][kEach] = {}, a_sums[kEach] = {}, b_sums[kEach] = {};
  for (int k0 = 0; k0 < p.depth; k0 += 4 * kWords) {
    __syncthreads();
#pragma unroll
    for (int i = 0; i < kEach; ++i) {
      const int at = line + 16 * i, row = row0 + at, column = column0 + at, k = k0 + 4 * x;
      a_tile[at][x] = row < p.rows ? word_at<A, A_WORDS>(a + i64(row) * p.depth, 1, k, p.depth) : 0;
      b_tile[at][x] =
          column < p.columns ? word_at<B, B_WORDS>(b + column * p.b_column, p.b_depth, k, p.depth) : 0;
    }
    __syncthreads();
    for (int k = 0; k < kWords; ++k) {
      int left[kEach], right[kEach];
#pragma unroll
      for (int i = 0; i < kEach; ++i) {
        left[i] = a_tile[line + 16 * i][k];
        right[i] = b_tile[x + 16 * i][k];
        a_sums[i] = __dp4a(left[i], int(kOnes), a_sums[i]);
        b_sums[i] = __dp4a(right[i], int(kOnes), b_sums[i]);
      }
#pragma unroll
      for (int i = 0; i < kEach; ++i)
#pragma unroll
        for (int j = 0; j < kEach; ++j) sums[i][j] = __dp4a(left[i], right[j], sums[i][j]);
    }
  }
  // sum((a - za) * (b - zb)) = sum(a * b) - zb * sum(a) - za * sum(b) + depth * za * zb
#pragma unroll
  for (int i = 0; i < kEach; ++i) {
    const int row = row0 + line + 16 * i;
    if (row >= p.rows) continue;
    const unsigned of_rows = row - divide(row, p.zero_rows) * p.zero_rows.divisor;
    const int za = signed_zero<A>(A_ZEROS ? int(a_zero[A_ZEROS == 2 ? of_rows : 0]) : 0);
#pragma unroll
    for (int j = 0; j < kEach; ++j) {
      const int column = column0 + x + 16 * j;
      if (column >= p.columns) continue;
      const int zb = signed_zero<B>(B_ZEROS ? int(b_zero[B_ZEROS == 2 ? column : 0]) : 0);
      y[i64(row) * p.columns + column] = sums[i][j] - zb * a_sums[i] - za * b_sums[j] + p.depth * za * zb;
    }
  }
}
