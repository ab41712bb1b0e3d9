// Between float32 and the 16-bit floats, rounding to nearest even.
#pragma once

#include "backends/cpu/kernels/simd/isa.h"
#include "base/threads.h"

namespace ingot::cpu {

struct HalfCasts {
  void (*f16_to_f32)(const uint16_t* x, int64_t n, float* y);
  void (*f32_to_f16)(const float* x, int64_t n, uint16_t* y);
  void (*bf16_to_f32)(const uint16_t* x, int64_t n, float* y);
  void (*f32_to_bf16)(const float* x, int64_t n, uint16_t* y);
};
const HalfCasts& half_casts(Isa isa);

/// One of these over a tensor of `count` elements, on all threads where that pays.
template <class From, class To>
void cast_halves(ThreadPool& pool, void (*cast)(const From*, int64_t, To*), int64_t count, const void* x,
                 void* y) {
  const auto work = [&](int thread, int threads) {
    const Share mine = share(count, thread, threads);
    cast(static_cast<const From*>(x) + mine.begin, mine.end - mine.begin, static_cast<To*>(y) + mine.begin);
  };
  if (count < 16384) return work(0, 1);
  pool.run([&](int thread) { work(thread, pool.size()); });
}

}  // namespace ingot::cpu
