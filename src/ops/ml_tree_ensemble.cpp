// ml.TreeEnsemble, ml.TreeEnsembleRegressor, ml.TreeEnsembleClassifier:
// https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsemble.html and its older forms
#include <algorithm>
#include <cmath>
#include <set>

#include "ops/ml_forest.h"
#include "ops/wide.h"

namespace ingot::ops {
namespace {

constexpr int64_t kMaxTargets = int64_t{1} << 24;

Status check_targets(int64_t targets) {
  if (targets >= 1 && targets <= kMaxTargets) return {};
  return invalid_argument("n_targets is ", targets, ", expected 1 to ", kMaxTargets);
}

Status infer_scores(InferContext& c, int64_t targets, DataType dtype) {
  INGOT_RETURN_IF_ERROR(check_targets(targets));
  INGOT_ASSIGN_OR_RETURN(const auto dims, feature_dims(c));
  c.set(0, dtype, {dims ? dims->rows : c.fresh_dim(), targets});
  return {};
}

Result<Aggregate> read_aggregate(const std::string& name) {
  if (name == "SUM") return Aggregate::kSum;
  if (name == "AVERAGE") return Aggregate::kAverage;
  if (name == "MIN") return Aggregate::kMin;
  if (name == "MAX") return Aggregate::kMax;
  return invalid_argument("aggregate_function is '", name, "', expected SUM, AVERAGE, MIN or MAX");
}

// Base values (none, one for all, or one for each target) and the transform, row by row.
Status finish(std::vector<double>& scores, const std::vector<double>& base, PostTransform transform,
              size_t targets) {
  if (base.size() > 1 && base.size() != targets)
    return invalid_argument("base_values has ", base.size(), " values, expected ", targets);
  for (size_t row = 0; row < scores.size(); row += targets) {
    for (size_t k = 0; k < targets && !base.empty(); ++k) scores[row + k] += base[base.size() == 1 ? 0 : k];
    transform_scores(transform, {scores.data() + row, targets});
  }
  return {};
}

Status infer_regressor(InferContext& c) {
  INGOT_RETURN_IF_ERROR(read_post_transform(c.attrs).status());
  INGOT_RETURN_IF_ERROR(read_aggregate(c.attrs.get_string("aggregate_function", "SUM")).status());
  return infer_scores(c, c.attrs.get_int("n_targets", 1), DataType::kF32);
}

Status eval_regressor(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer_regressor));
  INGOT_ASSIGN_OR_RETURN(const PostTransform transform, read_post_transform(c.attrs));
  INGOT_ASSIGN_OR_RETURN(const Aggregate how,
                         read_aggregate(c.attrs.get_string("aggregate_function", "SUM")));
  INGOT_ASSIGN_OR_RETURN(const Forest forest, Forest::read_old(c.attrs, "target", y.dims[1]));
  INGOT_ASSIGN_OR_RETURN(std::vector<double> scores, aggregate_forest(forest, how, y.dims[1], c.input(0)));
  INGOT_RETURN_IF_ERROR(
      finish(scores, read_numbers(c.attrs, "base_values"), transform, static_cast<size_t>(y.dims[1])));
  store(scores.data(), y.size(), y, 0);
  return {};
}

Status infer_ensemble(InferContext& c) {
  if (const int64_t how = c.attrs.get_int("aggregate_function", 1); how < 0 || how > 3)
    return invalid_argument("aggregate_function is ", how, ", expected 0 to 3");
  if (const int64_t transform = c.attrs.get_int("post_transform"); transform < 0 || transform > 4)
    return invalid_argument("post_transform is ", transform, ", expected 0 to 4");
  return infer_scores(c, c.attrs.get_int("n_targets", 1), c.type(0).dtype);
}

Status eval_ensemble(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer_ensemble));
  constexpr PostTransform kTransforms[] = {PostTransform::kNone, PostTransform::kSoftmax,
                                           PostTransform::kLogistic, PostTransform::kSoftmaxZero,
                                           PostTransform::kProbit};
  INGOT_ASSIGN_OR_RETURN(const Forest forest, Forest::read_new(c.attrs, y.dims[1]));
  INGOT_ASSIGN_OR_RETURN(
      std::vector<double> scores,
      aggregate_forest(forest, static_cast<Aggregate>(c.attrs.get_int("aggregate_function", 1)), y.dims[1],
                       c.input(0)));
  INGOT_RETURN_IF_ERROR(
      finish(scores, {}, kTransforms[c.attrs.get_int("post_transform")], static_cast<size_t>(y.dims[1])));
  store(scores.data(), y.size(), y, 0);
  return {};
}

Status infer_classes(InferContext& c) {
  INGOT_RETURN_IF_ERROR(read_post_transform(c.attrs).status());
  INGOT_ASSIGN_OR_RETURN(const Ints labels, read_labels(c.attrs, "classlabels_int64s"));
  return infer_classifier(c, static_cast<int64_t>(labels.size()));
}

