#include "ops/common.h"

#include <algorithm>

namespace ingot::ops {

Result<int> normalize_axis(int64_t axis, int rank) {
  if (axis < -rank || axis >= rank)
    return invalid_argument("axis ", axis, " is out of range for rank ", rank);
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

Result<std::vector<int>> normalize_axes(const Ints& axes, int rank) {
  std::vector<int> result;
  for (int64_t a : axes) {
    INGOT_ASSIGN_OR_RETURN(const int axis, normalize_axis(a, rank));
    result.push_back(axis);
  }
  std::sort(result.begin(), result.end());
  if (std::adjacent_find(result.begin(), result.end()) != result.end())
    return invalid_argument("axes ", dims_to_string(axes), " name one dimension twice");
  return result;
}

Status infer_same(InferContext& c) {
  c.outputs[0].type = c.type(0);
  return {};
}

Result<std::optional<Shape>> broadcast_inputs(const InferContext& c) {
  if (!c.all_ranked()) return std::optional<Shape>();
  Shape shape;
  for (size_t i = 0; i < c.inputs.size(); ++i)
    if (c.has(i)) {
      INGOT_ASSIGN_OR_RETURN(shape, broadcast(shape, c.shape(i)));
    }
  return std::optional(std::move(shape));
}

void set_output(InferContext& c, DataType dtype, std::optional<Shape> shape) {
  if (shape)
    c.set(0, dtype, std::move(*shape));
  else
    c.set_unranked(0, dtype);
}

Status infer_broadcast(InferContext& c) {
  for (size_t i = 1; i < c.inputs.size(); ++i) INGOT_RETURN_IF_ERROR(expect_same_type(c, 0, i));
  INGOT_ASSIGN_OR_RETURN(auto shape, broadcast_inputs(c));
  set_output(c, c.type(0).dtype, std::move(shape));
  return {};
}

Result<std::vector<OutputType>> infer_concrete(const EvalContext& c, InferFn infer) {
  InferContext ic(c.attrs);
  const size_t n = c.inputs.size();
  std::vector<TensorType> types(n);
  std::vector<Tensor> constants(n);
  std::vector<Contents> contents(n);
  ic.inputs.resize(n);
  for (size_t i = 0; i < n; ++i) {
    if (!c.has(i)) continue;
    const TensorView& v = c.input(i);
    types[i] = {v.dtype, to_shape(v.dims), true};
    constants[i] = Tensor::wrap(v.dtype, v.dims, v.data, nullptr);
    ic.inputs[i].type = &types[i];
    ic.inputs[i].constant = &constants[i];
    if (!is_integer(v.dtype) || v.rank() > 1 || v.size() > static_cast<int64_t>(kMaxContents)) continue;
    const Dims values = to_int64s(v);
    contents[i].assign(values.begin(), values.end());
    ic.inputs[i].contents = &contents[i];
  }
  ic.outputs.resize(c.num_outputs);
  ic.fresh_dim = [] { return Dim::symbol("?"); };
  INGOT_RETURN_IF_ERROR(infer(ic));
  std::vector<OutputType> result;
  for (const InferOutput& out : ic.outputs) {
    if (!out.type.is_static())
      return internal_error("the output type ", out.type.to_string(), " is not known for concrete inputs");
    OutputType t{out.type.dtype, {}};
    for (const Dim& d : out.type.shape) t.dims.push_back(d.value());
    result.push_back(std::move(t));
  }
  return result;
}

Result<TensorView> infer_output(EvalContext& c, InferFn infer) {
  INGOT_ASSIGN_OR_RETURN(auto types, infer_concrete(c, infer));
  return c.output(0, types[0].dtype, types[0].dims);
}

}  // namespace ingot::ops
