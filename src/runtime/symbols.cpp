// Binding the symbols of shapes to concrete dims.
#include "runtime/executor.h"

namespace ingot {

Status bind_symbols(const Shape& shape, const Dims& dims, SymbolValues& symbols) {
  const auto mismatch = [&] { return invalid_argument("got shape ", dims_to_string(dims), ", expected ", to_string(shape)); };
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
      return invalid_argument("got shape ", dims_to_string(dims), ", expected ", to_string(shape), " where dimension ", i, " is ", *expected);
    }
  }
  return {};
}

}  // namespace ingot
