// Text of Dim and Shape, both ways.
#include <cctype>
#include <charconv>

#include "base/dim_expr.h"

namespace ingot {
namespace {

bool identifier_char(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.'; }

constexpr int kMaxDepth = 100;  // nesting that a damaged or hostile file may ask for

}  // namespace

std::string quote_symbol(std::string_view name) {
  bool bare = !name.empty() && !std::isdigit(static_cast<unsigned char>(name[0])) && name[0] != '.';
  for (char c : name) bare = bare && identifier_char(c);
  for (const char* function : kAtomNames) bare = bare && name != function;
  if (bare) return std::string(name);
  std::string out = "`";
  for (char c : name) {
    if (c == '`' || c == '\\') out += '\\';
    out += c;
  }
  return out + "`";
}

std::string Dim::to_string() const {
  if (!terms_) return std::to_string(constant_);
  std::string out;
  auto add = [&](int64_t value, const std::string& key) {
    const bool negative = value < 0;
    const std::string magnitude = std::to_string(value).substr(negative ? 1 : 0);
    if (!out.empty())
      out += negative ? " - " : " + ";
    else if (negative)
      out += "-";
    if (key.empty())
      out += magnitude;
    else
      out += magnitude == "1" ? key : magnitude + "*" + key;
  };
  for (const Term& t : *terms_) add(t.coefficient, t.key);
  if (constant_ != 0) add(constant_, "");
  return out;
}

// sum := ['-'] product (('+' | '-') product)* ; product := primary ('*' primary)* ;
// primary := number | symbol | function '(' sum ',' sum ')' | '(' sum ')'
struct DimParser {
  std::string_view text;
  size_t at = 0;
  int depth = 0;

  void skip() {
    while (at < text.size() && text[at] == ' ') ++at;
  }
  bool accept(char c) {
    skip();
    if (at >= text.size() || text[at] != c) return false;
    ++at;
    return true;
  }
  Status error(std::string_view what) const {
    return corrupt("dimension '", text, "': expected ", what, " at position ", at);
  }

  Result<Dim> sum() {
    if (++depth > kMaxDepth) return corrupt("dimension expression is nested too deeply");
    const bool negative = accept('-');
    INGOT_ASSIGN_OR_RETURN(Dim value, product());
    if (negative) value = Dim(0) - value;
    while (true) {
      if (accept('+')) {
        INGOT_ASSIGN_OR_RETURN(Dim next, product());
        value = value + next;
      } else if (accept('-')) {
        INGOT_ASSIGN_OR_RETURN(Dim next, product());
        value = value - next;
      } else {
        --depth;
        return value;
      }
    }
  }

  Result<Dim> product() {
    INGOT_ASSIGN_OR_RETURN(Dim value, primary());
    while (accept('*')) {
      INGOT_ASSIGN_OR_RETURN(Dim next, primary());
      value = value * next;
    }
    return value;
  }

  Result<Dim> primary() {
    skip();
    if (at >= text.size()) return error("a number or a name");
    if (accept('(')) {
      INGOT_ASSIGN_OR_RETURN(Dim value, sum());
      if (!accept(')')) return error("')'");
      return value;
    }
    if (accept('`')) {
      std::string name;
      while (at < text.size() && text[at] != '`') {
        if (text[at] == '\\' && at + 1 < text.size()) ++at;
        name += text[at++];
      }
      if (!accept('`')) return error("'`'");
      return Dim::symbol(name);
    }
    if (std::isdigit(static_cast<unsigned char>(text[at]))) {
      int64_t value = 0;
      auto [end, error_code] = std::from_chars(text.data() + at, text.data() + text.size(), value);
      if (error_code != std::errc()) return error("a 64-bit number");
      at = static_cast<size_t>(end - text.data());
      return Dim(value);
    }
    const size_t begin = at;
    while (at < text.size() && identifier_char(text[at])) ++at;
    if (at == begin) return error("a number or a name");
    const std::string_view name = text.substr(begin, at - begin);
    for (int kind = kFloorDiv; kind <= kMax; ++kind) {
      if (name != kAtomNames[kind]) continue;
      if (!accept('(')) return error("'('");
      INGOT_ASSIGN_OR_RETURN(Dim a, sum());
      if (!accept(',')) return error("','");
      INGOT_ASSIGN_OR_RETURN(Dim b, sum());
      if (!accept(')')) return error("')'");
      if ((kind == kFloorDiv || kind == kMod) && b.is(0)) return error("a divisor that is not 0");
      switch (kind) {
        case kFloorDiv:
          return floor_div(a, b);
        case kMod:
          return mod(a, b);
        case kMin:
          return min(a, b);
        default:
          return max(a, b);
      }
    }
    return Dim::symbol(name);
  }
};

Result<Dim> Dim::parse(std::string_view text) {
  DimParser parser{text};
  INGOT_ASSIGN_OR_RETURN(Dim value, parser.sum());
  parser.skip();
  if (parser.at != text.size()) return parser.error("the end");
  return value;
}

std::string to_string(const Shape& shape) {
  std::string out = "[";
  for (size_t i = 0; i < shape.size(); ++i) out += (i ? ", " : "") + shape[i].to_string();
  return out + "]";
}

std::string dims_to_string(const Dims& dims) { return to_string(to_shape(dims)); }

Dim num_elements(const Shape& shape) {
  Dim product = 1;
  for (const Dim& d : shape) product = product * d;
  return product;
}

int64_t num_elements(const Dims& dims) {
  int64_t product = 1;
  for (int64_t d : dims) product = saturating_mul(product, d);
  return product;
}

bool is_static(const Shape& shape) {
  for (const Dim& d : shape)
    if (!d.is_const()) return false;
  return true;
}

Shape to_shape(const Dims& dims) { return Shape(dims.begin(), dims.end()); }

Result<Dims> eval(const Shape& shape, const SymbolValues& symbols) {
  Dims dims;
  dims.reserve(shape.size());
  for (const Dim& d : shape) {
    INGOT_ASSIGN_OR_RETURN(int64_t value, d.eval(symbols));
    if (value < 0)
      return invalid_argument("dimension ", d.to_string(), " becomes ", value, ", expected at least 0");
    dims.push_back(value);
  }
  return dims;
}

}  // namespace ingot
