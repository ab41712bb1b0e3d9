// Unique: distinct elements (or slices of an axis), with first indices, inverse indices and counts.
#include <algorithm>
#include <numeric>

#include "ops/common.h"
#include "ops/strided.h"
#include "ops/wide.h"

namespace ingot::ops {
namespace {

Status infer(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kNumbers | kBools));
  const TensorType& x = c.type(0);
  const Dim count = c.fresh_dim();
  Dim inverse = x.ranked ? num_elements(x.shape) : c.fresh_dim();
  if (!c.attrs.has("axis")) {
    c.set(0, x.dtype, {count});
  } else if (!x.ranked) {
    c.set_unranked(0, x.dtype);
    inverse = c.fresh_dim();
  } else {
    INGOT_ASSIGN_OR_RETURN(const int axis, normalize_axis(c.attrs.get_int("axis"), x.rank()));
    Shape shape = x.shape;
    inverse = shape[static_cast<size_t>(axis)];
    shape[static_cast<size_t>(axis)] = count;
    c.set(0, x.dtype, std::move(shape));
  }
  c.set(1, DataType::kI64, {count});
  c.set(2, DataType::kI64, {inverse});
  c.set(3, DataType::kI64, {count});
  return {};
}

// -1, 0, 1 for slices a and b of the axis, compared element by element; NaN comes last and equals NaN.
template <class W>
int compare_slices(const std::vector<W>& values, const AxisSplit& s, int64_t a, int64_t b) {
  for (int64_t o = 0; o < s.outer; ++o)
    for (int64_t i = 0; i < s.inner; ++i) {
      const W x = values[static_cast<size_t>((o * s.n + a) * s.inner + i)];
      const W y = values[static_cast<size_t>((o * s.n + b) * s.inner + i)];
      if (x < y || (x == x && y != y)) return -1;
      if (x > y || (x != x && y == y)) return 1;
    }
  return 0;
}

struct Groups {
  Ints first, inverse, counts;
};

template <class W>
Groups find_groups(const TensorView& x, const AxisSplit& s, bool sorted) {
  const auto values = load_all<W>(x);
  Ints order(static_cast<size_t>(s.n));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return compare_slices(values, s, a, b) < 0; });
  Groups g;
  g.inverse.resize(order.size());
  for (size_t k = 0; k < order.size(); ++k) {
    if (k == 0 || compare_slices(values, s, order[k - 1], order[k]) != 0) {
      g.first.push_back(order[k]);
      g.counts.push_back(0);
    }
    g.inverse[static_cast<size_t>(order[k])] = static_cast<int64_t>(g.first.size()) - 1;
    ++g.counts.back();
  }
  if (sorted) return g;
  Ints by_first(g.first.size()), rank(g.first.size());  // in the order of first appearance
  std::iota(by_first.begin(), by_first.end(), 0);
  std::sort(by_first.begin(), by_first.end(), [&](int64_t a, int64_t b) {
    return g.first[static_cast<size_t>(a)] < g.first[static_cast<size_t>(b)];
  });
  Groups out;
  for (size_t k = 0; k < by_first.size(); ++k) {
    const size_t from = static_cast<size_t>(by_first[k]);
    rank[from] = static_cast<int64_t>(k);
    out.first.push_back(g.first[from]);
    out.counts.push_back(g.counts[from]);
  }
  for (int64_t i : g.inverse) out.inverse.push_back(rank[static_cast<size_t>(i)]);
  return out;
}

Status eval(EvalContext& c) {
  const TensorView& x = c.input(0);
  Dims dims = x.dims;
  int axis = 0;
  if (c.attrs.has("axis")) {
    INGOT_ASSIGN_OR_RETURN(axis, normalize_axis(c.attrs.get_int("axis"), x.rank()));
  } else {
    dims = {x.size()};
  }
  const AxisSplit s = split_at(dims, axis);
  const bool sorted = c.attrs.get_int("sorted", 1) != 0;
  const Groups g =
      with_wide(x.dtype, [&](auto tag) { return find_groups<typename decltype(tag)::type>(x, s, sorted); });
  dims[static_cast<size_t>(axis)] = static_cast<int64_t>(g.first.size());
  INGOT_ASSIGN_OR_RETURN(const int64_t size, element_bytes(x));
  INGOT_ASSIGN_OR_RETURN(const TensorView y, c.output(0, x.dtype, dims));
  int64_t done = 0;
  for (int64_t o = 0; o < s.outer; ++o)
    for (int64_t k : g.first) {
      copy_bytes(at(y, done, size), at(x, (o * s.n + k) * s.inner, size), s.inner * size);
      done += s.inner;
    }
  const Ints* extra[] = {&g.first, &g.inverse, &g.counts};
  for (size_t i = 1; i < c.num_outputs; ++i) {
    INGOT_ASSIGN_OR_RETURN(const TensorView out,
                           c.output(i, DataType::kI64, {static_cast<int64_t>(extra[i - 1]->size())}));
    std::copy(extra[i - 1]->begin(), extra[i - 1]->end(), out.as<int64_t>());
  }
  return {};
}

std::vector<OpCase> cases() {
  const CaseInput x = random_input({4, 3}, 0, 2, DataType::kI64);
  return {{"flat", {}, {x}, 4},
          {"unsorted", {{"sorted", int64_t{0}}}, {x}, 4},
          {"rows", {{"axis", int64_t{0}}}, {random_input({9, 2}, 0, 1, DataType::kI32)}, 4},
          {"columns",
           {{"axis", int64_t{-1}}, {"sorted", int64_t{0}}},
           {random_input({2, 9}, 0, 1, DataType::kI32)},
           1}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_Unique() {
  static const OpDef op{"Unique",   1,         1,
                        1,          4,         {absent_or<int64_t>("axis"), optional<int64_t>("sorted", 1)},
                        ops::infer, ops::eval, nullptr};
  return op;
}

std::vector<OpCase> cases_Unique() { return ops::cases(); }

}  // namespace ingot
