#include "values.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace ingot::cli {
namespace {

// A float of few bits: `exponent` bits with the given bias, then `mantissa` bits.
double small_float(unsigned bits, int exponent, int mantissa, bool has_infinity) {
  const int bias = (1 << (exponent - 1)) - 1;
  const unsigned fraction = bits & ((1u << mantissa) - 1);
  const unsigned power = bits >> mantissa & ((1u << exponent) - 1);
  const double sign = bits >> (exponent + mantissa) & 1 ? -1 : 1;
  const bool top = power == (1u << exponent) - 1;
  if (top && has_infinity) return fraction == 0 ? sign * INFINITY : NAN;
  if (top && fraction == (1u << mantissa) - 1) return NAN;  // E4M3FN: only the last code
  if (power == 0) return sign * std::ldexp(fraction, 1 - bias - mantissa);
  return sign * std::ldexp(fraction + (1u << mantissa), static_cast<int>(power) - bias - mantissa);
}

template <class T>
double element(const TensorRef& t, int64_t i) {
  return static_cast<double>(static_cast<const T*>(t.data)[i]);
}

}  // namespace

double value_at(const TensorRef& t, int64_t i) {
  const auto byte = [&](int64_t at) { return static_cast<const uint8_t*>(t.data)[at]; };
  const auto word = [&] { return static_cast<const uint16_t*>(t.data)[i]; };
  switch (t.dtype) {
    case DataType::kF32:
      return element<float>(t, i);
    case DataType::kF16:
      return small_float(word(), 5, 10, true);
    case DataType::kBF16:
      return small_float(word(), 8, 7, true);
    case DataType::kF64:
      return element<double>(t, i);
    case DataType::kI8:
      return element<int8_t>(t, i);
    case DataType::kU8:
    case DataType::kBool:
      return byte(i);
    case DataType::kI16:
      return element<int16_t>(t, i);
    case DataType::kU16:
      return word();
    case DataType::kI32:
      return element<int32_t>(t, i);
    case DataType::kU32:
      return element<uint32_t>(t, i);
    case DataType::kI64:
      return element<int64_t>(t, i);
    case DataType::kU64:
      return element<uint64_t>(t, i);
    case DataType::kF8E4M3:
      return small_float(byte(i), 4, 3, false);
    case DataType::kF8E5M2:
      return small_float(byte(i), 5, 2, true);
    case DataType::kU4:
      return byte(i / 2) >> (i % 2 * 4) & 15;
    case DataType::kI4:
      return static_cast<int8_t>(static_cast<uint8_t>(byte(i / 2) >> (i % 2 * 4) << 4)) >> 4;
    case DataType::kInvalid:
      break;
  }
  return 0;
}

std::string summarize(const TensorRef& t) {
  constexpr int64_t kShown = 6;
  if (t.size() == 0) return "empty";
  double low = INFINITY, high = -INFINITY, sum = 0;
  int64_t strange = 0;
  for (int64_t i = 0; i < t.size(); ++i) {
    const double v = value_at(t, i);
    if (!std::isfinite(v)) {
      ++strange;
      continue;
    }
    low = std::min(low, v);
    high = std::max(high, v);
    sum += v;
  }
  const int64_t finite = t.size() - strange;
  std::string text = finite > 0 ? fmt::format("min {:.6g}, mean {:.6g}, max {:.6g}", low,
                                              sum / static_cast<double>(finite), high)
                                : "";
  if (strange > 0)
    text += fmt::format("{}{} of {} elements are not finite", finite > 0 ? ", " : "", strange, t.size());
  text += "; ";
  for (int64_t i = 0; i < std::min(t.size(), kShown); ++i)
    text += fmt::format("{}{:.6g}", i ? ", " : "", value_at(t, i));
  return t.size() > kShown ? text + ", ..." : text;
}

}  // namespace ingot::cli
