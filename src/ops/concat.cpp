// Concat: tensors one after the other along an axis.
#include "ops/common.h"
#include "ops/strided.h"

namespace ingot::ops {
namespace {

Status infer(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kWholeBytes));
  const DataType dtype = c.type(0).dtype;
  for (size_t i = 1; i < c.inputs.size(); ++i) INGOT_RETURN_IF_ERROR(expect_same_type(c, 0, i));
  if (!c.all_ranked()) {
    c.set_unranked(0, dtype);
    return {};
  }
  Shape shape = c.shape(0);
  INGOT_ASSIGN_OR_RETURN(const int axis, normalize_axis(c.attrs.get_int("axis"), c.type(0).rank()));
  for (size_t i = 1; i < c.inputs.size(); ++i) {
    const Shape& s = c.shape(i);
    bool fits = s.size() == shape.size();
    for (size_t d = 0; fits && d < s.size(); ++d) {
      if (static_cast<int>(d) == axis) {
        shape[d] = shape[d] + s[d];
        continue;
      }
      fits = shape[d] == s[d] || !shape[d].is_const() || !s[d].is_const();
      if (s[d].is_const()) shape[d] = s[d];  // two symbols that must be equal: a constant says more
    }
    if (!fits)
      return invalid_argument("inputs 0 and ", i, " have shapes ", to_string(c.shape(0)), " and ",
                              to_string(s), ", which may differ in dim ", axis, " only");
  }
  const bool vector = shape.size() == 1;
  c.set(0, dtype, std::move(shape));
  if (!vector) return {};
  Contents all;
  for (size_t i = 0; i < c.inputs.size(); ++i) {
    const auto part = contents_of(c, i);
    if (!part) return {};
    all.insert(all.end(), part->begin(), part->end());
  }
  set_contents(c, std::move(all));
  return {};
}

Status eval(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer));
  INGOT_ASSIGN_OR_RETURN(const int axis, normalize_axis(c.attrs.get_int("axis"), y.rank()));
  const int64_t size = bit_width(y.dtype) / 8;
  const AxisSplit whole = split_at(y.dims, axis);
  int64_t begin = 0;
  for (size_t k = 0; k < c.inputs.size(); ++k) {
    const AxisSplit part = split_at(c.input(k).dims, axis);
    const int64_t row = part.n * part.inner;
    for (int64_t o = 0; o < part.outer; ++o)
      copy_bytes(at(y, o * whole.n * whole.inner + begin * whole.inner, size), at(c.input(k), o * row, size),
                 row * size);
    begin += part.n;
  }
  return {};
}

Cost cost(const CostContext& c) { return {0, 2.0 * static_cast<double>(c.outputs[0].bytes())}; }

std::vector<OpCase> cases() {
  return {{"rows", {{"axis", int64_t{0}}}, {random_input({2, 5}), random_input({3, 5})}},
          {"columns",
           {{"axis", int64_t{-1}}},
           {random_input({3, 2}), random_input({3, 4}), random_input({3, 1})}},
          {"channels", {{"axis", int64_t{1}}}, {random_input({2, 3, 4, 5}), random_input({2, 7, 4, 5})}}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_Concat() {
  static const OpDef op{"Concat",   1,         kVariadic, 1, 1, {required<int64_t>("axis")},
                        ops::infer, ops::eval, ops::cost};
  return op;
}

std::vector<OpCase> cases_Concat() { return ops::cases(); }

}  // namespace ingot
