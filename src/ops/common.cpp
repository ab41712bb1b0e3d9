#include "ops/common.h"

namespace ingot::ops {

Result<int> normalize_axis(int64_t axis, int rank) {
  if (axis < -rank || axis >= rank)
    return invalid_argument("axis ", axis, " is out of range for rank ", rank);
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

Status infer_same(InferContext& c) {
  c.outputs[0].type = c.type(0);
  return {};
}

Status infer_broadcast(InferContext& c) {
  Shape shape;
  for (size_t i = 0; i < c.inputs.size(); ++i) {
    if (c.type(i).dtype != c.type(0).dtype)
      return invalid_argument("inputs have types ", data_type_name(c.type(0).dtype), " and ",
                              data_type_name(c.type(i).dtype), ", expected one type");
    if (!c.type(i).ranked) {
      c.set_unranked(0, c.type(0).dtype);
      return {};
    }
    INGOT_ASSIGN_OR_RETURN(shape, broadcast(shape, c.shape(i)));
  }
  c.set(0, c.type(0).dtype, std::move(shape));
  return {};
}

}  // namespace ingot::ops
