// One head of scaled dot-product attention: what Attention and MultiHeadAttention share.
#pragma once

#include <cmath>
#include <limits>

#include "ops/common.h"

namespace ingot::ops {

/// Rows of q, k and v lie `*_step` apart.
struct AttentionHead {
  const double *q, *k, *v;
  int64_t q_step, k_step, v_step;
  int64_t queries, keys, dim, v_dim;
  double scale, softcap = 0;

  double cap(double x) const { return softcap > 0 ? softcap * std::tanh(x / softcap) : x; }
  /// What run computes for one query and one key.
  struct Step {
    double product, capped, logit, probability;
  };
  /// out row i = softmax_j(bias(i, j, scale * q_i . k_j)) v_j. The bias is added by the callback, which gives
  /// -infinity where query i must not see key j; a query that sees none gives zeros. `observe(i, j, step)`
  /// sees what each step gives.
  template <class Bias, class Observe>
  void run(double* out, int64_t out_step, Bias&& bias, Observe&& observe) const {
    std::vector<double> products(static_cast<size_t>(keys)), logits(products), weights(products);
    for (int64_t i = 0; i < queries; ++i) {
      double peak = -std::numeric_limits<double>::infinity(), sum = 0;
      for (int64_t j = 0; j < keys; ++j) {
        double product = 0;
        for (int64_t d = 0; d < dim; ++d) product += q[i * q_step + d] * k[j * k_step + d];
        product *= scale;
        const double capped = cap(product);
        const double added = bias(i, j);
        const bool masked = added == -std::numeric_limits<double>::infinity();
        const size_t n = static_cast<size_t>(j);
        products[n] = product;
        logits[n] = masked ? added : capped + added;
        peak = std::max(peak, logits[n]);
      }
      for (int64_t j = 0; j < keys; ++j) {
        const size_t n = static_cast<size_t>(j);
        weights[n] = logits[n] == -std::numeric_limits<double>::infinity() ? 0 : std::exp(logits[n] - peak);
        sum += weights[n];
      }
      double* to = out + i * out_step;
      for (int64_t d = 0; d < v_dim; ++d) to[d] = 0;
      for (int64_t j = 0; j < keys; ++j) {
        const size_t n = static_cast<size_t>(j);
        const double p = sum == 0 ? 0 : weights[n] / sum;
        for (int64_t d = 0; d < v_dim; ++d) to[d] += p * v[j * v_step + d];
        observe(i, j, Step{products[n], cap(products[n]), logits[n], p});
      }
    }
  }
};

/// A mask that broadcasts to [batch, heads, queries, keys], as doubles to add: booleans give 0 (seen) or
/// -infinity.
class AttentionMask {
 public:
  /// `mask` may be null. Its last dim may be shorter than `full`'s: the keys beyond it are not seen.
  static Result<AttentionMask> make(const TensorView* mask, const Dims& full);
  double at(int64_t batch, int64_t head, int64_t query, int64_t key) const {
    if (values_.empty()) return 0;
    if (key >= keys_) return -std::numeric_limits<double>::infinity();
    return values_[static_cast<size_t>(batch * strides_[0] + head * strides_[1] + query * strides_[2] +
                                       key * strides_[3])];
  }

 private:
  std::vector<double> values_;
  Dims strides_;
  int64_t keys_ = 0;
};

/// An error unless mask input i is bool or of the type of input 0, and fits `full` where both are known.
Status expect_mask(const InferContext& c, size_t i, const Shape& full, bool may_be_short);

}  // namespace ingot::ops
