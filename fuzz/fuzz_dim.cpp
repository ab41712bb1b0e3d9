// Text of symbolic dims: whatever parses must print, parse again to the same expression and evaluate to the
// same value.
#include <string>

#include "base/dim.h"

using ingot::Dim;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto dim = Dim::parse({reinterpret_cast<const char*>(data), size});
  if (!dim.ok()) return 0;
  const std::string text = dim.value().to_string();
  const auto again = Dim::parse(text);
  INGOT_CHECK(again.ok() && again.value() == dim.value());

  std::vector<std::string> names;
  dim.value().collect_symbols(names);
  ingot::SymbolValues symbols;
  for (const std::string& name : names) symbols[name] = static_cast<int64_t>(name.size()) + 2;
  const auto value = dim.value().eval(symbols);
  const Dim bound = dim.value().substitute(symbols);
  if (value.ok() && bound.is_const()) INGOT_CHECK(bound.value() == value.value());
  return 0;
}
