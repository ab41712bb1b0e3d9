// NegativeLogLikelihoodLoss: https://onnx.ai/onnx/operators/onnx__NegativeLogLikelihoodLoss.html (version 22)
// and SoftmaxCrossEntropyLoss: https://onnx.ai/onnx/operators/onnx__SoftmaxCrossEntropyLoss.html (version
// 13). Scores are [N, classes, rest...], labels [N, rest...].
#include <cmath>

#include "ops/common.h"
#include "ops/wide.h"

namespace ingot::ops {
namespace {

Status infer(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kFloats));
  INGOT_RETURN_IF_ERROR(expect_type(c, 1, kIndices));
  INGOT_RETURN_IF_ERROR(expect_same_type(c, 0, 2));
  const std::string reduction = c.attrs.get_string("reduction", "mean");
  if (reduction != "none" && reduction != "mean" && reduction != "sum")
    return invalid_argument("reduction is '", reduction, "', expected none, mean or sum");
  if (c.type(0).ranked && c.shape(0).size() < 2)
    return invalid_argument("the scores have shape ", to_string(c.shape(0)), ", expected at least 2 dims");
  if (c.type(0).is_static() && c.type(1).is_static()) {
    Shape labels = c.shape(0);
    labels.erase(labels.begin() + 1);
    if (c.shape(1) != labels)
      return invalid_argument("the labels have shape ", to_string(c.shape(1)), ", expected ",
                              to_string(labels));
  }
  if (c.has(2) && c.type(0).is_static() && c.type(2).is_static() && c.shape(2) != Shape{c.shape(0)[1]})
    return invalid_argument("the weights have shape ", to_string(c.shape(2)), ", expected one for each of ",
                            c.shape(0)[1].to_string(), " classes");
  const DataType dtype = c.type(0).dtype;
  if (reduction != "none")
    c.set(0, dtype, {});
  else if (c.type(1).ranked)
    c.set(0, dtype, c.shape(1));
  else
    c.set_unranked(0, dtype);
  if (c.outputs.size() > 1) c.outputs[1].type = c.type(0);
  return {};
}

// Replaces scores by the logarithms of their softmax over the classes.
void log_softmax(std::vector<double>& scores, int64_t batch, int64_t classes, int64_t inner) {
  for (int64_t line = 0; line < batch * inner; ++line) {
    double* x = scores.data() + line / inner * classes * inner + line % inner;
    double peak = -INFINITY, sum = 0;
    for (int64_t k = 0; k < classes; ++k) peak = std::max(peak, x[k * inner]);
    for (int64_t k = 0; k < classes; ++k) sum += std::exp(x[k * inner] - peak);
    for (int64_t k = 0; k < classes; ++k) x[k * inner] -= peak + std::log(sum);
  }
}

Status eval_loss(EvalContext& c, bool softmax) {
  INGOT_ASSIGN_OR_RETURN(const std::vector<OutputType> types, infer_concrete(c, infer));
  const Dims& dims = c.input(0).dims;
  const int64_t classes = dims[1], batch = dims[0];
  int64_t inner = 1;
  for (size_t d = 2; d < dims.size(); ++d) inner *= dims[d];
  std::vector<double> scores = load_all<double>(c.input(0));
  INGOT_ASSIGN_OR_RETURN(const TensorView y, c.output(0, types[0].dtype, types[0].dims));
  if (softmax) {
    log_softmax(scores, batch, classes, inner);
    if (c.num_outputs > 1) {
      INGOT_ASSIGN_OR_RETURN(const TensorView log, c.output(1, types[1].dtype, types[1].dims));
      store(scores.data(), log.size(), log, 0);
    }
  }
  const std::vector<int64_t> labels = load_all<int64_t>(c.input(1));
  std::vector<double> weights, losses(labels.size());
  if (c.has(2)) weights = load_all<double>(c.input(2));
  const bool ignores = c.attrs.has("ignore_index");
  const int64_t ignored = c.attrs.get_int("ignore_index");
  double sum = 0, total = 0;
  for (size_t i = 0; i < labels.size(); ++i) {
    const int64_t label = labels[i], at = static_cast<int64_t>(i);
    if (ignores && label == ignored) continue;
    if (label < 0 || label >= classes)
      return invalid_argument("label ", label, " is out of range, there are ", classes, " classes");
    const double weight = weights.empty() ? 1 : weights[static_cast<size_t>(label)];
    losses[i] = -weight * scores[static_cast<size_t>((at / inner * classes + label) * inner + at % inner)];
    sum += losses[i];
    total += weight;
  }
  const std::string reduction = c.attrs.get_string("reduction", "mean");
  if (reduction == "mean") sum /= total;
  store(reduction == "none" ? losses.data() : &sum, y.size(), y, 0);
  return {};
}

Status eval_nll(EvalContext& c) { return eval_loss(c, false); }
Status eval_cross_entropy(EvalContext& c) { return eval_loss(c, true); }

std::vector<AttrSpec> loss_attrs() {
  return {absent_or<int64_t>("ignore_index"), optional<std::string>("reduction", "mean")};
}

CaseInput labels(Ints values, Dims dims) {
  return constant_input(Tensor::vector_i64(values).reshaped(std::move(dims)));
}

std::vector<OpCase> loss_cases(int num_outputs) {
  return {{"mean", {}, {random_input({3, 4}), ints_input({1, 0, 3})}, num_outputs},
          {"none",
           {{"reduction", std::string("none")}, {"ignore_index", int64_t{2}}},
           {random_input({2, 3, 2}), labels({2, 1, 0, 2}, {2, 2})},
           num_outputs},
          {"weights",
           {{"reduction", std::string("sum")}, {"ignore_index", int64_t{-1}}},
           {random_input({4, 3}), ints_input({2, -1, 0, 1}), random_input({3}, 0, 1)},
           num_outputs}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_NegativeLogLikelihoodLoss() {
  static const OpDef op{
      "NegativeLogLikelihoodLoss", 2, 3, 1, 1, ops::loss_attrs(), ops::infer, ops::eval_nll, nullptr};
  return op;
}

const OpDef& op_SoftmaxCrossEntropyLoss() {
  static const OpDef op{"SoftmaxCrossEntropyLoss", 2,      3, 1, 2, ops::loss_attrs(), ops::infer,
                        ops::eval_cross_entropy,   nullptr};
  return op;
}

std::vector<OpCase> cases_NegativeLogLikelihoodLoss() { return ops::loss_cases(1); }
std::vector<OpCase> cases_SoftmaxCrossEntropyLoss() { return ops::loss_cases(2); }

}  // namespace ingot
