// Loops between floats and bytes, compiled per ISA; the compiler makes vectors of them.
#include "backends/cpu/kernels/integer/quantize.h"
#include "backends/cpu/kernels/simd/simd.h"

namespace ingot::cpu::INGOT_ISA {
namespace {

typedef int8_t Bytes __attribute__((vector_size(kLanes)));

// What is within a byte's range, as bytes: signed ones and unsigned ones share their bits.
INGOT_INLINE void put(uint8_t* y, VecF v, int n) {
  const Bytes bytes = __builtin_convertvector(to_int(v), Bytes);
  std::memcpy(y, &bytes, static_cast<size_t>(n));
}

void quantize(const float* x, int64_t n, float scale, int32_t zero, bool is_signed, uint8_t* y) {
  const VecF low = broadcast(is_signed ? -128.0f : 0.0f), high = broadcast(is_signed ? 127.0f : 255.0f);
  const VecF divisor = broadcast(scale), shift = broadcast(static_cast<float>(zero));
  for (int64_t i = 0; i < n; i += kLanes) {
    const int count = n - i < kLanes ? static_cast<int>(n - i) : kLanes;
    const VecF v = count == kLanes ? load(x + i) : load_tail(x + i, count);
    const VecF q = clamp(round(v / divisor) + shift, low, high);
    put(y + i, select(is_nan(q), shift, q), count);
  }
}

template <class T>
INGOT_INLINE void dequantize_as(const T* x, int64_t n, float scale, int32_t zero, float* y) {
  for (int64_t i = 0; i < n; ++i) y[i] = static_cast<float>(x[i] - zero) * scale;
}
void dequantize(const uint8_t* x, int64_t n, float scale, int32_t zero, bool is_signed, float* y) {
  is_signed ? dequantize_as(reinterpret_cast<const int8_t*>(x), n, scale, zero, y)
            : dequantize_as(x, n, scale, zero, y);
}
void dequantize_i32(const int32_t* x, int64_t n, float scale, float* y) {
  for (int64_t i = 0; i < n; ++i) y[i] = static_cast<float>(static_cast<double>(x[i]) * scale);
}

template <bool biased>
INGOT_INLINE void requantize_as(const int32_t* c, const int32_t* bias, const double* factors, int64_t n,
                                double zero, double low, double high, uint8_t* y) {
  for (int64_t i = 0; i < n; ++i) {
    const double sum =
        biased ? static_cast<double>(c[i]) + static_cast<double>(bias[i]) : static_cast<double>(c[i]);
    double v = __builtin_nearbyint(sum * factors[i]) + zero;
    v = v < low ? low : v;
    v = v > high ? high : v;
    y[i] = static_cast<uint8_t>(static_cast<int32_t>(v));
  }
}
void requantize(const int32_t* c, const int32_t* bias, const double* factors, int64_t n, int32_t zero,
                bool is_signed, uint8_t* y) {
  const double low = is_signed ? -128 : 0, high = is_signed ? 127 : 255;
  bias ? requantize_as<true>(c, bias, factors, n, zero, low, high, y)
       : requantize_as<false>(c, bias, factors, n, zero, low, high, y);
}

void range(const float* x, int64_t n, float* low, float* high) {
  VecF least{}, most{};
  for (int64_t i = 0; i < n; i += kLanes) {
    const VecF v = n - i < kLanes ? load_tail(x + i, static_cast<int>(n - i)) : load(x + i);
    least = min(v, least);  // a NaN gives the second operand
    most = max(v, most);
  }
  *low = *high = 0;
  for (int l = 0; l < kLanes; ++l) {
    *low = least[l] < *low ? least[l] : *low;
    *high = most[l] > *high ? most[l] : *high;
  }
}

}  // namespace

extern const QuantizeKernels kQuantize;
const QuantizeKernels kQuantize{quantize, dequantize, dequantize_i32, requantize, range};

}  // namespace ingot::cpu::INGOT_ISA
