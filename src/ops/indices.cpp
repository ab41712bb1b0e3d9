#include "ops/indices.h"

#include "ops/wide.h"

namespace ingot::ops {

Result<Ints> read_indices(const TensorView& t, int64_t n) {
  Ints indices = to_int64s(t);
  for (int64_t& i : indices) {
    if (i < -n || i >= n) return invalid_argument("index ", i, " is out of range for a dimension of ", n);
    if (i < 0) i += n;
  }
  return indices;
}

namespace {

void replace(const TensorView& y, int64_t i, const TensorView& updates, int64_t k) {
  const int64_t size = bit_width(y.dtype) / 8;
  copy_bytes(at(y, i, size), at(updates, k, size), size);
}

enum class Reduction { kAdd, kMul, kMax, kMin };

template <Reduction kHow>
void reduce(const TensorView& y, int64_t i, const TensorView& updates, int64_t k) {
  with_wide(y.dtype, [&](auto tag) {
    using W = typename decltype(tag)::type;
    W a, b;
    load(y, i, 1, &a);
    load(updates, k, 1, &b);
    if (kHow == Reduction::kAdd) a = wrapping_add(a, b);
    if (kHow == Reduction::kMul) a = wrapping_mul(a, b);
    if (kHow == Reduction::kMax) a = a != a || a > b ? a : b;
    if (kHow == Reduction::kMin) a = a != a || a < b ? a : b;
    store(&a, 1, y, i);
  });
}

}  // namespace

Result<Combine> find_combine(const Attrs& attrs) {
  const std::string how = attrs.get_string("reduction", "none");
  if (how == "none") return Combine(replace);
  if (how == "add") return Combine(reduce<Reduction::kAdd>);
  if (how == "mul") return Combine(reduce<Reduction::kMul>);
  if (how == "max") return Combine(reduce<Reduction::kMax>);
  if (how == "min") return Combine(reduce<Reduction::kMin>);
  return invalid_argument("reduction is '", how, "', expected 'none', 'add', 'mul', 'max' or 'min'");
}

}  // namespace ingot::ops
