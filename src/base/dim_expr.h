// The parts of a Dim expression; private to dim.cpp and dim_text.cpp.
#pragma once

#include <algorithm>
#include <optional>

#include "base/dim.h"

namespace ingot {

enum AtomKind : int { kSymbol = 0, kFloorDiv, kMod, kMin, kMax };
inline constexpr const char* kAtomNames[] = {"", "floordiv", "mod", "min", "max"};

// The name as it stands in text: bare when it is an identifier, in backquotes otherwise.
std::string quote_symbol(std::string_view name);

inline int64_t floor_div(int64_t a, int64_t b) {
  const int64_t q = a / b;
  return q * b != a && ((a < 0) != (b < 0)) ? q - 1 : q;
}

struct Dim::Atom {
  int kind;
  std::string name;  // of a symbol
  Dim a, b;          // operands of the others
  std::string key;   // its text: equal atoms have equal keys
  Result<int64_t> eval(const SymbolValues& symbols) const;
  Dim substitute(const SymbolValues& symbols) const;
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
    if (coefficient % d.coefficient != 0) return std::nullopt;
    auto rest = atoms;
    for (const auto& factor : d.atoms) {
      auto it = std::find_if(rest.begin(), rest.end(), [&](const auto& a) { return a->key == factor->key; });
      if (it == rest.end()) return std::nullopt;
      rest.erase(it);
    }
    return product(coefficient / d.coefficient, std::move(rest));
  }
};

}  // namespace ingot
