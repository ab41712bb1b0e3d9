// Scanner: a position in the text of a graph, and the words of its grammar (text.h).
#pragma once

#include <optional>

#include "base/attrs.h"

namespace ingot {

/// As it stands in text: bare when it is an identifier, in quotes with escapes otherwise.
std::string quote_name(std::string_view name);
std::string quote_string(std::string_view text);

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  /// Each of these skips white space and comments first.
  bool at_end();
  bool peek(char c);
  bool accept(char c);
  bool accept_word(std::string_view word);
  Status expect(char c);
  bool at_string() { return peek('"'); }

  /// An identifier, or a name in quotes.
  Result<std::string> name();
  /// A bare identifier; empty when there is none.
  std::string_view word();
  Result<std::string> string();
  /// T: int64_t, uint64_t, float or double ("nan", "inf" and "-inf" included).
  template <class T>
  Result<T> number();
  Result<TensorType> type();

  /// "graph text, line 3: " and the message.
  Status fail(std::string_view message) const;
  /// fail("expected ..., got ...").
  Status error(std::string_view expected);

 private:
  void skip();
  std::string_view number_text();

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace ingot
