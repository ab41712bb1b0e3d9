#include "ops/ml.h"

#include <algorithm>
#include <cmath>

#include "ops/wide.h"

namespace ingot::ops {

Result<std::optional<FeatureDims>> feature_dims(const InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kFeatures));
  INGOT_RETURN_IF_ERROR(expect_rank(c, 0, 1, 2));
  if (!c.type(0).ranked) return std::optional<FeatureDims>();
  const Shape& x = c.shape(0);
  return std::optional(x.size() == 1 ? FeatureDims{1, x[0]} : FeatureDims{x[0], x[1]});
}

Result<PostTransform> read_post_transform(const Attrs& attrs) {
  constexpr std::string_view kNames[] = {"NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"};
  const std::string text = attrs.get_string("post_transform", "NONE");
  const auto it = std::find(std::begin(kNames), std::end(kNames), text);
  if (it == std::end(kNames))
    return invalid_argument("post_transform is '", text, "', which ai.onnx.ml does not have");
  return static_cast<PostTransform>(it - std::begin(kNames));
}

namespace {

// The inverse of the error function: Winitzki's approximation, made exact by Newton's method.
double inverse_erf(double y) {
  if (!(std::fabs(y) < 1)) return std::copysign(INFINITY, y);
  const double log = std::log1p(-y * y), a = 2 / (M_PI * 0.147) + log / 2;
  double x = std::copysign(std::sqrt(std::sqrt(a * a - log / 0.147) - a), y);
  for (int i = 0; i < 4; ++i) x -= (std::erf(x) - y) / (2 / std::sqrt(M_PI) * std::exp(-x * x));
  return x;
}

}  // namespace

void transform_scores(PostTransform transform, std::span<double> scores) {
  switch (transform) {
    case PostTransform::kNone:
      return;
    case PostTransform::kLogistic:
      for (double& s : scores) s = 1 / (1 + std::exp(-s));
      return;
    case PostTransform::kProbit:
      for (double& s : scores) s = std::sqrt(2.0) * inverse_erf(2 * s - 1);
      return;
    case PostTransform::kSoftmax:
    case PostTransform::kSoftmaxZero: {
      // SOFTMAX_ZERO leaves scores of zero alone.
      auto counts = [&](double s) { return transform == PostTransform::kSoftmax || std::fabs(s) > 1e-7; };
      double peak = -INFINITY, sum = 0;
      for (double s : scores) peak = std::max(peak, s);
      for (double& s : scores) {
        s = counts(s) ? std::exp(s - peak) : s * std::exp(-peak);
        sum += s;
      }
      for (double& s : scores) s = sum == 0 ? s : s / sum;
      return;
    }
  }
}

Result<Ints> read_labels(const Attrs& attrs, std::string_view name) {
  if (!attrs.get<Strings>("classlabels_strings").empty()) return unsupported("string class labels");
  Ints labels = attrs.get_ints(name);
  if (labels.empty()) return invalid_argument(name, " is missing");
  return labels;
}

Status infer_classifier(InferContext& c, int64_t classes) {
  INGOT_ASSIGN_OR_RETURN(const auto dims, feature_dims(c));
  const Dim rows = dims ? dims->rows : c.fresh_dim();
  c.set(0, DataType::kI64, {rows});
  c.set(1, DataType::kF32, {rows, classes});
  return {};
}

Status store_classes(EvalContext& c, const std::vector<OutputType>& types, const Ints& labels,
                     const std::vector<double>& scores) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, c.output(0, types[0].dtype, types[0].dims));
  store(labels.data(), y.size(), y, 0);
  if (c.num_outputs < 2) return {};
  INGOT_ASSIGN_OR_RETURN(const TensorView z, c.output(1, types[1].dtype, types[1].dims));
  store(scores.data(), z.size(), z, 0);
  return {};
}

}  // namespace ingot::ops