// Two classes, but all weights are of one: the score is that of the second class, and the first gets what is
// left. Scores that are probabilities (no weight is negative) are decided at 0.5, others at 0.
Status eval_one_score(EvalContext& c, const std::vector<OutputType>& types, const Ints& names,
                      const std::vector<double>& scores, PostTransform transform) {
  const std::vector<double> weights = read_numbers(c.attrs, "class_weights"),
                            base = read_numbers(c.attrs, "base_values");
  const bool positive = std::all_of(weights.begin(), weights.end(), [](double w) { return w >= 0; });
  Ints labels;
  std::vector<double> both;
  for (size_t row = 0; row < scores.size(); row += 2) {
    const double s = scores[row] + scores[row + 1] + (base.empty() ? 0 : base.back());
    labels.push_back(names[s > (positive ? 0.5 : 0) ? 1 : 0]);
    if (transform == PostTransform::kLogistic)
      both.insert(both.end(), {1 / (1 + std::exp(s)), 1 / (1 + std::exp(-s))});
    else
      both.insert(both.end(), {positive ? 1 - s : -s, s});
  }
  return store_classes(c, types, labels, both);
}

Status eval_classes(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const auto types, infer_concrete(c, infer_classes));
  INGOT_ASSIGN_OR_RETURN(const PostTransform transform, read_post_transform(c.attrs));
  INGOT_ASSIGN_OR_RETURN(const Ints names, read_labels(c.attrs, "classlabels_int64s"));
  const int64_t classes = static_cast<int64_t>(names.size());
  INGOT_ASSIGN_OR_RETURN(const Forest forest, Forest::read_old(c.attrs, "class", classes));
  INGOT_ASSIGN_OR_RETURN(std::vector<double> scores,
                         aggregate_forest(forest, Aggregate::kSum, classes, c.input(0)));
  const Ints ids = c.attrs.get_ints("class_ids");
  if (classes == 2 && std::set<int64_t>(ids.begin(), ids.end()).size() == 1)
    return eval_one_score(c, types, names, scores, transform);
  INGOT_RETURN_IF_ERROR(
      finish(scores, read_numbers(c.attrs, "base_values"), PostTransform::kNone, names.size()));
  Ints labels;
  for (size_t row = 0; row < scores.size(); row += names.size()) {
    const std::span<double> one(scores.data() + row, names.size());
    labels.push_back(names[static_cast<size_t>(std::max_element(one.begin(), one.end()) - one.begin())]);
    transform_scores(transform, one);
  }
  return store_classes(c, types, labels, scores);
}

std::vector<AttrSpec> old_attrs(const std::string_view (&own)[5], std::vector<AttrSpec> more) {
  std::vector<AttrSpec> attrs = {optional<Floats>("base_values", {}),
                                 absent_or<Tensor>("base_values_as_tensor"),
                                 required<Ints>("nodes_falsenodeids"),
                                 required<Ints>("nodes_featureids"),
                                 optional<Floats>("nodes_hitrates", {}),
                                 absent_or<Tensor>("nodes_hitrates_as_tensor"),
                                 optional<Ints>("nodes_missing_value_tracks_true", {}),
                                 required<Strings>("nodes_modes"),
                                 required<Ints>("nodes_nodeids"),
                                 required<Ints>("nodes_treeids"),
                                 required<Ints>("nodes_truenodeids"),
                                 optional<Floats>("nodes_values", {}),
                                 absent_or<Tensor>("nodes_values_as_tensor"),
                                 optional<std::string>("post_transform", "NONE"),
                                 required<Ints>(own[0]),
                                 required<Ints>(own[1]),
                                 required<Ints>(own[2]),
                                 optional<Floats>(own[3], {}),
                                 absent_or<Tensor>(own[4])};
  attrs.insert(attrs.end(), more.begin(), more.end());
  return attrs;
}

// Two stumps on features 0 and 1, with `weights` at their four leaves.
Attrs stumps(const std::string& prefix, Floats weights, Ints ids) {
  Attrs a = {{"nodes_treeids", Ints{0, 0, 0, 1, 1, 1}},
             {"nodes_nodeids", Ints{0, 1, 2, 0, 1, 2}},
             {"nodes_featureids", Ints{0, 0, 0, 1, 0, 0}},
             {"nodes_modes", Strings{"BRANCH_LEQ", "LEAF", "LEAF", "BRANCH_GT", "LEAF", "LEAF"}},
             {"nodes_values", Floats{0.25f, 0, 0, -0.5f, 0, 0}},
             {"nodes_truenodeids", Ints{1, 0, 0, 1, 0, 0}},
             {"nodes_falsenodeids", Ints{2, 0, 0, 2, 0, 0}}};
  a.set(prefix + "_treeids", Ints{0, 0, 1, 1});
  a.set(prefix + "_nodeids", Ints{1, 2, 1, 2});
  a.set(prefix + "_ids", std::move(ids));
  a.set(prefix + "_weights", std::move(weights));
  return a;
}

