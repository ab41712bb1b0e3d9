// The algebra of Dim: canonical polynomials and their evaluation. Parsing is in dim_text.cpp.
#include "base/dim.h"

#include <algorithm>

#include "base/dim_expr.h"

namespace ingot {
namespace {

// No real network comes near; a hostile one doubles its expressions with every node.
constexpr size_t kMaxTerms = 1000;
constexpr size_t kMaxText = 1 << 16;

// Stands for an expression beyond the limits: a size that nothing can tell before the run, and no input
// binds.
Dim too_large(const std::string& text) {
  uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (unsigned char c : text) hash = (hash ^ c) * 0x100000001b3;
  return Dim::symbol(str("expression too large #", hash));
}

}  // namespace

Dim Dim::make(int64_t constant, Terms terms) {
  std::sort(terms.begin(), terms.end(), [](const Term& a, const Term& b) { return a.key < b.key; });
  Terms merged;
  for (Term& t : terms) {
    if (!merged.empty() && merged.back().key == t.key)
      merged.back().coefficient = saturating_add(merged.back().coefficient, t.coefficient);
    else
      merged.push_back(std::move(t));
  }
  std::erase_if(merged, [](const Term& t) { return t.coefficient == 0; });
  Dim out(constant);
  if (merged.empty()) return out;
  size_t text = 0;
  for (const Term& t : merged) text += t.key.size();
  const bool large = merged.size() > kMaxTerms || text > kMaxText;
  out.terms_ = std::make_shared<const Terms>(std::move(merged));
  return large ? too_large(out.to_string()) : out;
}

Dim Dim::atom(int kind, const Dim& a, const Dim& b) {
  auto atom = std::make_shared<Atom>(Atom{kind, "", a, b, ""});
  atom->key = str(kAtomNames[kind], "(", a.to_string(), ", ", b.to_string(), ")");
  Terms terms;
  terms.push_back(Term::product(1, {std::move(atom)}));
  return make(0, std::move(terms));
}

Dim Dim::symbol(std::string_view name) {
  auto atom = std::make_shared<Atom>(Atom{kSymbol, std::string(name), 0, 0, quote_symbol(name)});
  Terms terms;
  terms.push_back(Term::product(1, {std::move(atom)}));
  return make(0, std::move(terms));
}

Dim operator+(const Dim& a, const Dim& b) {
  if (a.is_const() && b.is_const()) return saturating_add(a.constant_, b.constant_);
  Dim::Terms terms;
  if (a.terms_) terms = *a.terms_;
  if (b.terms_) terms.insert(terms.end(), b.terms_->begin(), b.terms_->end());
  return Dim::make(saturating_add(a.constant_, b.constant_), std::move(terms));
}

Dim operator*(const Dim& a, const Dim& b) {
  if (a.is_const() && b.is_const()) return saturating_mul(a.constant_, b.constant_);
  if (a.terms_ && b.terms_ && a.terms_->size() * b.terms_->size() > kMaxTerms)
    return too_large(str("(", a.to_string(), ")*(", b.to_string(), ")"));
  Dim::Terms terms;
  auto scale = [&](const Dim& d, int64_t factor) {
    if (!d.terms_ || factor == 0) return;
    for (const Dim::Term& t : *d.terms_) {
      terms.push_back(t);
      terms.back().coefficient = saturating_mul(terms.back().coefficient, factor);
    }
  };
  scale(a, b.constant_);
  scale(b, a.constant_);
  if (a.terms_ && b.terms_) {
    for (const Dim::Term& x : *a.terms_) {
      for (const Dim::Term& y : *b.terms_) {
        auto atoms = x.atoms;
        atoms.insert(atoms.end(), y.atoms.begin(), y.atoms.end());
        terms.push_back(Dim::Term::product(saturating_mul(x.coefficient, y.coefficient), std::move(atoms)));
      }
    }
  }
  return Dim::make(saturating_mul(a.constant_, b.constant_), std::move(terms));
}

Dim operator-(const Dim& a, const Dim& b) { return a + b * Dim(-1); }

bool operator==(const Dim& a, const Dim& b) {
  if (a.constant_ != b.constant_ || a.is_const() != b.is_const()) return false;
  if (a.terms_ == b.terms_) return true;
  return std::equal(a.terms_->begin(), a.terms_->end(), b.terms_->begin(), b.terms_->end(),
                    [](const Dim::Term& x, const Dim::Term& y) {
                      return x.coefficient == y.coefficient && x.key == y.key;
                    });
}

Dim floor_div(const Dim& a, const Dim& b) {
  if (b.is(1)) return a;
  if (a == b) return 1;
  if (b.is_const() && b.constant_ > 0) {
    const int64_t d = b.constant_;
    if (a.is_const()) return floor_div(a.constant_, d);
    // Terms with a coefficient divisible by d leave the quotient: floor((d*x + r) / d) = x + floor(r / d).
    Dim::Terms whole, rest;
    for (Dim::Term t : *a.terms_) {
      if (t.coefficient % d == 0) {
        t.coefficient /= d;
        whole.push_back(std::move(t));
      } else {
        rest.push_back(std::move(t));
      }
    }
    const int64_t quotient = floor_div(a.constant_, d);
    const int64_t remainder = a.constant_ - quotient * d;
    const Dim outside = Dim::make(quotient, std::move(whole));
    if (rest.empty()) return outside;
    const Dim inside = Dim::make(remainder, std::move(rest));
    // floor(floor(x / c) / d) = floor(x / (c * d))
    if (remainder == 0 && inside.terms_->size() == 1) {
      const Dim::Term& t = inside.terms_->front();
      if (t.coefficient == 1 && t.atoms.size() == 1 && t.atoms[0]->kind == kFloorDiv &&
          t.atoms[0]->b.is_const())
        return outside + floor_div(t.atoms[0]->a, t.atoms[0]->b * b);
    }
    return outside + Dim::atom(kFloorDiv, inside, b);
  }
  // A symbolic divisor of one term is cancelled where every term of `a` contains it.
  if (b.terms_ && b.constant_ == 0 && b.terms_->size() == 1 && a.terms_ && a.constant_ == 0) {
    const Dim::Term& divisor = b.terms_->front();
    Dim::Terms quotient;
    bool exact = true;
    for (const Dim::Term& t : *a.terms_) {
      auto q = t.divide(divisor);
      exact = exact && q.has_value();
      if (!exact) break;
      quotient.push_back(std::move(*q));
    }
    if (exact) {
      int64_t constant = 0;
      for (const Dim::Term& t : quotient)
        if (t.atoms.empty()) constant = saturating_add(constant, t.coefficient);
      std::erase_if(quotient, [](const Dim::Term& t) { return t.atoms.empty(); });
      return Dim::make(constant, std::move(quotient));
    }
  }
  if (a.is(0)) return 0;
  return Dim::atom(kFloorDiv, a, b);
}

Dim ceil_div(const Dim& a, const Dim& b) { return floor_div(a + b - Dim(1), b); }

Dim mod(const Dim& a, const Dim& b) {
  const Dim quotient = floor_div(a, b);
  const Dim rest = a - quotient * b;
  if (rest.is_const()) return rest;
  return Dim::atom(kMod, a, b);
}

// The operands of a dim that is a minimum or maximum and nothing more.
const Dim::Atom* Dim::only_atom(int kind) const {
  if (!terms_ || constant_ != 0 || terms_->size() != 1) return nullptr;
  const Term& t = terms_->front();
  return t.coefficient == 1 && t.atoms.size() == 1 && t.atoms[0]->kind == kind ? t.atoms[0].get() : nullptr;
}

// a <= b for all sizes: the difference is never negative, or a is a minimum one of whose operands b bounds,
// or b a maximum likewise.
bool Dim::never_above(const Dim& a, const Dim& b, int depth) {
  if ((b - a).lower_bound().value_or(-1) >= 0) return true;
  if (depth == 0) return false;
  const auto below = [&](const Dim& x, const Dim& y) { return never_above(x, y, depth - 1); };
  if (const Atom* m = a.only_atom(kMin)) return below(m->a, b) || below(m->b, b);
  if (const Atom* m = b.only_atom(kMax)) return below(a, m->a) || below(a, m->b);
  return false;
}

Dim min(const Dim& a, const Dim& b) {
  if (Dim::never_above(a, b)) return a;
  if (Dim::never_above(b, a)) return b;
  return Dim::atom(kMin, a, b);
}

Dim max(const Dim& a, const Dim& b) {
  if (Dim::never_above(a, b)) return b;
  if (Dim::never_above(b, a)) return a;
  return Dim::atom(kMax, a, b);
}

Result<int64_t> Dim::eval(const SymbolValues& symbols) const {
  int64_t sum = constant_;
  if (!terms_) return sum;
  for (const Term& t : *terms_) {
    int64_t product = t.coefficient;
    for (const auto& atom : t.atoms) {
      INGOT_ASSIGN_OR_RETURN(int64_t v, atom->eval(symbols));
      if (__builtin_mul_overflow(product, v, &product))
        return invalid_argument("dimension ", to_string(), " overflows");
    }
    if (__builtin_add_overflow(sum, product, &sum))
      return invalid_argument("dimension ", to_string(), " overflows");
  }
  return sum;
}

Result<int64_t> Dim::Atom::eval(const SymbolValues& symbols) const {
  if (kind == kSymbol) {
    auto it = symbols.find(name);
    if (it == symbols.end()) return invalid_argument("dimension '", name, "' has no value yet");
    return it->second;
  }
  INGOT_ASSIGN_OR_RETURN(int64_t x, a.eval(symbols));
  INGOT_ASSIGN_OR_RETURN(int64_t y, b.eval(symbols));
  if (kind == kMin) return std::min(x, y);
  if (kind == kMax) return std::max(x, y);
  if (y == 0) return invalid_argument("division by zero in dimension ", key);
  return kind == kFloorDiv ? floor_div(x, y) : floor_mod(x, y);
}

Dim Dim::substitute(const SymbolValues& symbols) const {
  if (!terms_) return *this;
  Dim sum = constant_;
  for (const Term& t : *terms_) {
    Dim product = t.coefficient;
    for (const auto& atom : t.atoms) product = product * atom->substitute(symbols);
    sum = sum + product;
  }
  return sum;
}

Dim Dim::Atom::substitute(const SymbolValues& symbols) const {
  if (kind == kSymbol) {
    auto it = symbols.find(name);
    return it == symbols.end() ? Dim::symbol(name) : Dim(it->second);
  }
  const Dim x = a.substitute(symbols), y = b.substitute(symbols);
  if (kind == kMin) return ingot::min(x, y);
  if (kind == kMax) return ingot::max(x, y);
  return kind == kFloorDiv ? floor_div(x, y) : mod(x, y);
}

std::optional<int64_t> Dim::lower_bound() const {
  int64_t bound = constant_;
  if (!terms_) return bound;
  for (const Term& t : *terms_) {
    int64_t product = t.coefficient;
    if (product < 0) return std::nullopt;
    for (const auto& atom : t.atoms) {
      const auto b = atom->lower_bound();
      if (!b || *b < 0) return std::nullopt;
      product = saturating_mul(product, *b);
    }
    bound = saturating_add(bound, product);
  }
  return bound;
}

std::optional<int64_t> Dim::Atom::lower_bound() const {
  if (kind == kSymbol) return 0;
  if (kind == kMod) return b.lower_bound().value_or(0) > 0 ? std::optional<int64_t>(0) : std::nullopt;
  const auto x = a.lower_bound(), y = b.lower_bound();
  if (kind == kMin) return x && y ? std::optional(std::min(*x, *y)) : std::nullopt;
  if (kind == kMax) return x && y ? std::max(*x, *y) : x ? x : y;
  if (!x || !y || *y < 0) return std::nullopt;
  if (b.is_const() && *y > 0) return floor_div(*x, *y);
  return *x >= 0 ? std::optional<int64_t>(0) : std::nullopt;
}

void Dim::collect_symbols(std::vector<std::string>& names) const {
  if (!terms_) return;
  for (const Term& t : *terms_) {
    for (const auto& atom : t.atoms) {
      if (atom->kind == kSymbol) {
        names.push_back(atom->name);
      } else {
        atom->a.collect_symbols(names);
        atom->b.collect_symbols(names);
      }
    }
  }
}

Status bind_dims(const Shape& shape, const Dims& dims, SymbolValues& symbols) {
  const auto mismatch = [&] {
    return invalid_argument("got shape ", dims_to_string(dims), ", expected ", to_string(shape));
  };
  if (shape.size() != dims.size()) return mismatch();
  for (size_t i = 0; i < dims.size(); ++i) {
    std::vector<std::string> names;
    shape[i].collect_symbols(names);
    if (names.size() == 1 && shape[i] == Dim::symbol(names[0])) symbols.try_emplace(names[0], dims[i]);
  }
  for (size_t i = 0; i < dims.size(); ++i) {
    const auto expected = shape[i].eval(symbols);
    if (!expected.ok()) continue;  // an expression over symbols that nothing has bound: taken as it is
    if (*expected != dims[i]) {
      if (is_static(shape)) return mismatch();
      return invalid_argument("got shape ", dims_to_string(dims), ", expected ", to_string(shape),
                              " where dimension ", i, " is ", *expected);
    }
  }
  return {};
}

}  // namespace ingot
