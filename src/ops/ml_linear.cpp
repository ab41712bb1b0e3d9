// ml.LinearClassifier, ml.LinearRegressor, ml.SVMRegressor:
// https://onnx.ai/onnx/operators/onnx_aionnxml_LinearClassifier.html and its siblings (version 1)
#include <algorithm>
#include <cmath>

#include "ops/ml.h"
#include "ops/wide.h"

namespace ingot::ops {
namespace {

// `coefficients` holds `count` rows, one value for each column of X. More than that are allowed, and unused:
// models whose X has fewer columns than they were trained on exist, and other runtimes run them so.
Status check_coefficients(const InferContext& c, int64_t count) {
  INGOT_ASSIGN_OR_RETURN(const auto dims, feature_dims(c));
  const int64_t size = static_cast<int64_t>(c.attrs.get<Floats>("coefficients").size());
  const int64_t offsets = static_cast<int64_t>(c.attrs.get<Floats>("intercepts").size());
  if (count < 1 || size < count || (offsets != 0 && offsets != count))
    return invalid_argument("got ", size, " coefficients and ", offsets, " intercepts for ", count,
                            " scores");
  if (dims && dims->columns.is_const() && dims->columns.value() > size / count)
    return invalid_argument("X has shape ", to_string(c.shape(0)), ", expected at most ", size / count,
                            " columns");
  return {};
}

// Row by row: coefficients x + intercepts.
std::vector<double> linear_scores(const EvalContext& c, int64_t count) {
  const Floats coefficients = c.attrs.get<Floats>("coefficients"),
               intercepts = c.attrs.get<Floats>("intercepts");
  const std::vector<double> x = load_all<double>(c.input(0));
  const Dims& dims = c.input(0).dims;
  const size_t columns = static_cast<size_t>(dims.back()),
               rows = dims.size() == 1 ? 1 : static_cast<size_t>(dims[0]);
  std::vector<double> scores;
  for (size_t row = 0; row < rows; ++row) {
    for (size_t k = 0; k < static_cast<size_t>(count); ++k) {
      double sum = intercepts.empty() ? 0 : intercepts[k];
      for (size_t i = 0; i < columns; ++i)
        sum += static_cast<double>(coefficients[k * columns + i]) * x[row * columns + i];
      scores.push_back(sum);
    }
  }
  return scores;
}

int64_t num_classes(const Attrs& attrs) {
  return static_cast<int64_t>(attrs.get<Floats>("intercepts").size());
}

Status infer_classes(InferContext& c) {
  INGOT_RETURN_IF_ERROR(read_post_transform(c.attrs).status());
  INGOT_ASSIGN_OR_RETURN(const Ints labels, read_labels(c.attrs, "classlabels_ints"));
  const int64_t scores = num_classes(c.attrs), given = static_cast<int64_t>(labels.size());
  if (given != scores && !(given == 2 && scores == 1))
    return invalid_argument("got ", given, " class labels and ", scores, " intercepts");
  INGOT_RETURN_IF_ERROR(check_coefficients(c, scores));
  return infer_classifier(c, given);
}

Status eval_classes(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const auto types, infer_concrete(c, infer_classes));
  INGOT_ASSIGN_OR_RETURN(const PostTransform transform, read_post_transform(c.attrs));
  INGOT_ASSIGN_OR_RETURN(const Ints names, read_labels(c.attrs, "classlabels_ints"));
  const size_t classes = names.size();
  std::vector<double> scores = linear_scores(c, num_classes(c.attrs));
  Ints labels;
  if (num_classes(c.attrs) == 1 && classes == 2) {  // one score stands for the second class
    std::vector<double> both;
    for (double s : scores) {
      labels.push_back(names[s > 0 ? 1 : 0]);
      const bool logistic = transform == PostTransform::kLogistic;
      both.insert(both.end(),
                  {logistic ? 1 / (1 + std::exp(s)) : 1 - s, logistic ? 1 / (1 + std::exp(-s)) : s});
    }
    return store_classes(c, types, labels, both);
  }
  for (size_t row = 0; row < scores.size(); row += classes) {
    const std::span<double> one(scores.data() + row, classes);
    labels.push_back(names[static_cast<size_t>(std::max_element(one.begin(), one.end()) - one.begin())]);
    transform_scores(transform, one);
  }
  return store_classes(c, types, labels, scores);
}

Status infer_targets(InferContext& c) {
  INGOT_RETURN_IF_ERROR(read_post_transform(c.attrs).status());
  const int64_t targets = c.attrs.get_int("targets", 1);
  INGOT_RETURN_IF_ERROR(check_coefficients(c, targets));
  INGOT_ASSIGN_OR_RETURN(const auto dims, feature_dims(c));
  c.set(0, DataType::kF32, {dims ? dims->rows : c.fresh_dim(), targets});
  return {};
}

Status eval_targets(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer_targets));
  INGOT_ASSIGN_OR_RETURN(const PostTransform transform, read_post_transform(c.attrs));
  const int64_t targets = y.dims[1];
  std::vector<double> scores = linear_scores(c, targets);
  for (int64_t row = 0; row < y.dims[0]; ++row)
    transform_scores(transform, {scores.data() + row * targets, static_cast<size_t>(targets)});
  store(scores.data(), y.size(), y, 0);
  return {};
}

