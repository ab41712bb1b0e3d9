// FusedMatMul: epilogue(alpha * op(A) * op(B) + C), what fusion makes of MatMul and Gemm with what follows
// them. A [..., M, K] and B [..., K, N] have at least two dimensions (the last two swapped where trans_a or
// trans_b is set) and broadcast over the others; C is optional and broadcasts to the result; the epilogue's
// extra inputs start at index 3.
#include "ops/common.h"
#include "ops/epilogue.h"
#include "ops/matrices.h"
#include "ops/wide.h"

namespace ingot::ops {
namespace {

Status infer(InferContext& c) {
  const DataType type = c.type(0).dtype;
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kFloats));
  INGOT_RETURN_IF_ERROR(expect_same_type(c, 0, 1));
  INGOT_RETURN_IF_ERROR(expect_same_type(c, 0, 2));
  if (!c.type(0).ranked || !c.type(1).ranked) {
    c.set_unranked(0, type);
    return infer_epilogue(c, 3);
  }
  INGOT_ASSIGN_OR_RETURN(Shape y, product_shape(c.attrs, c.shape(0), c.shape(1)));
  if (c.has(2) && c.type(2).ranked) {
    INGOT_ASSIGN_OR_RETURN(const Shape with_c, broadcast(c.shape(2), y));
    if (with_c.size() != y.size() || (is_static(with_c) && is_static(y) && with_c != y))
      return invalid_argument("C of shape ", to_string(c.shape(2)), " does not broadcast to ", to_string(y));
  }
  c.set(0, type, std::move(y));
  return infer_epilogue(c, 3);
}

Status eval(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer));
  std::vector<double> sums = products(c.attrs, c.input(0), c.input(1), y.dims);
  const double alpha = c.attrs.get_float("alpha", 1);
  for (double& v : sums) v *= alpha;
  if (c.has(2)) {
    const std::vector<double> bias = load_all<double>(c.input(2));
    size_t i = 0;
    for_each_broadcast<1>(y.dims, {broadcast_strides(c.input(2).dims, y.dims)},
                          [&](const auto& at) { sums[i++] += bias[static_cast<size_t>(at[0])]; });
  }
  store(sums.data(), y.size(), y, 0);
  return eval_epilogue(c, 3, y);
}

Cost cost(const CostContext& c) {
  Cost total = epilogue_cost(c, 3);
  total.flops += product_flops(c.attrs, c.inputs[0], c.outputs[0]);
  for (size_t i = 0; i < std::min<size_t>(c.inputs.size(), 3); ++i)
    total.bytes += static_cast<double>(c.inputs[i].bytes());
  total.bytes += static_cast<double>(c.outputs[0].bytes());
  return total;
}

std::vector<OpCase> cases() {
  const int64_t yes = 1;
  return {
      {"plain", {}, {random_input({5, 17}), random_input({17, 9})}},
      {"bias", {}, {random_input({3, 33}), random_input({33, 40}), random_input({40})}},
      {"one_row", {{"trans_b", yes}}, {random_input({1, 65}), random_input({50, 65}), random_input({50})}},
      {"trans_a",
       {{"trans_a", yes}, {"alpha", 0.5f}},
       {random_input({7, 4}), random_input({7, 6}), random_input({4, 1})}},
      {"batched", {{"trans_b", yes}}, {random_input({2, 3, 5, 8}), random_input({3, 6, 8})}},
      {"gelu",
       {{"epilogue", std::string("gelu x0")}},
       {random_input({2, 7, 16}), random_input({16, 24}), random_input({24})}},
      {"residual",
       {{"epilogue", std::string("add x0 x1")}},
       {random_input({2, 7, 16}), random_input({16, 24}), random_input({24}), random_input({2, 7, 24})}}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_FusedMatMul() {
  static const OpDef op{"FusedMatMul",
                        2,
                        3 + ops::PointwiseProgram::kMaxInputs,
                        1,
                        1,
                        {optional<int64_t>("trans_a", 0), optional<int64_t>("trans_b", 0),
                         optional<float>("alpha", 1), ops::epilogue_attr()},
                        ops::infer,
                        ops::eval,
                        ops::cost};
  return op;
}

std::vector<OpCase> cases_FusedMatMul() { return ops::cases(); }

}  // namespace ingot
