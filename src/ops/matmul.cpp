// MatMul: the product of two matrices, or of stacks of them with broadcast batch dims (numpy.matmul). Gemm:
// alpha * A * B + beta * C with optional transposes.
#include <algorithm>

#include "ops/common.h"
#include "ops/wide.h"

namespace ingot::ops {
namespace {

constexpr TypeSet kProducts =
    kFloats | type_set({DataType::kI32, DataType::kI64, DataType::kU32, DataType::kU64});

Status expect_equal(const Dim& a, const Dim& b, const Shape& x, const Shape& y) {
  if (a == b || !a.is_const() || !b.is_const()) return {};
  return invalid_argument("inner dimensions of ", to_string(x), " and ", to_string(y), " differ: ", a.value(),
                          " and ", b.value());
}

Status infer_matmul(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kProducts));
  INGOT_RETURN_IF_ERROR(expect_same_type(c, 0, 1));
  INGOT_RETURN_IF_ERROR(expect_rank(c, 0, 1, kVariadic));
  INGOT_RETURN_IF_ERROR(expect_rank(c, 1, 1, kVariadic));
  const DataType dtype = c.type(0).dtype;
  if (!c.all_ranked()) {
    c.set_unranked(0, dtype);
    return {};
  }
  const Shape &a = c.shape(0), &b = c.shape(1);
  INGOT_RETURN_IF_ERROR(expect_equal(a.back(), b.size() == 1 ? b[0] : b[b.size() - 2], a, b));
  const Shape batch_a(a.begin(), a.size() > 2 ? a.end() - 2 : a.begin());
  const Shape batch_b(b.begin(), b.size() > 2 ? b.end() - 2 : b.begin());
  INGOT_ASSIGN_OR_RETURN(Shape shape, broadcast(batch_a, batch_b));
  if (a.size() > 1) shape.push_back(a[a.size() - 2]);
  if (b.size() > 1) shape.push_back(b.back());
  c.set(0, dtype, std::move(shape));
  return {};
}

// y[m, n] = a * b, with the strides of rows and columns of a and b.
template <class W>
void multiply(const W* a, int64_t row_a, int64_t column_a, const W* b, int64_t row_b, int64_t column_b, W* y,
              int64_t m, int64_t n, int64_t k) {
  for (int64_t i = 0; i < m; ++i) {
    W* row = y + i * n;
    std::fill(row, row + n, W(0));
    for (int64_t p = 0; p < k; ++p) {
      const W factor = a[i * row_a + p * column_a];
      const W* other = b + p * row_b;
      for (int64_t j = 0; j < n; ++j)
        row[j] = wrapping_add(row[j], wrapping_mul(factor, other[j * column_b]));
    }
  }
}

Status eval_matmul(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer_matmul));
  Dims a = c.input(0).dims, b = c.input(1).dims;
  if (a.size() == 1) a.insert(a.begin(), 1);
  if (b.size() == 1) b.push_back(1);
  const int64_t m = a[a.size() - 2], k = a.back(), n = b.back();
  const Dims batch_a(a.begin(), a.end() - 2), batch_b(b.begin(), b.end() - 2);
  INGOT_ASSIGN_OR_RETURN(const Dims batch, broadcast(batch_a, batch_b));
  with_wide(y.dtype, [&](auto tag) {
    using W = typename decltype(tag)::type;
    const auto va = load_all<W>(c.input(0)), vb = load_all<W>(c.input(1));
    std::vector<W> result(static_cast<size_t>(m * n));
    int64_t done = 0;
    for_each_broadcast<2>(
        batch, {broadcast_strides(batch_a, batch), broadcast_strides(batch_b, batch)}, [&](const auto& at) {
          multiply(va.data() + at[0] * m * k, k, 1, vb.data() + at[1] * k * n, n, 1, result.data(), m, n, k);
          store(result.data(), m * n, y, done);
          done += m * n;
        });
  });
  return {};
}

Status infer_gemm(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kProducts));
  for (size_t i : {1, 2}) INGOT_RETURN_IF_ERROR(expect_same_type(c, 0, i));
  for (size_t i : {0, 1}) INGOT_RETURN_IF_ERROR(expect_rank(c, i, 2, 2));
  const bool ta = c.attrs.get_int("transA") != 0, tb = c.attrs.get_int("transB") != 0;
  auto dim = [&](size_t i, size_t d) { return c.type(i).ranked ? c.shape(i)[d] : c.fresh_dim(); };
  if (c.type(0).ranked && c.type(1).ranked)
    INGOT_RETURN_IF_ERROR(expect_equal(dim(0, ta ? 0 : 1), dim(1, tb ? 1 : 0), c.shape(0), c.shape(1)));
  const Shape shape{dim(0, ta ? 1 : 0), dim(1, tb ? 0 : 1)};
  if (c.has(2) && c.type(2).ranked) {
    INGOT_ASSIGN_OR_RETURN(const Shape both, broadcast(shape, c.shape(2)));
    bool fits = both.size() == 2;
    for (size_t d = 0; fits && d < 2; ++d)
      fits = both[d] == shape[d] || !both[d].is_const() || !shape[d].is_const();
    if (!fits)
      return invalid_argument("C of shape ", to_string(c.shape(2)), " does not broadcast to ",
                              to_string(shape));
  }
  c.set(0, c.type(0).dtype, shape);
  return {};
}

