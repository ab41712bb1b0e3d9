// Expand: broadcast to a shape. Tile: repeats along each axis.
#include "ops/common.h"
#include "ops/strided.h"

namespace ingot::ops {
namespace {

// The contents of a shape-like input, or fresh dims of its length; nullopt where even that is unknown.
std::optional<Contents> shape_input(InferContext& c, size_t i) {
  if (auto contents = contents_of(c, i)) return contents;
  if (auto ints = known_ints(c, i)) return Contents(ints->begin(), ints->end());
  if (!c.type(i).ranked || c.type(i).rank() != 1 || !c.shape(i)[0].is_const() || c.shape(i)[0].value() > 64)
    return std::nullopt;
  Contents fresh;
  for (int64_t k = 0; k < c.shape(i)[0].value(); ++k) fresh.push_back(c.fresh_dim());
  return fresh;
}

Status infer_expand(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kWholeBytes));
  INGOT_RETURN_IF_ERROR(expect_type(c, 1, kIndices));
  INGOT_RETURN_IF_ERROR(expect_rank(c, 1, 1, 1));
  const TensorType& x = c.type(0);
  const auto target = shape_input(c, 1);
  if (!x.ranked || !target) {
    c.set_unranked(0, x.dtype);
    return {};
  }
  INGOT_RETURN_IF_ERROR(check_dims(*target));
  INGOT_ASSIGN_OR_RETURN(Shape shape, broadcast(x.shape, *target));
  c.set(0, x.dtype, shape);
  const auto contents = contents_of(c, 0);
  if (!contents || shape.size() > 1) return {};
  if (contents->size() != 1)
    set_contents(c, contents);
  else if (shape.empty())
    set_contents(c, contents);
  else if (shape[0].is_const() && shape[0].value() <= static_cast<int64_t>(kMaxContents))
    set_contents(c, Contents(static_cast<size_t>(shape[0].value()), (*contents)[0]));
  return {};
}

Status eval_expand(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer_expand));
  const TensorView& x = c.input(0);
  copy_strided(y.data, dense_strides(y.dims), x.data, broadcast_strides(x.dims, y.dims), y.dims,
               bit_width(x.dtype) / 8);
  return {};
}

Status infer_tile(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kWholeBytes));
  INGOT_RETURN_IF_ERROR(expect_type(c, 1, type_set({DataType::kI64})));
  INGOT_RETURN_IF_ERROR(expect_rank(c, 1, 1, 1));
  const TensorType& x = c.type(0);
  if (!x.ranked) {
    c.set_unranked(0, x.dtype);
    return {};
  }
  const auto repeats = shape_input(c, 1);
  if (repeats && repeats->size() != x.shape.size())
    return invalid_argument("repeats has ", repeats->size(), " numbers, expected ", x.rank(), " for shape ",
                            to_string(x.shape));
  if (repeats) INGOT_RETURN_IF_ERROR(check_dims(*repeats));
  Shape shape = x.shape;
  for (size_t d = 0; d < shape.size(); ++d) shape[d] = repeats ? shape[d] * (*repeats)[d] : c.fresh_dim();
  c.set(0, x.dtype, std::move(shape));
  return {};
}

// Each dim is seen as [repeats, n], the repeats walked without moving.
Status eval_tile(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer_tile));
  const TensorView& x = c.input(0);
  if (y.size() == 0) return {};
  Dims shape, from, to;
  const Dims x_strides = dense_strides(x.dims), y_strides = dense_strides(y.dims);
  for (size_t d = 0; d < x.dims.size(); ++d) {
    shape.insert(shape.end(), {y.dims[d] / x.dims[d], x.dims[d]});
    from.insert(from.end(), {0, x_strides[d]});
    to.insert(to.end(), {x.dims[d] * y_strides[d], y_strides[d]});
  }
  copy_strided(y.data, to, x.data, from, shape, bit_width(x.dtype) / 8);
  return {};
}

Cost cost(const CostContext& c) {
  return {0, static_cast<double>(c.inputs[0].bytes()) + static_cast<double>(c.outputs[0].bytes())};
}

std::vector<OpCase> cases_expand() {
  return {{"rows", {}, {random_input({1, 5}), ints_input({3, 1})}},
          {"rank", {}, {random_input({3, 1}), ints_input({2, 3, 4})}},
          {"scalar", {}, {random_input({}), ints_input({2, 2})}}};
}

std::vector<OpCase> cases_tile() {
  return {{"matrix", {}, {random_input({2, 3}), ints_input({2, 3})}},
          {"none", {}, {random_input({2, 3}), ints_input({0, 3})}},
          {"cube", {}, {random_input({2, 1, 3}), ints_input({1, 4, 2})}}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_Expand() {
  static const OpDef op{"Expand", 2, 2, 1, 1, {}, ops::infer_expand, ops::eval_expand, ops::cost};
  return op;
}

std::vector<OpCase> cases_Expand() { return ops::cases_expand(); }

const OpDef& op_Tile() {
  static const OpDef op{"Tile", 2, 2, 1, 1, {}, ops::infer_tile, ops::eval_tile, ops::cost};
  return op;
}

std::vector<OpCase> cases_Tile() { return ops::cases_tile(); }

}  // namespace ingot
