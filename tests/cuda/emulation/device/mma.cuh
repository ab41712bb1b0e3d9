#pragma once

#include "backends/cuda/kernels/device/types.cuh"

struct Row16 {
  unsigned char bytes[16];
};

inline void emulated_ldmatrix(unsigned (&r)[4], unsigned address, bool transposed) {
  Row16 row;
  if (address % 16 != 0) std::abort();
  std::memcpy(&row, emulated::at(address), 16);
  const unsigned lane = threadIdx.x % 32;
  emulated::exchange(row, [&](auto of) {
    for (unsigned m = 0; m < 4; ++m)
      for (unsigned h = 0; h < 2; ++h) {
        const unsigned i = lane / 4, j = lane % 4 * 2 + h;
        const Row16& from = of(m * 8 + (transposed ? j : i));
        std::memcpy(reinterpret_cast<char*>(&r[m]) + h * 2, from.bytes + (transposed ? i : j) * 2, 2);
      }
    return 0;
  });
}
__device__ inline void load_matrices(unsigned (&r)[4], unsigned address) {
  emulated_ldmatrix(r, address, false);
}
__device__ inline void load_matrices_transposed(unsigned (&r)[4], unsigned address) {
  emulated_ldmatrix(r, address, true);
}

#ifndef UNSIGNED_A
#define UNSIGNED_A 0
#endif
template <class T>
struct Mma {
  using A = std::conditional_t<UNSIGNED_A, u8, T>;
  template <class SUM>
  static __device__ void run(SUM* d, const unsigned (&a)[4], unsigned b0, unsigned b1) {
    constexpr int kWords = 4 / sizeof(T), kDepth = 8 * kWords;
    struct Operands {
      unsigned a[4], b[2];
    } mine = {{a[0], a[1], a[2], a[3]}, {b0, b1}};
    const unsigned lane = threadIdx.x % 32;
    const auto element = []<class E>(E v, unsigned word, unsigned half) {
      std::memcpy(&v, reinterpret_cast<const char*>(&word) + half * sizeof(E), sizeof v);
      return to_float(v);
    };
    SUM sums[4] = {d[0], d[1], d[2], d[3]};
    emulated::exchange(mine, [&](auto of) {
      for (unsigned e = 0; e < 4; ++e) {
        const unsigned row = lane / 4, column = lane % 4 * 2 + e % 2;
        for (unsigned k = 0; k < kDepth; ++k) {
          const unsigned group = k / (kDepth / 2), in = k % (kDepth / 2);
          const unsigned owner = in / kWords;
          sums[e] += SUM(element(A(), of(row * 4 + owner).a[e / 2 + group * 2], in % kWords) *
                         element(T(), of(column * 4 + owner).b[group], in % kWords));
        }
      }
      return 0;
    });
    for (int e = 0; e < 4; ++e) d[e] = sums[e];
  }
};

inline unsigned to_tf32(float v) {  // to nearest, ties away from zero
  return (__float_as_uint(v) + 0x1000) & 0xffffe000;
}
// As the hardware: products and their sum with `d` are exact, and then cut to a float.
inline void mma_tf32(float* d, const unsigned (&a)[4], unsigned b0, unsigned b1) {
  struct Operands {
    unsigned a[4], b[2];
  } mine = {{a[0], a[1], a[2], a[3]}, {b0, b1}};
  const unsigned lane = threadIdx.x % 32;
  emulated::exchange(mine, [&](auto of) {
    for (unsigned e = 0; e < 4; ++e) {
      double sum = d[e];
      for (unsigned k = 0; k < 8; ++k)
        sum += static_cast<double>(__uint_as_float(of(lane / 4 * 4 + k % 4).a[e / 2 + k / 4 * 2])) *
               __uint_as_float(of((lane % 4 * 2 + e % 2) * 4 + k % 4).b[k / 4]);
      const float nearest = static_cast<float>(sum);
      d[e] = std::abs(static_cast<double>(nearest)) > std::abs(sum) ? std::nextafter(nearest, 0.0f) : nearest;
    }
    return 0;
  });
}
#include "backends/cuda/kernels/device/mma_float.cuh"
