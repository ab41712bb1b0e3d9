// Reductions over axes: ReduceSum, Mean, Max, Min, Prod, L1, L2, LogSum, LogSumExp, SumSquare. Axes are an
// input; an empty set means all axes, or none with noop_with_empty_axes.
#include <algorithm>
#include <cmath>

#include "ops/common.h"
#include "ops/strided.h"
#include "ops/wide.h"

namespace ingot::ops {
namespace {

// The largest or the smallest value of an element type.
template <class W>
W limit(DataType dtype, bool largest) {
  if constexpr (std::is_floating_point_v<W>) {
    return largest ? INFINITY : -INFINITY;
  } else {
    const int bits = dtype == DataType::kBool ? 1 : bit_width(dtype);
    const uint64_t ones = ~uint64_t{0} >> (64 - bits);
    if (!is_signed_integer(dtype)) return largest ? static_cast<W>(ones) : W(0);
    return static_cast<W>(largest ? ones >> 1 : ~(ones >> 1));
  }
}

// `step` takes one element into the accumulator `s`, `finish` makes the result of it and of the count. Means
// of integers divide as integers do.
struct Sum {
  static constexpr TypeSet kTypes = kNumbers;
  template <class W>
  static W initial(DataType) {
    return 0;
  }
  template <class W>
  static W step(W s, W x) {
    return wrapping_add(s, x);
  }
  template <class W>
  static W finish(W s, int64_t) {
    return s;
  }
};
struct Mean : Sum {
  template <class W>
  static W finish(W s, int64_t n) {
    if constexpr (std::is_integral_v<W>)
      if (n == 0) return 0;
    return s / static_cast<W>(n);
  }
};
struct Prod : Sum {
  template <class W>
  static W initial(DataType) {
    return 1;
  }
  template <class W>
  static W step(W s, W x) {
    return wrapping_mul(s, x);
  }
};
template <bool kMax>
struct Extreme : Sum {
  static constexpr TypeSet kTypes = kNumbers | kBools;
  template <class W>
  static W initial(DataType dtype) {
    return limit<W>(dtype, !kMax);
  }
  template <class W>
  static W step(W s, W x) {
    return s != s || (kMax ? x <= s : x >= s) ? s : x;
  }
};
struct L1 : Sum {
  template <class W>
  static W step(W s, W x) {
    return wrapping_add(s, x < W(0) ? wrapping_sub(W(0), x) : x);
  }
};
struct SumSquare : Sum {
  template <class W>
  static W step(W s, W x) {
    return wrapping_add(s, wrapping_mul(x, x));
  }
};
struct L2 : SumSquare {
  template <class W>
  static W finish(W s, int64_t) {
    return static_cast<W>(std::sqrt(static_cast<double>(s)));
  }
};
struct LogSum : Sum {
  template <class W>
  static W finish(W s, int64_t) {
    return static_cast<W>(std::log(static_cast<double>(s)));
  }
};

// The axes to reduce, sorted; nullopt where they are not known.
Result<std::optional<std::vector<int>>> find_axes(const InferContext& c, int rank) {
  if (c.has(1)) {
    const auto given = known_ints(c, 1);
    if (!given) return std::optional<std::vector<int>>();
    INGOT_ASSIGN_OR_RETURN(auto axes, normalize_axes(*given, rank));
    if (!axes.empty()) return std::optional(std::move(axes));
  }
  std::vector<int> all;
  if (c.attrs.get_int("noop_with_empty_axes") == 0)
    for (int i = 0; i < rank; ++i) all.push_back(i);
  return std::optional(std::move(all));
}

Shape reduced_shape(const Shape& x, const std::vector<int>& axes, bool keep) {
  Shape shape;
  for (size_t d = 0, a = 0; d < x.size(); ++d) {
    const bool gone = a < axes.size() && axes[a] == static_cast<int>(d);
    if (gone) ++a;
    if (!gone || keep) shape.push_back(gone ? Dim(1) : x[d]);
  }
  return shape;
}

template <class R>
Status infer(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, R::kTypes));
  INGOT_RETURN_IF_ERROR(expect_type(c, 1, type_set({DataType::kI64})));
  INGOT_RETURN_IF_ERROR(expect_rank(c, 1, 1, 1));
  const TensorType& x = c.type(0);
  const bool keep = c.attrs.get_int("keepdims", 1) != 0;
  if (!x.ranked) {
    c.set_unranked(0, x.dtype);
    return {};
  }
  INGOT_ASSIGN_OR_RETURN(const auto axes, find_axes(c, x.rank()));
  if (!axes) {
    Shape shape;
    for (size_t d = 0; d < x.shape.size(); ++d) shape.push_back(c.fresh_dim());
    set_output(c, x.dtype, keep ? std::optional(std::move(shape)) : std::nullopt);
    return {};
  }
  c.set(0, x.dtype, reduced_shape(x.shape, *axes, keep));
  const auto contents = contents_of(c, 0);
  if (!contents || axes->size() != 1 || contents->empty()) return {};
  Dim result = (*contents)[0];
  for (size_t i = 1; i < contents->size(); ++i) {
    const Dim& d = (*contents)[i];
    if constexpr (std::is_same_v<R, Prod>) result = result * d;
    if constexpr (std::is_same_v<R, Sum>) result = result + d;
    if constexpr (std::is_same_v<R, Extreme<true>>) result = max(result, d);
    if constexpr (std::is_same_v<R, Extreme<false>>) result = min(result, d);
  }
  constexpr bool kExact = std::is_same_v<R, Prod> || std::is_same_v<R, Sum> ||
                          std::is_same_v<R, Extreme<true>> || std::is_same_v<R, Extreme<false>>;
  if (kExact) set_contents(c, Contents{result});
  return {};
}

