// FusedMatMul: epilogue(alpha * op(A) * op(B) + C), what fusion makes of MatMul and Gemm with what follows
// them. A [..., M, K] and B [..., K, N] have at least two dimensions (the last two swapped where trans_a or
// trans_b is set) and broadcast over the others; C is optional and broadcasts to the result; the epilogue's
// extra inputs start at index 3.
#include "ops/common.h"
#include "ops/epilogue.h"
#include "ops/wide.h"

namespace ingot::ops {
namespace {

// The last two dims, swapped when asked for, of a shape of either kind.
template <class S>
std::pair<typename S::value_type, typename S::value_type> matrix(const S& shape, bool swapped) {
  const auto rows = shape[shape.size() - 2], columns = shape[shape.size() - 1];
  return swapped ? std::pair(columns, rows) : std::pair(rows, columns);
}

template <class S>
S batch_of(const S& shape) {
  return {shape.begin(), shape.end() - 2};
}

Status infer(InferContext& c) {
  const DataType type = c.type(0).dtype;
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kFloats));
  INGOT_RETURN_IF_ERROR(expect_same_type(c, 0, 1));
  INGOT_RETURN_IF_ERROR(expect_same_type(c, 0, 2));
  if (!c.type(0).ranked || !c.type(1).ranked) {
    c.set_unranked(0, type);
    return infer_epilogue(c, 3);
  }
  const Shape &a = c.shape(0), &b = c.shape(1);
  if (a.size() < 2 || b.size() < 2)
    return invalid_argument("A has shape ", to_string(a), " and B ", to_string(b), ", expected matrices");
  const auto [m, k] = matrix(a, c.attrs.get_int("trans_a") != 0);
  const auto [kb, n] = matrix(b, c.attrs.get_int("trans_b") != 0);
  if (k.is_const() && kb.is_const() && k != kb)
    return invalid_argument("A of shape ", to_string(a), " and B of shape ", to_string(b),
                            " do not multiply");
  INGOT_ASSIGN_OR_RETURN(Shape y, broadcast(batch_of(a), batch_of(b)));
  y.push_back(m);
  y.push_back(n);
  if (c.has(2) && c.type(2).ranked) {
    INGOT_ASSIGN_OR_RETURN(const Shape with_c, broadcast(c.shape(2), y));
    if (with_c.size() != y.size() || (is_static(with_c) && is_static(y) && with_c != y))
      return invalid_argument("C of shape ", to_string(c.shape(2)), " does not broadcast to ", to_string(y));
  }
  c.set(0, type, std::move(y));
  return infer_epilogue(c, 3);
}

// y += op(A) * op(B) for one pair of matrices; B is converted a row at a time, since it may be large.
struct Matrices {
  int64_t m, k, n;
  bool trans_a, trans_b;

  void multiply(const TensorView& a, int64_t a_first, const TensorView& b, int64_t b_first, double* y) const {
    std::vector<double> left(static_cast<size_t>(m * k));
    load(a, a_first, m * k, left.data());
    const int64_t step_m = trans_a ? 1 : k, step_k = trans_a ? m : 1;
    std::vector<double> row(static_cast<size_t>(trans_b ? k : n));
    for (int64_t r = 0; r < (trans_b ? n : k); ++r) {
      load(b, b_first + r * (trans_b ? k : n), trans_b ? k : n, row.data());
      for (int64_t i = 0; i < m; ++i) {
        if (trans_b) {
          for (int64_t j = 0; j < k; ++j)
            y[i * n + r] += left[static_cast<size_t>(i * step_m + j * step_k)] * row[static_cast<size_t>(j)];
        } else {
          const double factor = left[static_cast<size_t>(i * step_m + r * step_k)];
          for (int64_t j = 0; j < n; ++j) y[i * n + j] += factor * row[static_cast<size_t>(j)];
        }
      }
    }
  }
};

Status eval(EvalContext& c) {
  const TensorView &a = c.input(0), &b = c.input(1);
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer));
  const bool trans_a = c.attrs.get_int("trans_a") != 0, trans_b = c.attrs.get_int("trans_b") != 0;
  const auto [m, k] = matrix(a.dims, trans_a);
  const int64_t n = matrix(b.dims, trans_b).second;
  const Dims a_batch = batch_of(a.dims), b_batch = batch_of(b.dims);
  const Dims batch = batch_of(y.dims);
  std::vector<double> sums(static_cast<size_t>(y.size()));
  double* to = sums.data();
  const Matrices matrices{m, k, n, trans_a, trans_b};
  const int64_t a_size = m * k, b_size = k * n, y_size = m * n;
  for_each_broadcast<2>(batch, {broadcast_strides(a_batch, batch), broadcast_strides(b_batch, batch)},
                        [&](const auto& at) {
                          matrices.multiply(a, at[0] * a_size, b, at[1] * b_size, to);
                          to += y_size;
                        });
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
  const TensorView& a = c.inputs[0];
  if (a.rank() >= 2)
    total.flops += 2 * static_cast<double>(c.outputs[0].size()) *
                   static_cast<double>(matrix(a.dims, c.attrs.get_int("trans_a") != 0).second);
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