Status eval_gemm(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer_gemm));
  const bool ta = c.attrs.get_int("transA") != 0, tb = c.attrs.get_int("transB") != 0;
  const double alpha = c.attrs.get_float("alpha", 1), beta = c.attrs.get_float("beta", 1);
  const Dims &a = c.input(0).dims, &b = c.input(1).dims;
  const int64_t m = y.dims[0], n = y.dims[1], k = a[ta ? 0 : 1];
  with_wide(y.dtype, [&](auto tag) {
    using W = typename decltype(tag)::type;
    auto scaled = [](double factor, W v) {
      return factor == 1 ? v : static_cast<W>(factor * static_cast<double>(v));
    };
    const auto va = load_all<W>(c.input(0)), vb = load_all<W>(c.input(1));
    std::vector<W> result(static_cast<size_t>(m * n));
    multiply(va.data(), ta ? 1 : a[1], ta ? a[1] : 1, vb.data(), tb ? 1 : b[1], tb ? b[1] : 1, result.data(),
             m, n, k);
    for (W& v : result) v = scaled(alpha, v);
    if (c.has(2)) {
      const auto vc = load_all<W>(c.input(2));
      W* dst = result.data();
      for_each_broadcast<1>(y.dims, {broadcast_strides(c.input(2).dims, y.dims)}, [&](const auto& at) {
        *dst = wrapping_add(*dst, scaled(beta, vc[static_cast<size_t>(at[0])]));
        ++dst;
      });
    }
    store(result.data(), m * n, y, 0);
  });
  return {};
}

Cost product_cost(const CostContext& c, int64_t k) {
  Cost cost{2.0 * static_cast<double>(c.outputs[0].size()) * static_cast<double>(k),
            static_cast<double>(c.outputs[0].bytes())};
  for (const TensorView& v : c.inputs)
    cost.bytes += v.dtype == DataType::kInvalid ? 0 : static_cast<double>(v.bytes());
  return cost;
}
Cost cost_matmul(const CostContext& c) { return product_cost(c, c.inputs[0].dims.back()); }
Cost cost_gemm(const CostContext& c) {
  return product_cost(c, c.inputs[0].dims[c.attrs.get_int("transA") != 0 ? 0 : 1]);
}

std::vector<OpCase> cases_matmul() {
  auto x = [](Dims dims) { return random_input(std::move(dims)); };
  return {{"matrices", {}, {x({7, 5}), x({5, 9})}},
          {"stack", {}, {x({2, 3, 7, 5}), x({2, 3, 5, 9})}},
          {"shared_b", {}, {x({4, 7, 5}), x({5, 9})}},
          {"broadcast", {}, {x({4, 1, 7, 5}), x({3, 5, 9})}},
          {"vector_matrix", {}, {x({5}), x({3, 5, 9})}},
          {"matrix_vector", {}, {x({3, 7, 5}), x({5})}},
          {"dot", {}, {x({5}), x({5})}},
          {"empty_k", {}, {x({3, 0}), x({0, 4})}},
          {"integers",
           {},
           {random_input({3, 4}, -9, 9, DataType::kI32), random_input({4, 2}, -9, 9, DataType::kI32)}}};
}

std::vector<OpCase> cases_gemm() {
  auto x = [](Dims dims) { return random_input(std::move(dims)); };
  return {
      {"plain", {}, {x({7, 5}), x({5, 9})}},
      {"bias", {{"transB", int64_t{1}}}, {x({7, 5}), x({9, 5}), x({9})}},
      {"all", {{"transA", int64_t{1}}, {"alpha", 0.5f}, {"beta", 0.25f}}, {x({5, 7}), x({5, 9}), x({7, 1})}}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_MatMul() {
  static const OpDef op{"MatMul", 2, 2, 1, 1, {}, ops::infer_matmul, ops::eval_matmul, ops::cost_matmul};
  return op;
}

std::vector<OpCase> cases_MatMul() { return ops::cases_matmul(); }

const OpDef& op_Gemm() {
  static const OpDef op{"Gemm",
                        2,
                        3,
                        1,
                        1,
                        {optional<float>("alpha", 1), optional<float>("beta", 1),
                         optional<int64_t>("transA", 0), optional<int64_t>("transB", 0)},
                        ops::infer_gemm,
                        ops::eval_gemm,
                        ops::cost_gemm};
  return op;
}

std::vector<OpCase> cases_Gemm() { return ops::cases_gemm(); }

}  // namespace ingot
