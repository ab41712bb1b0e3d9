// Det: determinants of square matrices, by Gaussian elimination with partial pivoting.
#include <cmath>

#include "ops/common.h"
#include "ops/wide.h"

namespace ingot::ops {
namespace {

Status infer(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kFloats));
  INGOT_RETURN_IF_ERROR(expect_rank(c, 0, 2, kVariadic));
  const TensorType& x = c.type(0);
  if (!x.ranked) {
    c.set_unranked(0, x.dtype);
    return {};
  }
  const Dim &rows = x.shape[x.shape.size() - 2], &columns = x.shape.back();
  if (rows.is_const() && columns.is_const() && rows != columns)
    return invalid_argument("matrices of shape ", to_string(x.shape), " are not square");
  c.set(0, x.dtype, Shape(x.shape.begin(), x.shape.end() - 2));
  return {};
}

double determinant(double* m, int64_t n) {
  double det = 1;
  for (int64_t k = 0; k < n; ++k) {
    int64_t pivot = k;
    for (int64_t i = k + 1; i < n; ++i)
      if (std::abs(m[i * n + k]) > std::abs(m[pivot * n + k])) pivot = i;
    if (m[pivot * n + k] == 0) return 0;
    if (pivot != k) {
      for (int64_t j = 0; j < n; ++j) std::swap(m[k * n + j], m[pivot * n + j]);
      det = -det;
    }
    det *= m[k * n + k];
    for (int64_t i = k + 1; i < n; ++i) {
      const double factor = m[i * n + k] / m[k * n + k];
      for (int64_t j = k; j < n; ++j) m[i * n + j] -= factor * m[k * n + j];
    }
  }
  return det;
}

Status eval(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer));
  const int64_t n = c.input(0).dims.back();
  auto values = load_all<double>(c.input(0));
  for (int64_t i = 0; i < y.size(); ++i) {
    const double det = determinant(values.data() + i * n * n, n);
    store(&det, 1, y, i);
  }
  return {};
}

std::vector<OpCase> cases() {
  return {{"one", {}, {random_input({3, 3})}}, {"stack", {}, {random_input({2, 3, 4, 4})}}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_Det() {
  static const OpDef op{"Det", 1, 1, 1, 1, {}, ops::infer, ops::eval, nullptr};
  return op;
}

std::vector<OpCase> cases_Det() { return ops::cases(); }

}  // namespace ingot
