// What the kernel benches share: the multiply-add peak of one core, timing by minima, operands.
#pragma once

#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
#include <ctime>

#include "backends/cpu/kernels/gemm/tile.h"

namespace ingot::bench {

/// Seconds that this thread has run: time given to others on a shared machine does not count. Spinning does,
/// so that it is right for more threads too.
inline double now() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

/// 64-byte aligned floats with normal-looking values: zeros would run cooler and faster.
class Floats {
 public:
  explicit Floats(int64_t count)
      : data_(static_cast<float*>(
            std::aligned_alloc(1 << 21, (static_cast<size_t>(count) * 4 + (2 << 21) - 1) >> 21 << 21))) {
    madvise(data_, static_cast<size_t>(count) * 4, MADV_HUGEPAGE);
    uint32_t state = 12345;
    for (int64_t i = 0; i < count; ++i) {
      state = state * 1664525u + 1013904223u;
      data_[i] = static_cast<float>(state >> 8) * (2.0f / (1 << 24)) - 1.0f;
    }
  }
  ~Floats() { std::free(data_); }
  Floats(const Floats&) = delete;
  float* data() { return data_; }

 private:
  float* data_;
};

/// Seconds of the fastest of several calls, within about `budget` seconds.
template <class F>
double fastest(F&& f, double budget = 0.05) {
  f();
  double best = 1e30;
  const double start = now();
  int calls = 0;
  do {
    const double begin = now();
    f();
    const double took = now() - begin;
    best = took < best ? took : best;
  } while (++calls < 3 || now() - start < budget);
  return best;
}

/// GFLOP/s of one core on a product that lies in its first cache, by the widest tile of `isa`.
inline double peak_gflops(cpu::Isa isa) {
  const cpu::TileKernels& kernels = cpu::tile_kernels(isa);
  const int rows = kernels.max_rows[1], depth = 64, calls = 2000;
  Floats a(rows * depth), b(2 * depth * kernels.lanes), c(2 * rows * kernels.lanes);
  const int64_t zero[8] = {};
  cpu::TileArgs t;
  t.a = a.data();
  t.b = t.prefetch = b.data();
  t.c = c.data();
  t.a_offsets = t.b_offsets = zero;
  t.blocks = 8;
  t.depth = depth;
  t.a_row = depth;
  t.b_vec = depth * kernels.lanes;
  t.c_row = 2 * kernels.lanes;
  t.c_vec = kernels.lanes;
  const double seconds = fastest(
      [&] {
        for (int i = 0; i < calls / 8; ++i) kernels.at(rows, 2)(t);
      },
      0.02);
  return 2.0 * rows * 2 * kernels.lanes * depth * calls / seconds * 1e-9;
}

}  // namespace ingot::bench
