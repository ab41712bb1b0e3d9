// Identity, Reshape, Flatten, Squeeze, Unsqueeze: the same elements under other dims.
#include "ops/common.h"
#include "ops/strided.h"

namespace ingot::ops {
namespace {

template <InferFn kInfer>
Status eval_copy(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, kInfer));
  copy_bytes(y.data, c.input(0).data, static_cast<int64_t>(y.bytes()));
  return {};
}

// No arithmetic, and a step that does this well moves nothing at all.
Cost cost(const CostContext& c) { return {0, 2.0 * static_cast<double>(c.outputs[0].bytes())}; }

Status infer_identity(InferContext& c) {
  INGOT_RETURN_IF_ERROR(infer_same(c));
  set_contents(c, contents_of(c, 0));
  return {};
}

// ---- Reshape

// The dims that `target` asks for: 0 keeps the input's dim (unless allowzero), -1 takes what is left.
Result<Shape> reshape(const TensorType& x, Contents target, bool allow_zero) {
  std::optional<size_t> rest;
  Dim product = 1;
  bool has_zero = false;
  for (size_t i = 0; i < target.size(); ++i) {
    if (target[i].is(0) && !allow_zero) {
      if (!x.ranked) return Shape();
      if (i >= x.shape.size())
        return invalid_argument("target ", to_string(target), " keeps dim ", i, ", which shape ",
                                to_string(x.shape), " has not");
      target[i] = x.shape[i];
    }
    has_zero = has_zero || target[i].is(0);
    if (target[i].is(-1)) {
      if (rest) return invalid_argument("target ", to_string(target), " has -1 twice");
      rest = i;
    } else if (target[i].is_const() && target[i].value() < 0) {
      return invalid_argument("target ", to_string(target), " has a dim below -1");
    } else {
      product = product * target[i];
    }
  }
  if (!x.ranked) return target;
  const Dim total = num_elements(x.shape);
  if (rest) {
    if (product.is(0))
      return invalid_argument("target ", to_string(target), " has 0 and -1: the -1 has no value");
    target[*rest] = floor_div(total, product);
    product = product * target[*rest];
  }
  if (total.is_const() && product.is_const() && total != product)
    return invalid_argument("cannot reshape ", to_string(x.shape), " (", total.value(), " elements) to ",
                            to_string(target));
  return target;
}

Status infer_reshape(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 1, kIndices));
  INGOT_RETURN_IF_ERROR(expect_rank(c, 1, 1, 1));
  const TensorType& x = c.type(0);
  auto target = contents_of(c, 1);
  if (!target)
    if (auto ints = known_ints(c, 1)) target = Contents(ints->begin(), ints->end());
  if (!target) {
    const bool rank_known = c.type(1).ranked && c.shape(1)[0].is_const() && c.shape(1)[0].value() <= 64;
    if (!rank_known) {
      c.set_unranked(0, x.dtype);
      return {};
    }
    Shape shape;
    for (int64_t i = 0; i < c.shape(1)[0].value(); ++i) shape.push_back(c.fresh_dim());
    c.set(0, x.dtype, std::move(shape));
    return {};
  }
  if (!x.ranked) {
    for (Dim& d : *target)
      if (d.is(-1) || d.is(0)) d = c.fresh_dim();
  }
  INGOT_ASSIGN_OR_RETURN(Shape shape, reshape(x, std::move(*target), c.attrs.get_int("allowzero") != 0));
  c.set(0, x.dtype, std::move(shape));
  set_contents(c, contents_of(c, 0));
  return {};
}

// ---- Flatten

Status infer_flatten(InferContext& c) {
  const TensorType& x = c.type(0);
  if (!x.ranked) {
    c.set(0, x.dtype, {c.fresh_dim(), c.fresh_dim()});
    return {};
  }
  int64_t axis = c.attrs.get_int("axis", 1);
  if (axis < -x.rank() || axis > x.rank())
    return invalid_argument("axis ", axis, " is out of range for rank ", x.rank());
  if (axis < 0) axis += x.rank();
  Dim rows = 1, columns = 1;
  for (int i = 0; i < x.rank(); ++i) {
    Dim& part = i < axis ? rows : columns;
    part = part * x.shape[static_cast<size_t>(i)];
  }
  c.set(0, x.dtype, {rows, columns});
  return {};
}

// ---- Squeeze, Unsqueeze

