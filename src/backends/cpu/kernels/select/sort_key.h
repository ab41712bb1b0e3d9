// Numbers as unsigned keys of the same order, so that sorting them is sorting integers. Equal numbers have
// equal keys; NaN comes after all others.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace ingot::cpu {

template <class T>
auto sort_key(T v) {
  using Key = std::conditional_t<sizeof(T) <= 4, uint32_t, uint64_t>;
  constexpr Key kSign = Key{1} << (8 * sizeof(Key) - 1);
  if constexpr (std::is_floating_point_v<T>) {
    if (v != v) return std::numeric_limits<Key>::max();
    const Key bits = std::bit_cast<Key>(v + T(0));  // -0 becomes 0
    return static_cast<Key>(bits & kSign ? ~bits : bits | kSign);
  } else if constexpr (std::is_signed_v<T>) {
    return static_cast<Key>(static_cast<Key>(v) ^ kSign);
  } else {
    return static_cast<Key>(v);
  }
}

}  // namespace ingot::cpu
