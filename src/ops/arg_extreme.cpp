// ArgMax, ArgMin: where the extreme along an axis is. TopK: the k largest or smallest along an axis, in
// order.
#include <algorithm>
#include <numeric>

#include "ops/common.h"
#include "ops/strided.h"
#include "ops/wide.h"

namespace ingot::ops {
namespace {

Status infer_arg(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kNumbers));
  if (!c.type(0).ranked) {
    c.set_unranked(0, DataType::kI64);
    return {};
  }
  Shape shape = c.shape(0);
  INGOT_ASSIGN_OR_RETURN(const int axis, normalize_axis(c.attrs.get_int("axis", 0), c.type(0).rank()));
  if (shape[static_cast<size_t>(axis)].is(0))
    return invalid_argument("axis ", axis, " of shape ", to_string(shape), " is empty: nothing is extreme");
  if (c.attrs.get_int("keepdims", 1) != 0)
    shape[static_cast<size_t>(axis)] = 1;
  else
    shape.erase(shape.begin() + axis);
  c.set(0, DataType::kI64, std::move(shape));
  return {};
}

template <bool kMax>
Status eval_arg(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer_arg));
  const TensorView& x = c.input(0);
  INGOT_ASSIGN_OR_RETURN(const int axis, normalize_axis(c.attrs.get_int("axis", 0), x.rank()));
  const AxisSplit s = split_at(x.dims, axis);
  const bool last = c.attrs.get_int("select_last_index", 0) != 0;
  with_wide(x.dtype, [&](auto tag) {
    using W = typename decltype(tag)::type;
    const auto values = load_all<W>(x);
    int64_t* dst = y.as<int64_t>();
    for (int64_t o = 0; o < s.outer; ++o)
      for (int64_t i = 0; i < s.inner; ++i) {
        const W* v = values.data() + o * s.n * s.inner + i;
        int64_t best = 0;
        for (int64_t k = 1; k < s.n; ++k) {
          const W a = v[k * s.inner], b = v[best * s.inner];
          if ((kMax ? a > b : a < b) || (last && a == b) || (a != a && b == b)) best = k;
        }
        *dst++ = best;
      }
  });
  return {};
}

Status infer_top(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kNumbers));
  INGOT_RETURN_IF_ERROR(expect_type(c, 1, type_set({DataType::kI64})));
  const TensorType& x = c.type(0);
  if (c.type(1).is_static() && !num_elements(c.shape(1)).is(1))
    return invalid_argument("k has shape ", to_string(c.shape(1)), ", expected one number");
  if (!x.ranked) {
    c.set_unranked(0, x.dtype);
    c.set_unranked(1, DataType::kI64);
    return {};
  }
  INGOT_ASSIGN_OR_RETURN(const int axis, normalize_axis(c.attrs.get_int("axis", -1), x.rank()));
  Shape shape = x.shape;
  Dim& n = shape[static_cast<size_t>(axis)];
  const auto k = contents_of(c, 1);
  if (k && k->size() == 1) {
    const Dim& count = (*k)[0];
    if (count.is_const() && (count.value() < 0 || (n.is_const() && count.value() > n.value())))
      return invalid_argument("k is ", count.value(), ", axis ", axis, " of shape ", to_string(x.shape),
                              " has ", n.to_string());
    n = count;
  } else {
    n = c.fresh_dim();
  }
  c.set(0, x.dtype, shape);
  c.set(1, DataType::kI64, std::move(shape));
  return {};
}

Status eval_top(EvalContext& c) {
  const TensorView& x = c.input(0);
  INGOT_ASSIGN_OR_RETURN(const auto types, infer_concrete(c, infer_top));
  INGOT_ASSIGN_OR_RETURN(const TensorView y, c.output(0, x.dtype, types[0].dims));
  std::optional<TensorView> indices;
  if (types.size() > 1) {
    INGOT_ASSIGN_OR_RETURN(indices, c.output(1, DataType::kI64, types[0].dims));
  }
  INGOT_ASSIGN_OR_RETURN(const int axis, normalize_axis(c.attrs.get_int("axis", -1), x.rank()));
  const bool largest = c.attrs.get_int("largest", 1) != 0;
  const AxisSplit s = split_at(x.dims, axis);
  const int64_t k = y.dims[static_cast<size_t>(axis)];
  with_wide(x.dtype, [&](auto tag) {
    using W = typename decltype(tag)::type;
    const auto values = load_all<W>(x);
    Ints order(static_cast<size_t>(s.n));
    for (int64_t o = 0; o < s.outer; ++o)
      for (int64_t i = 0; i < s.inner; ++i) {
        const W* v = values.data() + o * s.n * s.inner + i;
        std::iota(order.begin(), order.end(), 0);
        // Equal values: the lower index first. NaN counts as larger than all.
        std::partial_sort(order.begin(), order.begin() + k, order.end(), [&](int64_t a, int64_t b) {
          const W p = v[a * s.inner], q = v[b * s.inner];
          const bool p_nan = p != p, q_nan = q != q;
          if (p_nan != q_nan) return largest == p_nan;
          if (p == q || p_nan) return a < b;
          return largest ? p > q : p < q;
        });
        for (int64_t j = 0; j < k; ++j) {
          const int64_t from = order[static_cast<size_t>(j)], to = (o * k + j) * s.inner + i;
          store(&v[from * s.inner], 1, y, to);
          if (indices) indices->as<int64_t>()[to] = from;
        }
      }
  });
  return {};
}

std::vector<OpCase> cases_arg() {
  const CaseInput x = random_input({3, 4, 5}), ties = random_input({3, 9}, 0, 2, DataType::kI32);
  return {{"default", {}, {x}},
          {"drop", {{"axis", int64_t{-1}}, {"keepdims", int64_t{0}}}, {x}},
          {"first_of_ties", {{"axis", int64_t{1}}}, {ties}},
          {"last_of_ties", {{"axis", int64_t{1}}, {"select_last_index", int64_t{1}}}, {ties}}};
}

std::vector<OpCase> cases_top() {
  const CaseInput x = random_input({3, 8, 5});
  return {{"largest", {}, {x, ints_input({3})}, 2},
          {"smallest", {{"axis", int64_t{1}}, {"largest", int64_t{0}}}, {x, ints_input({4})}, 2},
          {"ties", {}, {random_input({2, 12}, 0, 3, DataType::kI64), ints_input({7})}, 2},
          {"none", {}, {x, ints_input({0})}, 2}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

#define INGOT_ARG(name, is_max)                                                            \
  const OpDef& op_##name() {                                                               \
    static const OpDef op{#name,                                                           \
                          1,                                                               \
                          1,                                                               \
                          1,                                                               \
                          1,                                                               \
                          {optional<int64_t>("axis", 0), optional<int64_t>("keepdims", 1), \
                           optional<int64_t>("select_last_index", 0)},                     \
                          ops::infer_arg,                                                  \
                          ops::eval_arg<is_max>,                                           \
                          nullptr};                                                        \
    return op;                                                                             \
  }                                                                                        \
  std::vector<OpCase> cases_##name() { return ops::cases_arg(); }

INGOT_ARG(ArgMax, true)
INGOT_ARG(ArgMin, false)

const OpDef& op_TopK() {
  static const OpDef op{
      "TopK",
      2,
      2,
      1,
      2,
      {optional<int64_t>("axis", -1), optional<int64_t>("largest", 1), optional<int64_t>("sorted", 1)},
      ops::infer_top,
      ops::eval_top,
      nullptr};
  return op;
}

std::vector<OpCase> cases_TopK() { return ops::cases_top(); }

}  // namespace ingot
