#include "ops/wide.h"

#include <cmath>
#include <limits>

namespace ingot::ops {
namespace {

int64_t load_nibble(const TensorView& t, int64_t i) {
  const uint8_t byte = static_cast<const uint8_t*>(t.data)[i / 2];
  const int nibble = i % 2 == 0 ? byte & 15 : byte >> 4;
  return t.dtype == DataType::kI4 && nibble > 7 ? nibble - 16 : nibble;
}

void store_nibble(const TensorView& t, int64_t i, int64_t value) {
  uint8_t& byte = static_cast<uint8_t*>(t.data)[i / 2];
  const int nibble = static_cast<int>(value & 15);
  byte = static_cast<uint8_t>(i % 2 == 0 ? (byte & 0xf0) | nibble : (byte & 0x0f) | nibble << 4);
}

template <class W, class T>
W convert(T value) {
  if constexpr (!std::is_integral_v<T> && std::is_integral_v<W>) {
    const double d = static_cast<double>(value);
    if constexpr (std::is_unsigned_v<W>)
      if (d >= 0x1p63) return d >= 0x1p64 ? std::numeric_limits<W>::max() : static_cast<W>(d);
    return static_cast<W>(truncate_to_int64(d));
  } else {
    return static_cast<W>(value);
  }
}

}  // namespace

int64_t truncate_to_int64(double value) {
  if (std::isnan(value)) return 0;
  if (value >= 0x1p63) return std::numeric_limits<int64_t>::max();
  if (value <= -0x1p63) return std::numeric_limits<int64_t>::min();
  return static_cast<int64_t>(value);
}

template <class W>
void load(const TensorView& t, int64_t begin, int64_t count, W* dst) {
  const bool plain = dispatch_type(t.dtype, [&](auto tag) {
    const auto* src = t.as<const typename decltype(tag)::type>() + begin;
    for (int64_t i = 0; i < count; ++i) dst[i] = convert<W>(src[i]);
  });
  if (!plain)
    for (int64_t i = 0; i < count; ++i) dst[i] = static_cast<W>(load_nibble(t, begin + i));
}

template <class W>
void store(const W* src, int64_t count, const TensorView& t, int64_t begin) {
  const bool plain = dispatch_type(t.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    T* dst = t.as<T>() + begin;
    for (int64_t i = 0; i < count; ++i) {
      if constexpr (std::is_same_v<T, bool>)
        dst[i] = src[i] != 0;
      else if constexpr (std::is_integral_v<T> && !std::is_integral_v<W>)
        dst[i] = static_cast<T>(convert<std::conditional_t<std::is_same_v<T, uint64_t>, T, int64_t>>(src[i]));
      else
        dst[i] = static_cast<T>(src[i]);
    }
  });
  if (!plain)
    for (int64_t i = 0; i < count; ++i) store_nibble(t, begin + i, convert<int64_t>(src[i]));
}

#define INGOT_WIDE(W)                                             \
  template void load<W>(const TensorView&, int64_t, int64_t, W*); \
  template void store<W>(const W*, int64_t, const TensorView&, int64_t);
INGOT_WIDE(double)
INGOT_WIDE(int64_t)
INGOT_WIDE(uint64_t)
#undef INGOT_WIDE

}  // namespace ingot::ops
