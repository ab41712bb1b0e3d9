// Statistics of rows, which the normalising ops share.
#pragma once

#include <cmath>

#include "ops/common.h"
#include "ops/wide.h"

namespace ingot::ops {

struct RowStatistics {
  double mean, inverse_deviation;  // 1 / sqrt(variance + epsilon)
};

/// Of `count` elements that lie `step` apart.
inline RowStatistics row_statistics(const double* x, int64_t count, double epsilon, int64_t step = 1) {
  double sum = 0, squares = 0;
  for (int64_t i = 0; i < count; ++i) sum += x[i * step];
  const double mean = sum / static_cast<double>(count);
  for (int64_t i = 0; i < count; ++i) squares += (x[i * step] - mean) * (x[i * step] - mean);
  return {mean, 1 / std::sqrt(squares / static_cast<double>(count) + epsilon)};
}

/// The number of elements in dims [first, last).
inline int64_t count_of(const Dims& dims, size_t first, size_t last) {
  int64_t n = 1;
  for (size_t d = first; d < last; ++d) n *= dims[d];
  return n;
}

/// An error unless input i is absent or of shape [channels] where both are known.
inline Status expect_channels(const InferContext& c, size_t i, const Dim& channels) {
  INGOT_RETURN_IF_ERROR(expect_rank(c, i, 1, 1));
  if (!c.has(i) || !c.type(i).is_static() || !channels.is_const() || c.shape(i)[0] == channels) return {};
  return invalid_argument("input ", i, " has shape ", to_string(c.shape(i)), ", expected [",
                          channels.to_string(), "]");
}

/// An error unless input i is absent or broadcasts to `shape`.
inline Status expect_broadcasts_to(const InferContext& c, size_t i, const Shape& shape) {
  if (!c.has(i) || !c.type(i).ranked) return {};
  INGOT_ASSIGN_OR_RETURN(const Shape together, broadcast(c.shape(i), shape));
  if (together.size() == shape.size() && (!is_static(together) || !is_static(shape) || together == shape))
    return {};
  return invalid_argument("input ", i, " of shape ", to_string(c.shape(i)), " does not broadcast to ",
                          to_string(shape));
}

/// Input i, broadcast to `dims` (the dims of one row) and as doubles; `fallback` everywhere when it is
/// absent.
inline std::vector<double> load_broadcast(const EvalContext& c, size_t i, const Dims& dims, double fallback) {
  std::vector<double> out(static_cast<size_t>(num_elements(dims)), fallback);
  if (!c.has(i)) return out;
  const std::vector<double> values = load_all<double>(c.input(i));
  size_t at = 0;
  for_each_broadcast<1>(dims, {broadcast_strides(c.input(i).dims, dims)},
                        [&](const auto& from) { out[at++] = values[static_cast<size_t>(from[0])]; });
  return out;
}

inline Cost normalization_cost(const CostContext& c) {
  Cost cost{8 * static_cast<double>(c.inputs[0].size())};
  for (const TensorView& v : c.inputs) cost.bytes += static_cast<double>(v.bytes());
  for (const TensorView& v : c.outputs) cost.bytes += static_cast<double>(v.bytes());
  return cost;
}

}  // namespace ingot::ops