// Strides of the result walked over x: 0 along the reduced axes.
Dims result_strides(const Dims& x, const std::vector<int>& axes) {
  Dims strides(x.size(), 0);
  int64_t step = 1;
  for (size_t d = x.size(); d-- > 0;) {
    if (std::binary_search(axes.begin(), axes.end(), static_cast<int>(d))) continue;
    strides[d] = step;
    step *= x[d];
  }
  return strides;
}

Result<std::vector<int>> concrete_axes(EvalContext& c) {
  const int rank = c.input(0).rank();
  std::vector<int> axes;
  if (c.has(1)) {
    INGOT_ASSIGN_OR_RETURN(axes, normalize_axes(to_int64s(c.input(1)), rank));
  }
  if (axes.empty() && c.attrs.get_int("noop_with_empty_axes") == 0)
    for (int i = 0; i < rank; ++i) axes.push_back(i);
  return axes;
}

// Calls fn(k, i) with the result's element k for each element i of x.
template <class F>
void for_each_element(const Dims& dims, const std::vector<int>& axes, F&& fn) {
  const Walk walk = make_walk(dims, {result_strides(dims, axes)});
  const int64_t step = walk.strides[0].back();
  int64_t i = 0;
  for_each_row(walk, [&](const Dims& offsets, int64_t count) {
    for (int64_t k = 0; k < count; ++k) fn(offsets[0] + k * step, i++);
  });
}

template <class R>
Status eval(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer<R>));
  const TensorView& x = c.input(0);
  INGOT_ASSIGN_OR_RETURN(const auto axes, concrete_axes(c));
  int64_t count = 1;
  for (int a : axes) count *= x.dims[static_cast<size_t>(a)];
  with_wide(y.dtype, [&](auto tag) {
    using W = typename decltype(tag)::type;
    std::vector<W> result(static_cast<size_t>(y.size()), R::template initial<W>(y.dtype));
    const auto values = load_all<W>(x);
    for_each_element(x.dims, axes, [&](int64_t k, int64_t i) {
      W& s = result[static_cast<size_t>(k)];
      s = R::step(s, values[static_cast<size_t>(i)]);
    });
    for (W& s : result) s = R::finish(s, count);
    store(result.data(), y.size(), y, 0);
  });
  return {};
}

// The largest element leaves the exponents, so that none overflows.
Status eval_log_sum_exp(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer<LogSum>));
  const TensorView& x = c.input(0);
  INGOT_ASSIGN_OR_RETURN(const auto axes, concrete_axes(c));
  const auto values = load_all<double>(x);
  std::vector<double> peak(static_cast<size_t>(y.size()), -INFINITY), sum(peak.size(), 0);
  for_each_element(x.dims, axes, [&](int64_t k, int64_t i) {
    peak[static_cast<size_t>(k)] = std::max(peak[static_cast<size_t>(k)], values[static_cast<size_t>(i)]);
  });
  for_each_element(x.dims, axes, [&](int64_t k, int64_t i) {
    const double p = peak[static_cast<size_t>(k)];
    sum[static_cast<size_t>(k)] += std::exp(values[static_cast<size_t>(i)] - (std::isinf(p) ? 0 : p));
  });
  for (size_t k = 0; k < sum.size(); ++k) sum[k] = std::log(sum[k]) + (std::isinf(peak[k]) ? 0 : peak[k]);
  store(sum.data(), y.size(), y, 0);
  return {};
}

Cost cost(const CostContext& c) {
  return {static_cast<double>(c.inputs[0].size()),
          static_cast<double>(c.inputs[0].bytes()) + static_cast<double>(c.outputs[0].bytes())};
}

std::vector<OpCase> cases() {
  const CaseInput x = random_input({3, 4, 5}, 0.5, 2);
  return {{"all", {}, {x}},
          {"last", {}, {x, ints_input({-1})}},
          {"drop", {{"keepdims", int64_t{0}}}, {x, ints_input({0, 2})}},
          {"noop", {{"noop_with_empty_axes", int64_t{1}}}, {x, ints_input({})}},
          {"spatial", {}, {random_input({2, 3, 4, 5}, 0.5, 2), ints_input({2, 3})}},
          {"scalar", {}, {random_input({}, 0.5, 2)}}};
}

OpDef reduction(std::string_view name, InferFn infer, EvalFn eval) {
  return {name,  1,    2,
          1,     1,    {optional<int64_t>("keepdims", 1), optional<int64_t>("noop_with_empty_axes", 0)},
          infer, eval, cost};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

#define INGOT_REDUCTION(name, type)                                                             \
  const OpDef& op_##name() {                                                                    \
    static const OpDef op = ops::reduction(#name, ops::infer<ops::type>, ops::eval<ops::type>); \
    return op;                                                                                  \
  }                                                                                             \
  std::vector<OpCase> cases_##name() { return ops::cases(); }

INGOT_REDUCTION(ReduceL1, L1)
INGOT_REDUCTION(ReduceL2, L2)
INGOT_REDUCTION(ReduceLogSum, LogSum)
INGOT_REDUCTION(ReduceMax, Extreme<true>)
INGOT_REDUCTION(ReduceMean, Mean)
INGOT_REDUCTION(ReduceMin, Extreme<false>)
INGOT_REDUCTION(ReduceProd, Prod)
INGOT_REDUCTION(ReduceSum, Sum)
INGOT_REDUCTION(ReduceSumSquare, SumSquare)

const OpDef& op_ReduceLogSumExp() {
  static const OpDef op = ops::reduction("ReduceLogSumExp", ops::infer<ops::LogSum>, ops::eval_log_sum_exp);
  return op;
}

std::vector<OpCase> cases_ReduceLogSumExp() { return ops::cases(); }

}  // namespace ingot
