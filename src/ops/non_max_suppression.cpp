// NonMaxSuppression: https://onnx.ai/onnx/operators/onnx__NonMaxSuppression.html (version 11)
#include <algorithm>

#include "ops/common.h"
#include "ops/wide.h"

namespace ingot::ops {
namespace {

enum Input : size_t { kBoxes, kScores, kMaxOutput, kIouThreshold, kScoreThreshold };

Status infer(InferContext& c) {
  for (size_t i : {kBoxes, kScores, kIouThreshold, kScoreThreshold})
    INGOT_RETURN_IF_ERROR(expect_type(c, i, type_set({DataType::kF32})));
  INGOT_RETURN_IF_ERROR(expect_type(c, kMaxOutput, type_set({DataType::kI64})));
  INGOT_RETURN_IF_ERROR(expect_rank(c, kBoxes, 3, 3));
  INGOT_RETURN_IF_ERROR(expect_rank(c, kScores, 3, 3));
  if (const int64_t center = c.attrs.get_int("center_point_box"); center != 0 && center != 1)
    return invalid_argument("center_point_box is ", center, ", expected 0 or 1");
  if (c.type(kBoxes).ranked && c.type(kScores).ranked) {
    const Shape &boxes = c.shape(kBoxes), &scores = c.shape(kScores);
    auto differ = [](const Dim& a, const Dim& b) { return a.is_const() && b.is_const() && a != b; };
    if (differ(boxes[2], 4) || differ(boxes[0], scores[0]) || differ(boxes[1], scores[2]))
      return invalid_argument("boxes has shape ", to_string(boxes), " and scores ", to_string(scores),
                              ", expected [batch, n, 4] and [batch, classes, n]");
  }
  c.set(0, DataType::kI64, {c.fresh_dim(), 3});
  return {};
}

struct Box {
  double x1, y1, x2, y2;
  double area() const { return (x2 - x1) * (y2 - y1); }
};

// Corners may come in any order.
Box read_box(const float* v, bool center) {
  const double a = v[0], b = v[1], p = v[2], q = v[3];
  if (center) return {a - p / 2, b - q / 2, a + p / 2, b + q / 2};
  return {std::min(b, q), std::min(a, p), std::max(b, q), std::max(a, p)};
}

double overlap(const Box& a, const Box& b) {
  const double width = std::min(a.x2, b.x2) - std::max(a.x1, b.x1),
               height = std::min(a.y2, b.y2) - std::max(a.y1, b.y1);
  if (width <= 0 || height <= 0) return 0;
  const double both = width * height, all = a.area() + b.area() - both;
  return all > 0 ? both / all : 0;
}

template <class T>
T scalar(const EvalContext& c, size_t i, T fallback) {
  return c.has(i) && c.input(i).size() > 0 ? c.input(i).template as<const T>()[0] : fallback;
}

Status eval(EvalContext& c) {
  const TensorView &boxes = c.input(kBoxes), &scores = c.input(kScores);
  // The number of boxes is only known at the end, so the inputs are checked as inference would, without its
  // result.
  InferContext ic(c.attrs);
  std::vector<TensorType> types(c.inputs.size());
  for (size_t i = 0; i < types.size(); ++i) {
    if (c.has(i)) types[i] = {c.input(i).dtype, to_shape(c.input(i).dims), true};
    ic.inputs.push_back({c.has(i) ? &types[i] : nullptr, nullptr, nullptr});
  }
  ic.fresh_dim = [] { return Dim(0); };
  INGOT_RETURN_IF_ERROR(infer(ic));

  const int64_t limit = scalar<int64_t>(c, kMaxOutput, 0);
  const float iou = scalar<float>(c, kIouThreshold, 0);
  if (!(iou >= 0 && iou <= 1)) return invalid_argument("iou_threshold is ", iou, ", expected 0 to 1");
  const bool center = c.attrs.get_int("center_point_box") != 0;
  const int64_t count = boxes.dims[1], classes = scores.dims[1];
  Ints selected;
  for (int64_t n = 0; n < boxes.dims[0]; ++n) {
    std::vector<Box> candidates;
    for (int64_t i = 0; i < count; ++i)
      candidates.push_back(read_box(boxes.as<const float>() + (n * count + i) * 4, center));
    for (int64_t k = 0; k < classes; ++k) {
      const float* score = scores.as<const float>() + (n * classes + k) * count;
      std::vector<int64_t> order;
      for (int64_t i = 0; i < count; ++i)
        if (!c.has(kScoreThreshold) || score[i] > scalar<float>(c, kScoreThreshold, 0)) order.push_back(i);
      // NaN scores would make the order inconsistent; they lose.
      std::erase_if(order, [&](int64_t i) { return score[i] != score[i]; });
      std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return score[a] > score[b]; });
      std::vector<int64_t> kept;
      for (int64_t i : order) {
        if (static_cast<int64_t>(kept.size()) >= limit) break;
        const Box& box = candidates[static_cast<size_t>(i)];
        const bool free = std::none_of(kept.begin(), kept.end(), [&](int64_t other) {
          return overlap(box, candidates[static_cast<size_t>(other)]) > iou;
        });
        if (!free) continue;
        kept.push_back(i);
        selected.insert(selected.end(), {n, k, i});
      }
    }
  }
  INGOT_ASSIGN_OR_RETURN(const TensorView y,
                         c.output(0, DataType::kI64, {static_cast<int64_t>(selected.size()) / 3, 3}));
  std::copy(selected.begin(), selected.end(), y.as<int64_t>());
  return {};
}

Cost cost(const CostContext& c) {
  Cost cost;
  for (const TensorView& v : c.inputs)
    cost.bytes += v.dtype == DataType::kInvalid ? 0 : static_cast<double>(v.bytes());
  cost.flops = 20 * static_cast<double>(c.inputs[kScores].size());
  return cost;
}

std::vector<OpCase> cases() {
  auto inputs = [](int64_t limit, float iou) {
    return std::vector<CaseInput>{random_input({2, 30, 4}, 0, 10), random_input({2, 3, 30}, 0, 1),
                                  int_input(limit), float_input(iou), float_input(0.3f)};
  };
  return {{"corners", {}, inputs(5, 0.3f)},
          {"centers", {{"center_point_box", int64_t{1}}}, inputs(100, 0.2f)},
          {"default_limit", {}, {random_input({1, 6, 4}, 0, 10), random_input({1, 1, 6}, 0, 1)}}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_NonMaxSuppression() {
  static const OpDef op{
      "NonMaxSuppression", 2,         5,        1, 1, {optional<int64_t>("center_point_box", 0)},
      ops::infer,          ops::eval, ops::cost};
  return op;
}

std::vector<OpCase> cases_NonMaxSuppression() { return ops::cases(); }

}  // namespace ingot
