// Slice: ranges with steps along some axes; starts, ends, axes and steps are inputs.
#include <algorithm>

#include "ops/common.h"
#include "ops/strided.h"

namespace ingot::ops {
namespace {

// One range over a dim of size n, after clamping: `count` elements from `start`.
struct Range {
  Dim start, count;
};

// A bound counted from the end when it is negative; nullopt where its sign is not known.
std::optional<Dim> from_end(const Dim& bound, const Dim& n) {
  if (non_negative(bound)) return bound;
  if (compare(bound, 0) == -1) return bound + n;
  return std::nullopt;
}

Dim clamp(const Dim& d, const Dim& low, const Dim& high) { return max(min(d, high), low); }

// Exporters write "to the end" as the largest integer of some width.
bool beyond(const Dim& bound) { return bound.is_const() && bound.value() >= INT32_MAX; }

std::optional<Range> range(const Dim& start, const Dim& end, int64_t step, const Dim& n) {
  const auto s = from_end(start, n), e = from_end(end, n);
  if (!s || !e) return std::nullopt;
  if (step > 0) {
    const Dim first = clamp(*s, 0, n), last = beyond(end) ? n : clamp(*e, 0, n);
    Dim span = last - first;
    if (!non_negative(span) && !(last == n)) span = max(span, 0);
    return Range{first, step == 1 ? span : ceil_div(span, step)};
  }
  const Dim first = beyond(start) ? n - Dim(1) : clamp(*s, -1, n - Dim(1));
  const Dim last = end.is_const() && end.value() <= -INT32_MAX ? Dim(-1) : clamp(*e, -1, n - Dim(1));
  return Range{first, max(ceil_div(first - last, Dim(0) - Dim(step)), 0)};
}

struct Plan {
  std::vector<int> axes;
  Ints steps;
  std::vector<std::optional<Range>> ranges;
};

// The ranges that the inputs ask for; nullopt where axes or steps are not known.
Result<std::optional<Plan>> plan(const InferContext& c) {
  const TensorType& x = c.type(0);
  const auto axes_given = known_ints(c, 3), steps_given = known_ints(c, 4);
  if (!x.ranked || (c.has(3) && !axes_given) || (c.has(4) && !steps_given)) return std::optional<Plan>();
  const auto starts = contents_of(c, 1), ends = contents_of(c, 2);
  size_t count = 0;
  if (starts || ends) {
    count = starts ? starts->size() : ends->size();
  } else if (axes_given) {
    count = axes_given->size();
  } else if (c.type(1).ranked && c.type(1).rank() == 1 && c.shape(1)[0].is_const()) {
    count = static_cast<size_t>(c.shape(1)[0].value());
  } else {
    return std::optional<Plan>();
  }
  Ints axes = axes_given.value_or(Ints());
  if (!axes_given)
    for (size_t i = 0; i < std::min(count, x.shape.size() + 1); ++i) axes.push_back(static_cast<int64_t>(i));
  const Ints steps = steps_given.value_or(Ints(axes.size(), 1));
  if (axes.size() != count || steps.size() != count || (starts && starts->size() != count) ||
      (ends && ends->size() != count))
    return invalid_argument("starts, ends, axes and steps differ in length (", axes.size(), " axes, ",
                            steps.size(), " steps) or exceed rank ", x.rank());
  INGOT_RETURN_IF_ERROR(normalize_axes(axes, x.rank()).status());  // each axis once
  Plan p;
  for (size_t i = 0; i < count; ++i) {
    INGOT_ASSIGN_OR_RETURN(const int axis, normalize_axis(axes[i], x.rank()));
    if (steps[i] == 0) return invalid_argument("step of axis ", axis, " is 0");
    p.axes.push_back(axis);
    p.steps.push_back(std::max(steps[i], -INT64_MAX));
    p.ranges.push_back(starts && ends
                           ? range((*starts)[i], (*ends)[i], p.steps[i], x.shape[static_cast<size_t>(axis)])
                           : std::nullopt);
  }
  return std::optional(std::move(p));
}

Status infer(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kWholeBytes));
  for (size_t i = 1; i <= 4; ++i) {
    INGOT_RETURN_IF_ERROR(expect_type(c, i, kIndices));
    INGOT_RETURN_IF_ERROR(expect_rank(c, i, 1, 1));
  }
  const TensorType& x = c.type(0);
  INGOT_ASSIGN_OR_RETURN(const auto p, plan(c));
  if (!p) {
    Shape shape;
    for (size_t i = 0; i < x.shape.size(); ++i) shape.push_back(c.fresh_dim());
    set_output(c, x.dtype, x.ranked ? std::optional(std::move(shape)) : std::nullopt);
    return {};
  }
  Shape shape = x.shape;
  for (size_t i = 0; i < p->axes.size(); ++i)
    shape[static_cast<size_t>(p->axes[i])] = p->ranges[i] ? p->ranges[i]->count : c.fresh_dim();
  c.set(0, x.dtype, shape);
  const auto contents = contents_of(c, 0);
  if (!contents || x.rank() != 1 || p->axes.size() != 1 || !p->ranges[0] || !shape[0].is_const()) return {};
  if (!p->ranges[0]->start.is_const()) return {};
  Contents part;
  for (int64_t i = 0; i < shape[0].value(); ++i) {
    const int64_t k = p->ranges[0]->start.value() + i * p->steps[0];
    part.push_back((*contents)[static_cast<size_t>(k)]);
  }
  set_contents(c, std::move(part));
  return {};
}

