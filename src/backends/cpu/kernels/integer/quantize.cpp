#include "backends/cpu/kernels/integer/quantize.h"

#include <algorithm>
#include <cmath>

namespace ingot::cpu {

namespace baseline {
extern const QuantizeKernels kQuantize;
}
namespace avx2 {
extern const QuantizeKernels kQuantize;
}
namespace avx512 {
extern const QuantizeKernels kQuantize;
}
const QuantizeKernels& quantize_kernels(Isa isa) { return INGOT_SELECT_ISA(isa, kQuantize); }

namespace {

constexpr int64_t kPiece = 4096;  // elements of a unit of work, at most

// Calls fn(first element, elements, index of the scale) for all of the tensor.
template <class F>
void pieces(ThreadPool& pool, const QuantizeDesc& d, F&& fn) {
  const int64_t each = (d.inner + kPiece - 1) / kPiece, rows = d.outer * d.size;
  const auto work = [&](Share mine) {
    for (int64_t unit = mine.begin; unit < mine.end; ++unit) {
      const int64_t row = unit / each, at = unit % each * kPiece;
      fn(row * d.inner + at, std::min(kPiece, d.inner - at), row % d.size);
    }
  };
  if (rows * d.inner < 2 * kPiece) return work({0, rows * each});
  pool.run([&](int thread) { work(share(rows * each, thread, pool.size())); });
}

int32_t zero_of(const int32_t* zero, int64_t i) { return zero == nullptr ? 0 : zero[i]; }

}  // namespace

void quantize(ThreadPool& pool, Isa isa, const QuantizeDesc& d, const float* x, const float* scale,
              const int32_t* zero, bool is_signed, uint8_t* y) {
  const QuantizeKernels& kernels = quantize_kernels(isa);
  pieces(pool, d, [&](int64_t at, int64_t n, int64_t i) {
    kernels.quantize(x + at, n, scale[i], zero_of(zero, i), is_signed, y + at);
  });
}

void dequantize(ThreadPool& pool, Isa isa, const QuantizeDesc& d, const uint8_t* x, const float* scale,
                const int32_t* zero, bool is_signed, float* y) {
  const QuantizeKernels& kernels = quantize_kernels(isa);
  pieces(pool, d, [&](int64_t at, int64_t n, int64_t i) {
    kernels.dequantize(x + at, n, scale[i], zero_of(zero, i), is_signed, y + at);
  });
}

void dequantize_i32(ThreadPool& pool, Isa isa, const QuantizeDesc& d, const int32_t* x, const float* scale,
                    float* y) {
  const QuantizeKernels& kernels = quantize_kernels(isa);
  pieces(pool, d,
         [&](int64_t at, int64_t n, int64_t i) { kernels.dequantize_i32(x + at, n, scale[i], y + at); });
}

void quantize_dynamically(ThreadPool& pool, Isa isa, int64_t n, const float* x, float* scale, uint8_t* zero,
                          uint8_t* y) {
  float low = 0, high = 0;
  quantize_kernels(isa).range(x, n, &low, &high);
  *scale = low == high ? 1 : (high - low) / 255;
  const auto z = static_cast<int32_t>(std::clamp(std::nearbyint(-low / *scale), 0.0f, 255.0f));
  *zero = static_cast<uint8_t>(z);
  quantize(pool, isa, {1, 1, n}, x, scale, &z, false, y);
}

}  // namespace ingot::cpu
