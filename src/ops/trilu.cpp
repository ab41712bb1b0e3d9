// Trilu: the upper or lower triangle of each matrix, zeros elsewhere.
#include <algorithm>
#include <cstring>

#include "ops/common.h"
#include "ops/strided.h"

namespace ingot::ops {
namespace {

Status infer(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kWholeBytes));
  INGOT_RETURN_IF_ERROR(expect_rank(c, 0, 2, kVariadic));
  INGOT_RETURN_IF_ERROR(expect_type(c, 1, type_set({DataType::kI64})));
  INGOT_RETURN_IF_ERROR(expect_scalar(c, 1));
  return infer_same(c);
}

Status eval(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer));
  const TensorView& x = c.input(0);
  const bool upper = c.attrs.get_int("upper", 1) != 0;
  const int64_t rows = x.dims[x.dims.size() - 2], columns = x.dims.back(), size = bit_width(x.dtype) / 8;
  const int64_t diagonal = c.has(1) ? to_int64s(c.input(1))[0] : 0;
  const int64_t k = std::clamp(diagonal, -rows - 1, columns + 1);
  if (y.size() == 0) return {};
  std::memset(y.data, 0, y.bytes());
  for (int64_t r = 0, all = x.size() / columns; r < all; ++r) {
    const int64_t cut = std::clamp<int64_t>(r % rows + k + (upper ? 0 : 1), 0, columns);
    const int64_t begin = upper ? cut : 0, end = upper ? columns : cut;
    copy_bytes(at(y, r * columns + begin, size), at(x, r * columns + begin, size), (end - begin) * size);
  }
  return {};
}

std::vector<OpCase> cases() {
  const CaseInput x = random_input({2, 4, 5});
  return {{"upper", {}, {x}},
          {"lower", {{"upper", int64_t{0}}}, {x, int_input(1)}},
          {"far", {}, {x, int_input(INT64_MIN)}}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_Trilu() {
  static const OpDef op{"Trilu", 1, 2, 1, 1, {optional<int64_t>("upper", 1)}, ops::infer, ops::eval, nullptr};
  return op;
}

std::vector<OpCase> cases_Trilu() { return ops::cases(); }

}  // namespace ingot