Status eval(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer));
  const TensorView& x = c.input(0);
  const int64_t size = bit_width(x.dtype) / 8;
  if (y.size() == 0) return {};
  const Ints starts = to_int64s(c.input(1)),
             steps = c.has(4) ? to_int64s(c.input(4)) : Ints(starts.size(), 1);
  const Ints axes = c.has(3) ? to_int64s(c.input(3)) : Ints();
  const Dims dense = dense_strides(x.dims);
  Dims strides = dense;
  int64_t first = 0;
  for (size_t i = 0; i < starts.size(); ++i) {
    INGOT_ASSIGN_OR_RETURN(const int axis,
                           normalize_axis(c.has(3) ? axes[i] : static_cast<int64_t>(i), x.rank()));
    const size_t a = static_cast<size_t>(axis);
    const int64_t n = x.dims[a], start = starts[i] < 0 ? starts[i] + n : starts[i];
    first += std::clamp<int64_t>(start, 0, steps[i] > 0 ? n : n - 1) * dense[a];
    strides[a] = y.dims[a] > 1 ? dense[a] * steps[i] : 0;  // a far step is taken at most zero times
  }
  copy_strided(y.data, dense_strides(y.dims), at(x, first, size), strides, y.dims, size);
  return {};
}

Cost cost(const CostContext& c) { return {0, 2.0 * static_cast<double>(c.outputs[0].bytes())}; }

std::vector<OpCase> cases() {
  const CaseInput x = random_input({5, 7, 9});
  return {
      {"defaults", {}, {x, ints_input({1, 0}), ints_input({4, 100})}},
      {"axes", {}, {x, ints_input({2}), ints_input({-1}), ints_input({-1})}},
      {"steps", {}, {x, ints_input({1, 8}), ints_input({1000, 0}), ints_input({1, 2}), ints_input({2, -3})}},
      {"reverse", {}, {x, ints_input({-1}), ints_input({INT64_MIN}), ints_input({0}), ints_input({-1})}},
      {"empty", {}, {x, ints_input({4}), ints_input({2}), ints_input({0})}}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_Slice() {
  static const OpDef op{"Slice", 3, 5, 1, 1, {}, ops::infer, ops::eval, ops::cost};
  return op;
}

std::vector<OpCase> cases_Slice() { return ops::cases(); }

}  // namespace ingot
