#pragma once

#include "backends/cuda/kernels/device/types.cuh"

__device__ inline u64 matrix_descriptor(unsigned address) {
  if (address % 16 != 0) std::abort();
  return address;
}
__device__ inline u64 advanced(u64 descriptor, int bytes) { return matrix_descriptor(descriptor + bytes); }
__device__ inline void publish_shared() {}
__device__ inline void begin_wgmma() {}
__device__ inline void commit_wgmma() {
  emulated::Thread& t = emulated::self();
  t.products.push_back(std::move(t.open_products));
  t.open_products.clear();
}
template <int PENDING>
__device__ inline void wait_wgmma() {
  auto& groups = emulated::self().products;
  while (groups.size() > PENDING) {
    for (auto& work : groups.front()) work();
    groups.erase(groups.begin());
  }
}

// Element k of row r of a tile with rows of 128 bytes, swizzled by the address.
template <class T>
inline float tile_element(unsigned address, int r, int k) {
  unsigned a = address + unsigned(r) * 128 + unsigned(k) * sizeof(T);
  a ^= (a >> 7 & 7) << 4;
  T v;
  std::memcpy(&v, emulated::at(a), sizeof v);
  return to_float(v);
}
template <class A, class B, class SUM, int N>
inline void emulated_wgmma(SUM (&d)[N], u64 a, u64 b, int accumulate) {
  const unsigned lane = threadIdx.x % 32, warp = threadIdx.x / 32 % 4;
  SUM* const sums = d;
  emulated::self().open_products.push_back([=] {
    constexpr int kDepth = 32 / sizeof(A);
    for (int j = 0; j < N; ++j) {
      const int row = int(warp * 16 + lane / 4) + (j / 2 % 2) * 8,
                column = j / 4 * 8 + int(lane % 4) * 2 + j % 2;
      SUM sum = accumulate ? sums[j] : 0;
      for (int k = 0; k < kDepth; ++k)
        sum += SUM(tile_element<A>(unsigned(a), row, k) * tile_element<B>(unsigned(b), column, k));
      sums[j] = sum;
    }
  });
}
// A in registers: as of mma.sync, 16 rows for each warp.
template <class T, class X, bool BY_DEPTH, class SUM, int N>
inline void multiply_registers(SUM (&d)[N], const unsigned (&a)[4], u64 b, int accumulate) {
  struct Rows {
    unsigned a[4];
  };
  constexpr int kWord = 4 / sizeof(X), kDepth = 8 * kWord;
  const unsigned lane = threadIdx.x % 32;
  Rows mine;
  std::memcpy(&mine, a, sizeof mine);
  float left[2][kDepth];
  emulated::exchange(mine, [&](auto of) {
    for (int h = 0; h < 2; ++h)
      for (int k = 0; k < kDepth; ++k) {
        const int half = k / (kDepth / 2), in = k % (kDepth / 2);
        const Rows& from = of(lane / 4 * 4 + unsigned(in / kWord));
        X v;
        std::memcpy(&v, reinterpret_cast<const char*>(&from.a[h + half * 2]) + in % kWord * sizeof v,
                    sizeof v);
        left[h][k] = to_float(v);
      }
    return 0;
  });
  SUM* const sums = d;
  std::vector<float> rows(&left[0][0], &left[0][0] + 2 * kDepth);
  emulated::self().open_products.push_back([=] {
    for (int j = 0; j < N; ++j) {
      const int column = j / 4 * 8 + int(lane % 4) * 2 + j % 2;
      SUM sum = accumulate ? sums[j] : 0;
      for (int k = 0; k < kDepth; ++k)
        sum +=
            SUM(rows[size_t(j / 2 % 2 * kDepth + k)] * (BY_DEPTH ? tile_element<T>(unsigned(b), k, column)
                                                                 : tile_element<T>(unsigned(b), column, k)));
      sums[j] = sum;
    }
  });
}
template <class X, class T, class SUM, int N>
inline void emulated_wgmma_registers(SUM (&d)[N], const unsigned (&a)[4], u64 b, int accumulate) {
  multiply_registers<T, X, false>(d, a, b, accumulate);
}
template <class X, class T, class SUM, int N>
inline void emulated_wgmma_registers_by_depth(SUM (&d)[N], const unsigned (&a)[4], u64 b, int accumulate) {
  multiply_registers<T, X, true>(d, a, b, accumulate);
}
