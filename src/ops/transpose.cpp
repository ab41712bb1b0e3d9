// Transpose: dims in another order.
#include <algorithm>

#include "ops/common.h"
#include "ops/strided.h"
#include "ops/wide.h"

namespace ingot::ops {
namespace {

// perm, or the reversed order; an error unless it is a permutation of `rank` dims.
Result<Ints> permutation(const Attrs& attrs, int rank) {
  Ints perm = attrs.get_ints("perm");
  if (!attrs.has("perm"))
    for (int i = rank; i-- > 0;) perm.push_back(i);
  Ints sorted = perm;
  std::sort(sorted.begin(), sorted.end());
  bool valid = static_cast<int>(perm.size()) == rank;
  for (size_t i = 0; valid && i < sorted.size(); ++i) valid = sorted[i] == static_cast<int64_t>(i);
  if (!valid)
    return invalid_argument("perm ", dims_to_string(perm), " is not a permutation of ", rank, " dimensions");
  return perm;
}

Status infer(InferContext& c) {
  const TensorType& x = c.type(0);
  if (!x.ranked) {
    c.set_unranked(0, x.dtype);
    return {};
  }
  INGOT_ASSIGN_OR_RETURN(const Ints perm, permutation(c.attrs, x.rank()));
  Shape shape;
  for (int64_t p : perm) shape.push_back(x.shape[static_cast<size_t>(p)]);
  c.set(0, x.dtype, std::move(shape));
  set_contents(c, contents_of(c, 0));
  return {};
}

Status eval(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer));
  const TensorView& x = c.input(0);
  INGOT_ASSIGN_OR_RETURN(const Ints perm, permutation(c.attrs, x.rank()));
  const Dims from = dense_strides(x.dims);
  Dims strides;
  for (int64_t p : perm) strides.push_back(from[static_cast<size_t>(p)]);
  if (bit_width(x.dtype) >= 8) {
    copy_strided(y.data, dense_strides(y.dims), x.data, strides, y.dims, bit_width(x.dtype) / 8);
    return {};
  }
  const auto src = load_all<int64_t>(x);  // two elements to a byte: through whole numbers
  std::vector<int64_t> dst(src.size());
  copy_strided(dst.data(), dense_strides(y.dims), src.data(), strides, y.dims, 8);
  store(dst.data(), y.size(), y, 0);
  return {};
}

Cost cost(const CostContext& c) { return {0, 2.0 * static_cast<double>(c.outputs[0].bytes())}; }

std::vector<OpCase> cases() {
  return {{"reverse", {}, {random_input({2, 3, 4})}},
          {"matrix", {{"perm", Ints{1, 0}}}, {random_input({17, 33})}},
          {"nchw_to_nhwc", {{"perm", Ints{0, 2, 3, 1}}}, {random_input({2, 3, 5, 7})}},
          {"heads", {{"perm", Ints{0, 2, 1, 3}}}, {random_input({2, 5, 3, 8})}},
          {"scalar", {}, {random_input({})}}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_Transpose() {
  static const OpDef op{"Transpose", 1, 1, 1, 1, {absent_or<Ints>("perm")}, ops::infer, ops::eval, ops::cost};
  return op;
}

std::vector<OpCase> cases_Transpose() { return ops::cases(); }

}  // namespace ingot
