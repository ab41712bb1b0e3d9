// Dim: one dimension of a shape, a constant or an expression over named symbols.
//
// Symbols stand for the dims of the inputs ("batch") and for sizes that only a run can tell ("u0", from
// NonZero and the like). Expressions are kept in a canonical form (a polynomial over symbols, floor
// quotients, remainders, minima and maxima), so that equal sizes computed along different paths compare
// equal.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace ingot {

using SymbolValues = std::map<std::string, int64_t, std::less<>>;

/// Immutable, cheap to copy, thread-safe to read.
class Dim {
 public:
  /// The smallest number becomes its neighbour, so that every Dim has an opposite.
  Dim(int64_t value = 0)
      : constant_(value < -INT64_MAX ? -INT64_MAX : value) {}  // NOLINT: a number like any other
  static Dim symbol(std::string_view name);

  bool is_const() const { return terms_ == nullptr; }
  bool is(int64_t value) const { return is_const() && constant_ == value; }
  /// The constant's value; only when is_const().
  int64_t value() const {
    INGOT_CHECK(is_const());
    return constant_;
  }

  friend Dim operator+(const Dim& a, const Dim& b);
  friend Dim operator-(const Dim& a, const Dim& b);
  friend Dim operator*(const Dim& a, const Dim& b);
  friend Dim floor_div(const Dim& a, const Dim& b);  // towards minus infinity; b != 0
  friend Dim ceil_div(const Dim& a, const Dim& b);
  friend Dim mod(const Dim& a, const Dim& b);  // of floor_div
  friend Dim min(const Dim& a, const Dim& b);
  friend Dim max(const Dim& a, const Dim& b);
  friend bool operator==(const Dim& a, const Dim& b);

  /// The value with the symbols bound; an unbound symbol or a division by zero is an error that names it.
  Result<int64_t> eval(const SymbolValues& symbols) const;
  /// The same expression with some symbols replaced by constants.
  Dim substitute(const SymbolValues& symbols) const;
  /// A number that the value never falls below while all symbols are >= 0, where one is known.
  std::optional<int64_t> lower_bound() const;
  /// Adds the names of all symbols in the expression.
  void collect_symbols(std::vector<std::string>& names) const;

  /// Text that `parse` reads back: "3", "batch", "2*h + 1", "floordiv(h - 1, 2) + 1"; odd names stand in
  /// backquotes.
  std::string to_string() const;
  static Result<Dim> parse(std::string_view text);

 private:
  struct Atom;  // a symbol, or a floordiv/mod/min/max of two Dims
  struct Term;  // coefficient * product of atoms
  using Terms = std::vector<Term>;
  static Dim make(int64_t constant, Terms terms);
  static Dim atom(int kind, const Dim& a, const Dim& b);
  const Atom* only_atom(int kind) const;
  static bool never_above(const Dim& a, const Dim& b, int depth = 4);
  friend struct DimParser;

  int64_t constant_ = 0;
  std::shared_ptr<const Terms> terms_;  // null: a constant
};

using Shape = std::vector<Dim>;
using Dims = std::vector<int64_t>;

std::string to_string(const Shape& shape);  // "[batch, 3, 224, 224]"
std::string dims_to_string(const Dims& dims);
Dim num_elements(const Shape& shape);
int64_t num_elements(const Dims& dims);
bool is_static(const Shape& shape);
Shape to_shape(const Dims& dims);
Result<Dims> eval(const Shape& shape, const SymbolValues& symbols);
/// Binds the symbols of `shape` to `dims`: bare symbols take values, constants and expressions are checked
/// against them.
Status bind_dims(const Shape& shape, const Dims& dims, SymbolValues& symbols);

}  // namespace ingot
