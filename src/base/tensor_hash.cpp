#include "base/tensor_hash.h"

#include <algorithm>
#include <cstring>

namespace ingot {

uint64_t content_hash(const Tensor& tensor) {
  constexpr size_t kWords = 512;
  const auto* bytes = static_cast<const unsigned char*>(tensor.data());
  const size_t size = tensor.bytes(), words = size / 8;
  uint64_t hash = 0x9e3779b97f4a7c15 * (size + 1) + static_cast<uint64_t>(tensor.dtype());
  auto mix = [&](size_t at, size_t length) {
    uint64_t word = 0;
    std::memcpy(&word, bytes + at, length);
    hash = (hash ^ word) * 0xbf58476d1ce4e5b9;
    hash ^= hash >> 29;
  };
  const size_t step = std::max<size_t>(1, words / kWords);
  for (size_t w = 0; w < words; w += step) mix(w * 8, 8);
  if (size % 8 != 0) mix(words * 8, size % 8);
  return hash;
}

bool same_bytes(const Tensor& a, const Tensor& b) {
  if (a.dtype() != b.dtype() || a.size() != b.size()) return false;
  return a.data() == b.data() || a.bytes() == 0 || std::memcmp(a.data(), b.data(), a.bytes()) == 0;
}

}  // namespace ingot