// The kernel function of a support vector machine.
struct SvmKernel {
  std::string type;
  double gamma = 0, coef0 = 0, degree = 0;
  static Result<SvmKernel> read(const Attrs& attrs) {
    SvmKernel k{attrs.get_string("kernel_type", "LINEAR")};
    const Floats params = attrs.get<Floats>("kernel_params");
    if (k.type != "LINEAR" && k.type != "POLY" && k.type != "RBF" && k.type != "SIGMOID")
      return invalid_argument("kernel_type is '", k.type, "', expected LINEAR, POLY, RBF or SIGMOID");
    if (!params.empty() && params.size() != 3)
      return invalid_argument("kernel_params has ", params.size(), " values, expected 3");
    if (!params.empty()) k = {k.type, params[0], params[1], params[2]};
    return k;
  }
  double operator()(const double* x, const float* y, size_t n) const {
    double sum = 0;
    for (size_t i = 0; i < n; ++i) sum += type == "RBF" ? (x[i] - y[i]) * (x[i] - y[i]) : x[i] * y[i];
    if (type == "RBF") return std::exp(-gamma * sum);
    if (type == "POLY") return std::pow(gamma * sum + coef0, degree);
    return type == "SIGMOID" ? std::tanh(gamma * sum + coef0) : sum;
  }
};

Status infer_svm(InferContext& c) {
  INGOT_RETURN_IF_ERROR(read_post_transform(c.attrs).status());
  INGOT_RETURN_IF_ERROR(SvmKernel::read(c.attrs).status());
  INGOT_ASSIGN_OR_RETURN(const auto dims, feature_dims(c));
  const int64_t supports = c.attrs.get_int("n_supports");
  const int64_t coefficients = static_cast<int64_t>(c.attrs.get<Floats>("coefficients").size());
  const int64_t vectors = static_cast<int64_t>(c.attrs.get<Floats>("support_vectors").size());
  if (supports < 0 || (supports > 0 && (coefficients != supports || vectors % supports != 0)) ||
      c.attrs.get<Floats>("rho").size() != 1)
    return invalid_argument("got ", supports, " supports with ", coefficients, " coefficients, ", vectors,
                            " vector elements and ", c.attrs.get<Floats>("rho").size(), " values of rho");
  const int64_t columns = supports > 0 ? vectors / supports : coefficients;
  if (dims && dims->columns.is_const() && dims->columns.value() != columns)
    return invalid_argument("X has shape ", to_string(c.shape(0)), ", expected ", columns, " columns");
  c.set(0, DataType::kF32, {dims ? dims->rows : c.fresh_dim(), 1});
  return {};
}

