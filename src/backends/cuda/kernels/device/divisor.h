// Division by a number that is known at launch: a multiplication and a shift. Shared by host and device.
#pragma once

struct Divisor {
  unsigned divisor, multiplier, shift;
};

/// For dividends below 2^31: with 2^(shift - 31) >= divisor, rounding the multiplier up adds less than one.
inline Divisor make_divisor(long long value) {
  unsigned shift = 31;
  while ((1ull << (shift - 31)) < static_cast<unsigned long long>(value)) ++shift;
  const unsigned long long multiplier =
      ((1ull << shift) + static_cast<unsigned long long>(value) - 1) / value;
  return {static_cast<unsigned>(value), static_cast<unsigned>(multiplier), shift};
}
inline unsigned divide(unsigned n, Divisor d) {
  return static_cast<unsigned>(static_cast<unsigned long long>(n) * d.multiplier >> d.shift);
}
inline unsigned remainder_of(unsigned n, unsigned quotient, Divisor d) { return n - quotient * d.divisor; }
