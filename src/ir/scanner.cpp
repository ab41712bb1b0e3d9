#include "ir/scanner.h"

#include <algorithm>
#include <charconv>

namespace ingot {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool starts_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool continues_word(char c) { return starts_word(c) || is_digit(c) || c == '.' || c == '/'; }
int hex_value(char c) {
  return is_digit(c)            ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}

}  // namespace

std::string quote_string(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      constexpr char kHex[] = "0123456789abcdef";
      out += "\\x";
      out += kHex[static_cast<unsigned char>(c) >> 4];
      out += kHex[c & 15];
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string quote_name(std::string_view name) {
  const bool bare = !name.empty() && starts_word(name[0]) && name != "_" && name != "as" &&
                    name != "return" && std::all_of(name.begin(), name.end(), continues_word);
  return bare ? std::string(name) : quote_string(name);
}

void Scanner::skip() {
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (c == '#')
      at_ = std::min(text_.find('\n', at_), text_.size());
    else if (c == ' ' || c == '\n' || c == '\t' || c == '\r')
      ++at_;
    else
      return;
  }
}

bool Scanner::at_end() {
  skip();
  return at_ == text_.size();
}

bool Scanner::peek(char c) {
  skip();
  return at_ < text_.size() && text_[at_] == c;
}

bool Scanner::accept(char c) {
  if (!peek(c)) return false;
  ++at_;
  return true;
}

bool Scanner::accept_word(std::string_view wanted) {
  skip();
  const size_t before = at_;
  if (word() == wanted) return true;
  at_ = before;
  return false;
}

Status Scanner::expect(char c) { return accept(c) ? Status() : error(str("'", c, "'")); }

Status Scanner::fail(std::string_view message) const {
  const auto line = 1 + std::count(text_.begin(), text_.begin() + static_cast<ptrdiff_t>(at_), '\n');
  return corrupt("graph text, line ", line, ": ", message);
}

Status Scanner::error(std::string_view expected) {
  skip();
  const std::string_view rest = text_.substr(at_, text_.substr(at_, 20).find('\n'));
  return fail(
      str("expected ", expected, ", got ", rest.empty() ? "the end" : quote_string(rest.substr(0, 20))));
}

std::string_view Scanner::word() {
  skip();
  const size_t begin = at_;
  if (at_ < text_.size() && starts_word(text_[at_]))
    while (at_ < text_.size() && continues_word(text_[at_])) ++at_;
  return text_.substr(begin, at_ - begin);
}

Result<std::string> Scanner::name() {
  if (at_string()) {
    INGOT_ASSIGN_OR_RETURN(std::string quoted, string());
    if (quoted.empty()) return fail("a name is empty");
    return quoted;
  }
  const std::string_view bare = word();
  if (bare.empty()) return error("a name");
  return std::string(bare);
}

Result<std::string> Scanner::string() {
  if (!accept('"')) return error("a string");
  std::string out;
  while (at_ < text_.size() && text_[at_] != '"') {
    if (text_[at_] != '\\') {
      out += text_[at_++];
      continue;
    }
    if (++at_ >= text_.size()) break;
    if (text_[at_] != 'x') {
      out += text_[at_++];
      continue;
    }
    const int high = at_ + 2 < text_.size() ? hex_value(text_[at_ + 1]) : -1;
    const int low = high < 0 ? -1 : hex_value(text_[at_ + 2]);
    if (low < 0) return error("two hexadecimal digits");
    out += static_cast<char>(high * 16 + low);
    at_ += 3;
  }
  if (at_ >= text_.size()) return error("'\"'");
  ++at_;
  return out;
}

std::string_view Scanner::number_text() {
  skip();
  size_t end = at_;
  while (end < text_.size() && (continues_word(text_[end]) || text_[end] == '-' || text_[end] == '+')) ++end;
  return text_.substr(at_, end - at_);
}

template <class T>
Result<T> Scanner::number() {
  const std::string_view text = number_text();
  T value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size())
    return error(std::is_integral_v<T> ? "an integer of 64 bits" : "a number");
  at_ += text.size();
  return value;
}
template Result<int64_t> Scanner::number();
template Result<uint64_t> Scanner::number();
template Result<float> Scanner::number();
template Result<double> Scanner::number();

Result<TensorType> Scanner::type() {
  const DataType dtype = parse_data_type(word());
  if (dtype == DataType::kInvalid) return error("an element type such as f32");
  INGOT_RETURN_IF_ERROR(expect('['));
  if (accept('*')) {
    INGOT_RETURN_IF_ERROR(expect(']'));
    return TensorType::unranked(dtype);
  }
  TensorType type{dtype, {}, true};
  if (accept(']')) return type;
  while (true) {
    // A dim ends at a ',' or ']' outside of parentheses and backquotes.
    skip();
    size_t end = at_;
    int depth = 0;
    for (bool quoted = false; end < text_.size(); ++end) {
      const char c = text_[end];
      if (quoted && c == '\\')
        ++end;
      else if (c == '`')
        quoted = !quoted;
      else if (!quoted && depth == 0 && (c == ',' || c == ']'))
        break;
      else if (!quoted && c == '(')
        ++depth;
      else if (!quoted && c == ')')
        --depth;
    }
    if (end >= text_.size()) return error("']'");
    auto dim = Dim::parse(text_.substr(at_, end - at_));
    if (!dim.ok()) return fail(dim.status().message());
    if (dim->is_const() && dim->value() < 0) return error("a dimension of at least 0");
    type.shape.push_back(std::move(dim).value());
    if (type.shape.size() > 64) return error("at most 64 dimensions");
    at_ = end;
    if (accept(']')) return type;
    INGOT_RETURN_IF_ERROR(expect(','));
  }
}

}  // namespace ingot