std::vector<OpCase> regressor_cases() {
  Attrs sum = stumps("target", {1, 2, 3, 4}, {0, 1, 0, 1}),
        average = stumps("target", {1, 2, 3, 4}, {0, 0, 0, 0});
  sum.set("n_targets", int64_t{2});
  average.set("aggregate_function", std::string("AVERAGE"));
  average.set("base_values", Floats{0.5f});
  return {{"two_targets", sum, {random_input({7, 3})}}, {"average", average, {random_input({7, 3})}}};
}

std::vector<OpCase> classifier_cases() {
  Attrs many = stumps("class", {1, 2, 3, 4}, {0, 1, 2, 1}),
        binary = stumps("class", {-1, 2, -3, 4}, {0, 0, 0, 0});
  many.set("classlabels_int64s", Ints{5, 6, 7});
  many.set("post_transform", std::string("SOFTMAX"));
  binary.set("classlabels_int64s", Ints{0, 1});
  binary.set("post_transform", std::string("LOGISTIC"));
  return {{"three_classes", many, {random_input({7, 3})}, 2},
          {"one_score", binary, {random_input({7, 3})}, 2}};
}

Tensor numbers(Floats values) { return Tensor::vector_f32(values); }

std::vector<OpCase> ensemble_cases() {
  auto modes = Tensor::allocate(DataType::kU8, {2});
  INGOT_CHECK(modes.ok());
  modes->mutable_span<uint8_t>()[0] = Forest::kMember;
  modes->mutable_span<uint8_t>()[1] = Forest::kLess;
  const Attrs attrs = {{"tree_roots", Ints{0}},
                       {"n_targets", int64_t{2}},
                       {"nodes_featureids", Ints{0, 1}},
                       {"nodes_truenodeids", Ints{1, 0}},
                       {"nodes_falsenodeids", Ints{2, 1}},
                       {"nodes_trueleafs", Ints{0, 1}},
                       {"nodes_falseleafs", Ints{1, 1}},
                       {"nodes_modes", *modes},
                       {"nodes_splits", numbers({0, 0.5f})},
                       {"membership_values", numbers({1, 2, NAN})},
                       {"leaf_targetids", Ints{0, 1, 0}},
                       {"leaf_weights", numbers({1, 2, 3})}};
  return {{"members", attrs, {constant_input(numbers({1, 0, 2, 1, 3, 0}).reshaped({3, 2}))}}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_MlTreeEnsembleRegressor() {
  static const OpDef op{
      "ml.TreeEnsembleRegressor",
      1,
      1,
      1,
      1,
      ops::old_attrs(
          {"target_ids", "target_nodeids", "target_treeids", "target_weights", "target_weights_as_tensor"},
          {optional<std::string>("aggregate_function", "SUM"), optional<int64_t>("n_targets", 1)}),
      ops::infer_regressor,
      ops::eval_regressor,
      nullptr};
  return op;
}

std::vector<OpCase> cases_MlTreeEnsembleRegressor() { return ops::regressor_cases(); }

const OpDef& op_MlTreeEnsembleClassifier() {
  static const OpDef op{
      "ml.TreeEnsembleClassifier",
      1,
      1,
      1,
      2,
      ops::old_attrs(
          {"class_ids", "class_nodeids", "class_treeids", "class_weights", "class_weights_as_tensor"},
          {optional<Ints>("classlabels_int64s", {}), optional<Strings>("classlabels_strings", {})}),
      ops::infer_classes,
      ops::eval_classes,
      nullptr};
  return op;
}

std::vector<OpCase> cases_MlTreeEnsembleClassifier() { return ops::classifier_cases(); }

const OpDef& op_MlTreeEnsemble() {
  static const OpDef op{
      "ml.TreeEnsemble",
      1,
      1,
      1,
      1,
      {optional<int64_t>("aggregate_function", 1), required<Ints>("leaf_targetids"),
       required<Tensor>("leaf_weights"), absent_or<Tensor>("membership_values"),
       optional<int64_t>("n_targets", 1), required<Ints>("nodes_falseleafs"),
       required<Ints>("nodes_falsenodeids"), required<Ints>("nodes_featureids"),
       absent_or<Tensor>("nodes_hitrates"), optional<Ints>("nodes_missing_value_tracks_true", {}),
       required<Tensor>("nodes_modes"), required<Tensor>("nodes_splits"), required<Ints>("nodes_trueleafs"),
       required<Ints>("nodes_truenodeids"), optional<int64_t>("post_transform", 0),
       required<Ints>("tree_roots")},
      ops::infer_ensemble,
      ops::eval_ensemble,
      nullptr};
  return op;
}

std::vector<OpCase> cases_MlTreeEnsemble() { return ops::ensemble_cases(); }

}  // namespace ingot
