#include "target/cut.h"

#include <algorithm>

namespace ingot {

std::optional<Cut> cut_of(const Node& node) {
  if (!node.input(0)->type().ranked || bit_width(node.input(0)->dtype()) % 8 != 0) return std::nullopt;
  const Shape& from = node.input(0)->shape();
  Cut cut;
  if (node.is("Split")) {
    cut.axis = node.attrs().get_int("axis", 0);
    if (cut.axis < 0) cut.axis += static_cast<int64_t>(from.size());
    int64_t at = 0;
    for (const Value* v : node.outputs()) {
      cut.starts.push_back(at);
      if (v == nullptr || !v->type().ranked || !v->shape()[static_cast<size_t>(cut.axis)].is_const())
        return std::nullopt;
      at += v->shape()[static_cast<size_t>(cut.axis)].value();
    }
    return cut;
  }
  if (!node.output()->type().ranked) return std::nullopt;
  const Shape& to = node.output()->shape();
  auto ints = [&](size_t i) -> std::optional<Ints> {
    const Value* v = node.input(i);
    if (v == nullptr || !v->is_constant()) return std::nullopt;
    return to_int64s(v->constant().view());
  };
  const auto starts = ints(1);
  const auto axes = node.input(3) == nullptr ? std::optional(Ints{0}) : ints(3);
  const auto steps = node.input(4) == nullptr ? std::optional(Ints(starts ? starts->size() : 0, 1)) : ints(4);
  if (!starts || !axes || !steps || starts->size() != 1 || axes->size() != 1 || (*steps)[0] != 1)
    return std::nullopt;
  cut.axis = (*axes)[0] < 0 ? (*axes)[0] + static_cast<int64_t>(from.size()) : (*axes)[0];
  const Dim& size = from[static_cast<size_t>(cut.axis)];
  if (!size.is_const() || !to[static_cast<size_t>(cut.axis)].is_const()) return std::nullopt;
  const int64_t start = (*starts)[0] < 0 ? (*starts)[0] + size.value() : (*starts)[0];
  cut.starts = {std::clamp<int64_t>(start, 0, size.value())};
  return cut;
}

}  // namespace ingot
