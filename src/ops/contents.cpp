#include "ops/contents.h"

#include <cmath>

#include "ops/wide.h"

namespace ingot::ops {
namespace {

std::optional<Contents> constant_contents(const Tensor& t) {
  if (t.rank() > 1 || t.size() > static_cast<int64_t>(kMaxContents)) return std::nullopt;
  if (is_float(t.dtype())) {
    for (double v : load_all<double>(t.view()))
      if (v != std::trunc(v) || std::abs(v) > 0x1p53) return std::nullopt;
  }
  const auto values = load_all<int64_t>(t.view());
  return Contents(values.begin(), values.end());
}

}  // namespace

std::optional<Contents> contents_of(const InferContext& c, size_t i) {
  if (!c.has(i)) return std::nullopt;
  if (c.inputs[i].contents != nullptr) return *c.inputs[i].contents;
  if (c.inputs[i].constant != nullptr) return constant_contents(*c.inputs[i].constant);
  return std::nullopt;
}

std::optional<Ints> known_ints(const InferContext& c, size_t i) {
  if (auto ints = c.ints(i)) return ints;
  const Contents* contents = c.contents(i);
  if (contents == nullptr) return std::nullopt;
  Ints ints;
  for (const Dim& d : *contents) {
    if (!d.is_const()) return std::nullopt;
    ints.push_back(d.value());
  }
  return ints;
}

std::optional<int64_t> known_int(const InferContext& c, size_t i) {
  const auto ints = known_ints(c, i);
  return ints && ints->size() == 1 ? std::optional((*ints)[0]) : std::nullopt;
}

void set_contents(InferContext& c, std::optional<Contents> contents) {
  const TensorType& type = c.outputs[0].type;
  if (!contents || contents->size() > kMaxContents || !type.ranked || type.rank() > 1) return;
  if (type.rank() == 0 && contents->size() != 1) return;
  c.outputs[0].contents = std::move(contents);
}

std::optional<int> compare(const Dim& a, const Dim& b) {
  const Dim difference = a - b;
  if (difference.is_const()) return difference.value() < 0 ? -1 : difference.value() > 0 ? 1 : 0;
  if (difference.lower_bound().value_or(0) > 0) return 1;
  if ((b - a).lower_bound().value_or(0) > 0) return -1;
  return std::nullopt;
}

std::optional<Dim> truncated_div(const Dim& a, const Dim& b) {
  if (b.is(0)) return std::nullopt;
  if (a.is_const() && b.is_const()) {
    if (b.is(-1)) return Dim(0) - a;
    return Dim(a.value() / b.value());
  }
  if (!non_negative(b)) return std::nullopt;
  if (non_negative(a)) return floor_div(a, b);
  return max(floor_div(a, b), 0) + min(ceil_div(a, b), 0);
}

Status check_dims(const Shape& shape) {
  for (const Dim& d : shape)
    if (d.is_const() && d.value() < 0)
      return invalid_argument("shape ", to_string(shape), " has a negative dimension");
  return {};
}

}  // namespace ingot::ops
