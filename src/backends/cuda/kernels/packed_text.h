// How the text of kernels is packed into the library: runs of up to 128 bytes (their number less one, then
// they), and copies of 4 to 131 bytes (124 + their number, and in two bytes how far back they begin).
#pragma once

#include <cstddef>
#include <string>

namespace ingot::cuda {

inline constexpr size_t kMostRun = 128, kLeastCopy = 4, kMostCopy = 131, kFarthest = 65535;

inline std::string unpack_text(const unsigned char* from, size_t bytes) {
  std::string text;
  for (const unsigned char* const end = from + bytes; from < end;) {
    const size_t token = *from++;
    if (token < kMostRun) {
      text.append(reinterpret_cast<const char*>(from), token + 1);
      from += token + 1;
      continue;
    }
    const size_t back = from[0] + (static_cast<size_t>(from[1]) << 8);
    from += 2;
    for (size_t i = 0; i < token - kMostRun + kLeastCopy; ++i) text.push_back(text[text.size() - back]);
  }
  return text;
}

}  // namespace ingot::cuda
