// NonZero: the coordinates of all elements that are not 0. Compress: the slices that a condition selects.
// Both have sizes that only a run can tell.
#include "ops/common.h"
#include "ops/strided.h"
#include "ops/wide.h"

namespace ingot::ops {
namespace {

Status infer_nonzero(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kNumbers | kBools));
  const TensorType& x = c.type(0);
  c.set(0, DataType::kI64, {x.ranked ? Dim(x.rank()) : c.fresh_dim(), c.fresh_dim()});
  return {};
}

Status eval_nonzero(EvalContext& c) {
  const TensorView& x = c.input(0);
  std::vector<int64_t> hits;
  const auto values = load_all<double>(x);
  for (size_t i = 0; i < values.size(); ++i)
    if (values[i] != 0) hits.push_back(static_cast<int64_t>(i));
  const int64_t count = static_cast<int64_t>(hits.size());
  INGOT_ASSIGN_OR_RETURN(const TensorView y, c.output(0, DataType::kI64, {x.rank(), count}));
  const Dims strides = dense_strides(x.dims);
  int64_t* dst = y.as<int64_t>();
  for (size_t d = 0; d < strides.size(); ++d)
    for (int64_t i : hits) *dst++ = i / strides[d] % x.dims[d];
  return {};
}

Status infer_compress(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kWholeBytes));
  INGOT_RETURN_IF_ERROR(expect_type(c, 1, kBools));
  INGOT_RETURN_IF_ERROR(expect_rank(c, 1, 1, 1));
  const TensorType& x = c.type(0);
  if (!c.attrs.has("axis")) {
    c.set(0, x.dtype, {c.fresh_dim()});
    return {};
  }
  if (!x.ranked) {
    c.set_unranked(0, x.dtype);
    return {};
  }
  INGOT_ASSIGN_OR_RETURN(const int axis, normalize_axis(c.attrs.get_int("axis"), x.rank()));
  Shape shape = x.shape;
  shape[static_cast<size_t>(axis)] = c.fresh_dim();
  c.set(0, x.dtype, std::move(shape));
  return {};
}

Status eval_compress(EvalContext& c) {
  const TensorView &x = c.input(0), &condition = c.input(1);
  Dims dims = x.dims;
  int axis = 0;
  if (c.attrs.has("axis")) {
    INGOT_ASSIGN_OR_RETURN(axis, normalize_axis(c.attrs.get_int("axis"), x.rank()));
  } else {
    dims = {x.size()};
  }
  const AxisSplit s = split_at(dims, axis);
  std::vector<int64_t> kept;
  for (int64_t i = 0; i < condition.size(); ++i) {
    if (!condition.as<bool>()[i]) continue;
    if (i >= s.n) return invalid_argument("the condition selects slice ", i, " of ", s.n);
    kept.push_back(i);
  }
  dims[static_cast<size_t>(axis)] = static_cast<int64_t>(kept.size());
  INGOT_ASSIGN_OR_RETURN(const int64_t size, element_bytes(x));
  INGOT_ASSIGN_OR_RETURN(const TensorView y, c.output(0, x.dtype, dims));
  int64_t done = 0;
  for (int64_t o = 0; o < s.outer; ++o)
    for (int64_t k : kept) {
      copy_bytes(at(y, done, size), at(x, (o * s.n + k) * s.inner, size), s.inner * size);
      done += s.inner;
    }
  return {};
}

std::vector<OpCase> cases_nonzero() {
  return {{"matrix", {}, {random_input({3, 7}, 0, 1, DataType::kBool)}},
          {"floats", {}, {floats_input({0, 1, 0, -2, 0})}},
          {"scalar", {}, {float_input(3)}}};
}

std::vector<OpCase> cases_compress() {
  const CaseInput condition = random_input({4}, 0, 1, DataType::kBool);
  return {{"axis", {{"axis", int64_t{1}}}, {random_input({3, 5}), condition}},
          {"flat", {}, {random_input({3, 5}), condition}}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_NonZero() {
  static const OpDef op{"NonZero", 1, 1, 1, 1, {}, ops::infer_nonzero, ops::eval_nonzero, nullptr};
  return op;
}

std::vector<OpCase> cases_NonZero() { return ops::cases_nonzero(); }

const OpDef& op_Compress() {
  static const OpDef op{
      "Compress", 2, 2, 1, 1, {absent_or<int64_t>("axis")}, ops::infer_compress, ops::eval_compress, nullptr};
  return op;
}

std::vector<OpCase> cases_Compress() { return ops::cases_compress(); }

}  // namespace ingot
