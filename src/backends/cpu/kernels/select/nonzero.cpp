#include "backends/cpu/kernels/select/nonzero.h"

namespace ingot::cpu {
namespace {

// fn(elements as unsigned numbers, shift that drops a float's sign)
template <class F>
auto with_bits(DataType type, const void* x, F&& fn) {
  const int shift = is_float(type) ? 1 : 0;
  switch (bit_width(type)) {
    case 8:
      return fn(static_cast<const uint8_t*>(x), shift);
    case 16:
      return fn(static_cast<const uint16_t*>(x), shift);
    case 32:
      return fn(static_cast<const uint32_t*>(x), shift);
    default:
      return fn(static_cast<const uint64_t*>(x), shift);
  }
}

}  // namespace

int64_t count_nonzero(DataType type, int64_t count, const void* x) {
  return with_bits(type, x, [&](const auto* p, int shift) {
    using T = std::remove_cvref_t<decltype(*p)>;
    int64_t hits = 0;
    for (int64_t i = 0; i < count; ++i) hits += static_cast<T>(p[i] << shift) != 0;
    return hits;
  });
}

void nonzero(DataType type, const std::vector<int64_t>& dims, const void* x, int64_t hits, int64_t* y) {
  if (hits == 0 || dims.empty()) return;
  // The last row takes the flat indices first; each dim then takes its part from them.
  int64_t* flat = y + (static_cast<int64_t>(dims.size()) - 1) * hits;
  with_bits(type, x, [&](const auto* p, int shift) {
    using T = std::remove_cvref_t<decltype(*p)>;
    for (int64_t i = 0, n = 0; n < hits; ++i)
      if (static_cast<T>(p[i] << shift) != 0) flat[n++] = i;
    return 0;
  });
  int64_t stride = 1;
  for (int64_t d : dims) stride *= d;
  for (size_t d = 0; d + 1 < dims.size(); ++d) {
    stride /= dims[d];
    int64_t* row = y + static_cast<int64_t>(d) * hits;
    for (int64_t n = 0; n < hits; ++n) row[n] = flat[n] / stride % dims[d];
  }
  if (dims.size() > 1)
    for (int64_t n = 0; n < hits; ++n) flat[n] %= dims.back();
}

}  // namespace ingot::cpu
