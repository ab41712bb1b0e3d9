// What the tests of the kernels share: buffers with guard zones, instruction sets of this machine,
// reproducible data.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include "backends/cpu/kernels/simd/isa.h"

namespace ingot::cpu {

/// Calls fn(isa) for each instruction set that this machine can run.
template <class F>
void for_each_isa(F&& fn) {
  for (Isa isa : kAllIsas)
    if (isa <= machine_isa()) fn(isa);
}

/// `size` elements between guard zones of a known pattern, aligned to 64 bytes.
template <class T>
class Guarded {
 public:
  explicit Guarded(int64_t size)
      : size_(size), bytes_(static_cast<size_t>(size) * sizeof(T) + 2 * kGuard + 64, kPattern) {
    const auto address = reinterpret_cast<uintptr_t>(bytes_.data() + kGuard);
    start_ = bytes_.data() + kGuard + (64 - address % 64) % 64;
  }
  Guarded(const std::vector<T>& values) : Guarded(static_cast<int64_t>(values.size())) {
    if (!values.empty()) std::memcpy(start_, values.data(), values.size() * sizeof(T));
  }
  Guarded(const Guarded&) = delete;
  T* data() { return reinterpret_cast<T*>(start_); }
  const T* data() const { return reinterpret_cast<const T*>(start_); }
  T& operator[](int64_t i) { return data()[i]; }
  int64_t size() const { return size_; }
  /// Whether nothing was written before the first element or behind the last.
  bool intact() const {
    const unsigned char* end = start_ + static_cast<size_t>(size_) * sizeof(T);
    for (const unsigned char* p = bytes_.data(); p < start_; ++p)
      if (*p != kPattern) return false;
    for (const unsigned char* p = end; p < bytes_.data() + bytes_.size(); ++p)
      if (*p != kPattern) return false;
    return true;
  }

 private:
  static constexpr size_t kGuard = 256;
  static constexpr unsigned char kPattern = 0xff;  // a NaN where it is read as a float
  int64_t size_;
  std::vector<unsigned char> bytes_;
  unsigned char* start_;
};

inline std::vector<float> random_floats(int64_t count, unsigned seed, float low = -1, float high = 1) {
  std::mt19937 engine(seed);
  std::uniform_real_distribution<float> uniform(low, high);
  std::vector<float> values(static_cast<size_t>(count));
  for (float& v : values) v = uniform(engine);
  return values;
}

/// The worst |got - want| / (1 + |want|), NaN and infinities having to agree: infinity where they do not.
inline double worst_error(const float* got, const std::vector<double>& want) {
  double worst = 0;
  for (size_t i = 0; i < want.size(); ++i) {
    const double g = got[i], w = want[i];
    if (std::isnan(w) || std::isinf(w)) {
      if (!(std::isnan(w) ? std::isnan(g) : g == w)) return INFINITY;
    } else {
      const double error = std::fabs(g - w) / (1 + std::fabs(w));
      if (!(error <= worst)) worst = std::isnan(error) ? INFINITY : error;
    }
  }
  return worst;
}

}  // namespace ingot::cpu
