// OneHot: a new axis with the on value at each index and the off value elsewhere.
#include "ops/common.h"
#include "ops/strided.h"
#include "ops/wide.h"

namespace ingot::ops {
namespace {

Status infer(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kNumbers));
  INGOT_RETURN_IF_ERROR(expect_type(c, 1, kNumbers));
  INGOT_RETURN_IF_ERROR(expect_type(c, 2, kWholeBytes));
  INGOT_RETURN_IF_ERROR(expect_rank(c, 2, 1, 1));
  const DataType dtype = c.type(2).dtype;
  if (c.type(2).ranked && c.shape(2)[0].is_const() && !c.shape(2)[0].is(2))
    return invalid_argument("values have shape ", to_string(c.shape(2)), ", expected [2]");
  INGOT_RETURN_IF_ERROR(expect_scalar(c, 1));
  if (!c.type(0).ranked) {
    c.set_unranked(0, dtype);
    return {};
  }
  Shape shape = c.shape(0);
  INGOT_ASSIGN_OR_RETURN(const int axis, normalize_axis(c.attrs.get_int("axis", -1), c.type(0).rank() + 1));
  const auto depth = contents_of(c, 1);
  shape.insert(shape.begin() + axis, depth ? (*depth)[0] : c.fresh_dim());
  INGOT_RETURN_IF_ERROR(check_dims(shape));
  c.set(0, dtype, std::move(shape));
  return {};
}

Status eval(EvalContext& c) {
  // A depth that is not integral is cut off, so it is read here and not as contents.
  const TensorView& x = c.input(0);
  if (c.input(1).size() != 1)
    return invalid_argument("depth has ", c.input(1).size(), " elements, expected one");
  if (c.input(2).size() != 2)
    return invalid_argument("values have ", c.input(2).size(), " elements, expected two");
  const int64_t depth = load_all<int64_t>(c.input(1))[0];
  INGOT_ASSIGN_OR_RETURN(const int axis, normalize_axis(c.attrs.get_int("axis", -1), x.rank() + 1));
  Dims dims = x.dims;
  dims.insert(dims.begin() + axis, depth);
  INGOT_ASSIGN_OR_RETURN(const TensorView y, c.output(0, c.input(2).dtype, dims));
  INGOT_ASSIGN_OR_RETURN(const int64_t size, element_bytes(y));
  copy_strided(y.data, dense_strides(dims), c.input(2).data, Dims(dims.size(), 0), dims, size);
  const AxisSplit s = split_at(dims, axis);
  const auto indices = load_all<int64_t>(x);
  for (int64_t o = 0; o < s.outer; ++o)
    for (int64_t i = 0; i < s.inner; ++i) {
      int64_t k = indices[static_cast<size_t>(o * s.inner + i)];
      if (k < -depth || k >= depth) continue;  // all off
      if (k < 0) k += depth;
      copy_bytes(at(y, (o * depth + k) * s.inner + i, size), at(c.input(2), 1, size), size);
    }
  return {};
}

std::vector<OpCase> cases() {
  const CaseInput indices = random_input({2, 3}, -4, 4, DataType::kI64), values = floats_input({0.5f, 2});
  return {{"last", {}, {indices, int_input(4), values}},
          {"first", {{"axis", int64_t{0}}}, {indices, int_input(5), values}}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_OneHot() {
  static const OpDef op{"OneHot",   3,         3,      1, 1, {optional<int64_t>("axis", -1)},
                        ops::infer, ops::eval, nullptr};
  return op;
}

std::vector<OpCase> cases_OneHot() { return ops::cases(); }

}  // namespace ingot