Status eval_svm(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer_svm));
  INGOT_ASSIGN_OR_RETURN(const PostTransform transform, read_post_transform(c.attrs));
  INGOT_ASSIGN_OR_RETURN(const SvmKernel kernel, SvmKernel::read(c.attrs));
  const Floats coefficients = c.attrs.get<Floats>("coefficients"),
               vectors = c.attrs.get<Floats>("support_vectors"), rho = c.attrs.get<Floats>("rho");
  const size_t supports = static_cast<size_t>(c.attrs.get_int("n_supports"));
  const size_t columns = supports > 0 ? vectors.size() / supports : coefficients.size();
  const bool one_class = c.attrs.get_int("one_class") != 0;
  const std::vector<double> x = load_all<double>(c.input(0));
  std::vector<double> result;
  for (size_t row = 0; row < static_cast<size_t>(y.size()); ++row) {
    const double* in = x.data() + row * columns;
    double sum = rho[0];
    if (supports == 0) sum += kernel(in, coefficients.data(), columns);
    for (size_t j = 0; j < supports; ++j)
      sum += coefficients[j] * kernel(in, vectors.data() + j * columns, columns);
    result.push_back(one_class ? (sum > 0 ? 1 : -1) : sum);
    transform_scores(transform, {&result.back(), 1});
  }
  store(result.data(), y.size(), y, 0);
  return {};
}

std::vector<OpCase> classifier_cases() {
  const Attrs three = {{"coefficients", Floats{1, 0.5f, -1, 0.25f, 0, 2}},
                       {"intercepts", Floats{0.1f, 0.2f, -0.3f}},
                       {"classlabels_ints", Ints{3, 7, 9}},
                       {"post_transform", std::string("SOFTMAX")}};
  const Attrs one = {{"coefficients", Floats{1, 0.5f}},
                     {"intercepts", Floats{0.1f}},
                     {"classlabels_ints", Ints{3, 7}},
                     {"post_transform", std::string("LOGISTIC")}};
  return {{"softmax", three, {random_input({5, 2})}, 2}, {"one_score", one, {random_input({5, 2})}, 2}};
}

std::vector<OpCase> regressor_cases() {
  const Attrs two = {{"coefficients", Floats{1, 0.5f, -1, 0.25f, 0, 2}},
                     {"intercepts", Floats{0.1f, 0.2f}},
                     {"targets", int64_t{2}}};
  return {{"two_targets", two, {random_input({5, 3})}}};
}

std::vector<OpCase> svm_cases() {
  const Attrs rbf = {{"coefficients", Floats{1, -0.5f}},  {"support_vectors", Floats{1, 0.5f, -1, 0.25f}},
                     {"n_supports", int64_t{2}},          {"rho", Floats{0.2f}},
                     {"kernel_type", std::string("RBF")}, {"kernel_params", Floats{0.5f, 0, 3}}};
  Attrs linear = {{"coefficients", Floats{1, -0.5f}}, {"rho", Floats{0.2f}}};
  return {{"rbf", rbf, {random_input({5, 2})}}, {"linear", linear, {random_input({5, 2})}}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_MlLinearClassifier() {
  static const OpDef op{
      "ml.LinearClassifier",
      1,
      1,
      1,
      2,
      {optional<Ints>("classlabels_ints", {}), optional<Strings>("classlabels_strings", {}),
       required<Floats>("coefficients"), optional<Floats>("intercepts", {}),
       optional<int64_t>("multi_class", 0), optional<std::string>("post_transform", "NONE")},
      ops::infer_classes,
      ops::eval_classes,
      nullptr};
  return op;
}

std::vector<OpCase> cases_MlLinearClassifier() { return ops::classifier_cases(); }

const OpDef& op_MlLinearRegressor() {
  static const OpDef op{"ml.LinearRegressor",
                        1,
                        1,
                        1,
                        1,
                        {required<Floats>("coefficients"), optional<Floats>("intercepts", {}),
                         optional<std::string>("post_transform", "NONE"), optional<int64_t>("targets", 1)},
                        ops::infer_targets,
                        ops::eval_targets,
                        nullptr};
  return op;
}

std::vector<OpCase> cases_MlLinearRegressor() { return ops::regressor_cases(); }

const OpDef& op_MlSVMRegressor() {
  static const OpDef op{"ml.SVMRegressor",
                        1,
                        1,
                        1,
                        1,
                        {required<Floats>("coefficients"), optional<Floats>("kernel_params", {}),
                         optional<std::string>("kernel_type", "LINEAR"), optional<int64_t>("n_supports", 0),
                         optional<int64_t>("one_class", 0), optional<std::string>("post_transform", "NONE"),
                         required<Floats>("rho"), optional<Floats>("support_vectors", {})},
                        ops::infer_svm,
                        ops::eval_svm,
                        nullptr};
  return op;
}

std::vector<OpCase> cases_MlSVMRegressor() { return ops::svm_cases(); }

}  // namespace ingot
