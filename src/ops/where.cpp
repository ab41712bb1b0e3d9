// Where: a or b by a condition, all three broadcast.
#include "ops/common.h"
#include "ops/strided.h"

namespace ingot::ops {
namespace {

Status infer(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kBools));
  INGOT_RETURN_IF_ERROR(expect_type(c, 1, kWholeBytes));
  INGOT_RETURN_IF_ERROR(expect_same_type(c, 1, 2));
  INGOT_ASSIGN_OR_RETURN(auto shape, broadcast_inputs(c));
  set_output(c, c.type(1).dtype, std::move(shape));
  map_contents(c, [](const std::vector<Dim>& x) -> std::optional<Dim> {
    if (x[0].is_const()) return x[0].is(0) ? x[2] : x[1];
    return x[1] == x[2] ? std::optional(x[1]) : std::nullopt;
  });
  return {};
}

template <class T>
void select(const TensorView& condition, const TensorView& a, const TensorView& b, const TensorView& y) {
  const Walk walk = make_walk(y.dims, {broadcast_strides(condition.dims, y.dims),
                                       broadcast_strides(a.dims, y.dims), broadcast_strides(b.dims, y.dims)});
  const int64_t step_c = walk.strides[0].back(), step_a = walk.strides[1].back(),
                step_b = walk.strides[2].back();
  T* dst = static_cast<T*>(y.data);
  for_each_row(walk, [&](const Dims& offsets, int64_t count) {
    const bool* pc = condition.as<bool>() + offsets[0];
    const T* pa = static_cast<const T*>(a.data) + offsets[1];
    const T* pb = static_cast<const T*>(b.data) + offsets[2];
    for (int64_t i = 0; i < count; ++i) *dst++ = pc[i * step_c] ? pa[i * step_a] : pb[i * step_b];
  });
}

Status eval(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer));
  const TensorView &condition = c.input(0), &a = c.input(1), &b = c.input(2);
  switch (bit_width(y.dtype)) {
    case 8:
      select<uint8_t>(condition, a, b, y);
      break;
    case 16:
      select<uint16_t>(condition, a, b, y);
      break;
    case 32:
      select<uint32_t>(condition, a, b, y);
      break;
    default:
      select<uint64_t>(condition, a, b, y);
  }
  return {};
}

std::vector<OpCase> cases() {
  auto condition = [](Dims dims) { return random_input(std::move(dims), 0, 1, DataType::kBool); };
  return {{"same_shape", {}, {condition({3, 7}), random_input({3, 7}), random_input({3, 7})}},
          {"broadcast", {}, {condition({3, 1}), random_input({1, 7}), random_input({})}},
          {"mask", {}, {condition({2, 1, 4, 4}), random_input({2, 3, 4, 4}), random_input({1})}}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_Where() {
  static const OpDef op{"Where", 3, 3, 1, 1, {}, ops::infer, ops::eval, nullptr};
  return op;
}

std::vector<OpCase> cases_Where() { return ops::cases(); }

}  // namespace ingot
