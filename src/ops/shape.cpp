// Shape and Size: where shape arithmetic begins.
#include <algorithm>

#include "ops/common.h"

namespace ingot::ops {
namespace {

Status infer_shape(InferContext& c) {
  const TensorType& x = c.type(0);
  if (!x.ranked) {
    c.set(0, DataType::kI64, {c.fresh_dim()});
    return {};
  }
  auto clamp = [&](int64_t i) { return std::clamp<int64_t>(i < 0 ? i + x.rank() : i, 0, x.rank()); };
  const int64_t begin = clamp(c.attrs.get_int("start", 0)), end = clamp(c.attrs.get_int("end", x.rank()));
  Contents contents;
  for (int64_t i = begin; i < end; ++i) contents.push_back(x.shape[static_cast<size_t>(i)]);
  c.set(0, DataType::kI64, {static_cast<int64_t>(contents.size())});
  set_contents(c, std::move(contents));
  return {};
}

Status infer_size(InferContext& c) {
  c.set(0, DataType::kI64, {});
  if (c.type(0).ranked) set_contents(c, Contents{num_elements(c.shape(0))});
  return {};
}

Status eval_shape(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer_shape));
  const int rank = c.input(0).rank();
  const int64_t start = c.attrs.get_int("start", 0);
  const int64_t begin = std::clamp<int64_t>(start < 0 ? start + rank : start, 0, rank);
  std::copy_n(c.input(0).dims.begin() + begin, y.size(), y.as<int64_t>());
  return {};
}

Status eval_size(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, c.output(0, DataType::kI64, {}));
  *y.as<int64_t>() = c.input(0).size();
  return {};
}

Cost cost(const CostContext& c) { return {0, static_cast<double>(c.outputs[0].bytes())}; }

std::vector<OpCase> cases_shape() {
  return {{"all", {}, {random_input({2, 3, 4})}},
          {"slice", {{"start", int64_t{1}}, {"end", int64_t{-1}}}, {random_input({2, 3, 4, 5})}},
          {"beyond", {{"start", int64_t{-9}}, {"end", int64_t{9}}}, {random_input({2, 3})}},
          {"scalar", {}, {random_input({})}}};
}

std::vector<OpCase> cases_size() { return {{"matrix", {}, {random_input({3, 5})}}}; }

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_Shape() {
  static const OpDef op{"Shape",
                        1,
                        1,
                        1,
                        1,
                        {optional<int64_t>("start", 0), absent_or<int64_t>("end")},
                        ops::infer_shape,
                        ops::eval_shape,
                        ops::cost};
  return op;
}

std::vector<OpCase> cases_Shape() { return ops::cases_shape(); }

const OpDef& op_Size() {
  static const OpDef op{"Size", 1, 1, 1, 1, {}, ops::infer_size, ops::eval_size, ops::cost};
  return op;
}

std::vector<OpCase> cases_Size() { return ops::cases_size(); }

}  // namespace ingot