Status infer_squeeze(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 1, type_set({DataType::kI64})));
  const TensorType& x = c.type(0);
  const auto axes = known_ints(c, 1);
  if (!x.ranked || (c.has(1) && !axes)) {
    c.set_unranked(0, x.dtype);
    return {};
  }
  std::vector<bool> gone(x.shape.size(), false);
  if (axes) {
    INGOT_ASSIGN_OR_RETURN(const auto normal, normalize_axes(*axes, x.rank()));
    for (int a : normal) {
      const Dim& d = x.shape[static_cast<size_t>(a)];
      if (d.is_const() && !d.is(1))
        return invalid_argument("cannot squeeze dim ", a, " of shape ", to_string(x.shape), ": it is not 1");
      gone[static_cast<size_t>(a)] = true;
    }
  } else {
    if (!is_static(x.shape)) {  // which dims are 1 only a run can tell
      c.set_unranked(0, x.dtype);
      return {};
    }
    for (size_t i = 0; i < gone.size(); ++i) gone[i] = x.shape[i].is(1);
  }
  Shape shape;
  for (size_t i = 0; i < gone.size(); ++i)
    if (!gone[i]) shape.push_back(x.shape[i]);
  c.set(0, x.dtype, std::move(shape));
  set_contents(c, contents_of(c, 0));
  return {};
}

Status infer_unsqueeze(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 1, type_set({DataType::kI64})));
  const TensorType& x = c.type(0);
  const auto axes = known_ints(c, 1);
  if (!x.ranked || !axes) {
    c.set_unranked(0, x.dtype);
    return {};
  }
  const size_t rank = x.shape.size() + axes->size();
  INGOT_ASSIGN_OR_RETURN(const auto normal, normalize_axes(*axes, static_cast<int>(rank)));
  Shape shape;
  for (size_t i = 0, next_axis = 0, next_dim = 0; i < rank; ++i) {
    if (next_axis < normal.size() && normal[next_axis] == static_cast<int>(i)) {
      shape.push_back(1);
      ++next_axis;
    } else {
      shape.push_back(x.shape[next_dim++]);
    }
  }
  c.set(0, x.dtype, std::move(shape));
  set_contents(c, contents_of(c, 0));
  return {};
}

std::vector<OpCase> cases_identity() { return {{"matrix", {}, {random_input({3, 5})}}}; }

std::vector<OpCase> cases_reshape() {
  return {{"rest", {}, {random_input({2, 3, 4}), ints_input({2, -1})}},
          {"keep", {}, {random_input({2, 3, 4}), ints_input({0, 2, -1})}},
          {"zero", {{"allowzero", int64_t{1}}}, {random_input({0, 3}), ints_input({3, 0})}},
          {"scalar", {}, {random_input({1, 1}), ints_input({})}}};
}

std::vector<OpCase> cases_flatten() {
  return {{"default", {}, {random_input({2, 3, 4})}},
          {"rows", {{"axis", int64_t{-1}}}, {random_input({2, 3, 4})}},
          {"all", {{"axis", int64_t{0}}}, {random_input({2, 3, 4})}}};
}

std::vector<OpCase> cases_squeeze() {
  return {{"axes", {}, {random_input({1, 3, 1, 5}), ints_input({0, -2})}},
          {"all", {}, {constant_input(Tensor::vector_f32(Floats{1}))}}};
}

std::vector<OpCase> cases_unsqueeze() {
  return {{"axes", {}, {random_input({3, 5}), ints_input({-1, 1})}},
          {"scalar", {}, {random_input({}), ints_input({0})}}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_Identity() {
  static const OpDef op{"Identity", 1, 1, 1, 1, {}, ops::infer_identity, ops::eval_copy<ops::infer_identity>,
                        ops::cost};
  return op;
}

std::vector<OpCase> cases_Identity() { return ops::cases_identity(); }

const OpDef& op_Reshape() {
  static const OpDef op{"Reshape",
                        2,
                        2,
                        1,
                        1,
                        {optional<int64_t>("allowzero", 0)},
                        ops::infer_reshape,
                        ops::eval_copy<ops::infer_reshape>,
                        ops::cost};
  return op;
}

std::vector<OpCase> cases_Reshape() { return ops::cases_reshape(); }

const OpDef& op_Flatten() {
  static const OpDef op{"Flatten",
                        1,
                        1,
                        1,
                        1,
                        {optional<int64_t>("axis", 1)},
                        ops::infer_flatten,
                        ops::eval_copy<ops::infer_flatten>,
                        ops::cost};
  return op;
}

std::vector<OpCase> cases_Flatten() { return ops::cases_flatten(); }

const OpDef& op_Squeeze() {
  static const OpDef op{"Squeeze", 1, 2, 1, 1, {}, ops::infer_squeeze, ops::eval_copy<ops::infer_squeeze>,
                        ops::cost};
  return op;
}

std::vector<OpCase> cases_Squeeze() { return ops::cases_squeeze(); }

const OpDef& op_Unsqueeze() {
  static const OpDef op{
      "Unsqueeze", 2, 2, 1, 1, {}, ops::infer_unsqueeze, ops::eval_copy<ops::infer_unsqueeze>, ops::cost};
  return op;
}

std::vector<OpCase> cases_Unsqueeze() { return ops::cases_unsqueeze(); }

}  // namespace ingot
