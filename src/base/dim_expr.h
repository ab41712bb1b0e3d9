// The parts of a Dim expression; private to dim.cpp and dim_text.cpp.
#pragma once

#include <algorithm>
#include <limits>
#include <optional>

#include "base/dim.h"

namespace ingot {

enum AtomKind : int { kSymbol = 0, kFloorDiv, kMod, kMin, kMax };
inline constexpr const char* kAtomNames[] = {"", "floordiv", "mod", "min", "max"};

// The name as it stands in text: bare when it is an identifier, in backquotes otherwise.
std::string quote_symbol(std::string_view name);

// Numbers beyond 64 bits stay at the end of the range: no tensor is that large, and a hostile file may ask
// for it.
inline constexpr int64_t kLargest = std::numeric_limits<int64_t>::max();

inline int64_t saturating_add(int64_t a, int64_t b) {
  int64_t sum;
  return __builtin_add_overflow(a, b, &sum) ? (a < 0 ? -kLargest : kLargest) : std::max(sum, -kLargest);
}

inline int64_t saturating_mul(int64_t a, int64_t b) {
  int64_t product;
  if (__builtin_mul_overflow(a, b, &product)) return (a < 0) != (b < 0) ? -kLargest : kLargest;
  return std::max(product, -kLargest);
}

// Both need b != 0. -1 apart, because the smallest number has no opposite.
inline int64_t floor_div(int64_t a, int64_t b) {
  if (b == -1) return saturating_mul(a, -1);
  const int64_t q = a / b;
  return a % b != 0 && ((a < 0) != (b < 0)) ? q - 1 : q;
}

inline int64_t floor_mod(int64_t a, int64_t b) {
  if (b == -1) return 0;
  const int64_t r = a % b;
  return r != 0 && ((r < 0) != (b < 0)) ? r + b : r;
}

struct Dim::Atom {
  int kind;
  std::string name;  // of a symbol
  Dim a, b;          // operands of the others
  std::string key;   // its text: equal atoms have equal keys
  Result<int64_t> eval(const SymbolValues& symbols) const;
  Dim substitute(const SymbolValues& symbols) const;
  std::optional<int64_t> lower_bound() const;
};

struct Dim::Term {
  int64_t coefficient;
  std::vector<std::shared_ptr<const Atom>> atoms;  // sorted by key
  std::string key;                                 // the atoms' keys joined by '*'

  static Term product(int64_t coefficient, std::vector<std::shared_ptr<const Atom>> atoms) {
    std::sort(atoms.begin(), atoms.end(), [](const auto& x, const auto& y) { return x->key < y->key; });
    Term t{coefficient, std::move(atoms), ""};
    for (const auto& a : t.atoms) t.key += (t.key.empty() ? "" : "*") + a->key;
    return t;
  }

  // This term divided by `d` where that is exact.
  std::optional<Term> divide(const Term& d) const {
    if (floor_mod(coefficient, d.coefficient) != 0) return std::nullopt;
    auto rest = atoms;
    for (const auto& factor : d.atoms) {
      auto it = std::find_if(rest.begin(), rest.end(), [&](const auto& a) { return a->key == factor->key; });
      if (it == rest.end()) return std::nullopt;
      rest.erase(it);
    }
    return product(floor_div(coefficient, d.coefficient), std::move(rest));
  }
};

}  // namespace ingot
