#include "ops/matrices.h"

#include "ops/broadcast.h"
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

}  // namespace

Result<Shape> product_shape(const Attrs& attrs, const Shape& a, const Shape& b) {
  if (a.size() < 2 || b.size() < 2)
    return invalid_argument("A has shape ", to_string(a), " and B ", to_string(b), ", expected matrices");
  const auto [m, k] = matrix(a, attrs.get_int("trans_a") != 0);
  const auto [kb, n] = matrix(b, attrs.get_int("trans_b") != 0);
  if (k.is_const() && kb.is_const() && k != kb)
    return invalid_argument("A of shape ", to_string(a), " and B of shape ", to_string(b),
                            " do not multiply");
  INGOT_ASSIGN_OR_RETURN(Shape y, broadcast(batch_of(a), batch_of(b)));
  y.push_back(m);
  y.push_back(n);
  return y;
}

std::vector<double> products(const Attrs& attrs, const TensorView& a, const TensorView& b, const Dims& y) {
  const bool trans_a = attrs.get_int("trans_a") != 0, trans_b = attrs.get_int("trans_b") != 0;
  const auto [m, k] = matrix(a.dims, trans_a);
  const int64_t n = matrix(b.dims, trans_b).second;
  const Dims a_batch = batch_of(a.dims), b_batch = batch_of(b.dims), batch = batch_of(y);
  std::vector<double> sums(static_cast<size_t>(num_elements(y)));
  double* to = sums.data();
  const Matrices matrices{m, k, n, trans_a, trans_b};
  const int64_t a_size = m * k, b_size = k * n, y_size = m * n;
  for_each_broadcast<2>(batch, {broadcast_strides(a_batch, batch), broadcast_strides(b_batch, batch)},
                        [&](const auto& at) {
                          matrices.multiply(a, at[0] * a_size, b, at[1] * b_size, to);
                          to += y_size;
                        });
  return sums;
}

double product_flops(const Attrs& attrs, const TensorView& a, const TensorView& y) {
  if (a.rank() < 2) return 0;
  return 2 * static_cast<double>(y.size()) *
         static_cast<double>(matrix(a.dims, attrs.get_int("trans_a") != 0).second);
}

}  // namespace ingot::ops
