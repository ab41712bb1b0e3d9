// GlobalAveragePool, GlobalMaxPool, GlobalLpPool: one value per channel of X [N, C, ...].
#include <cmath>
#include <limits>

#include "ops/common.h"
#include "ops/wide.h"

namespace ingot::ops {
namespace {

Status infer(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kFloats));
  INGOT_RETURN_IF_ERROR(expect_rank(c, 0, 3, kVariadic));
  if (const int64_t p = c.attrs.get_int("p", 2); p < 1)
    return invalid_argument("p is ", p, ", expected at least 1");
  if (!c.type(0).ranked) return infer_same(c);
  Shape y = c.shape(0);
  std::fill(y.begin() + 2, y.end(), Dim(1));
  c.set(0, c.type(0).dtype, std::move(y));
  return {};
}

double average(std::span<const double> x, double) {
  double sum = 0;
  for (double v : x) sum += v;
  return sum / static_cast<double>(x.size());
}
double maximum(std::span<const double> x, double) {
  double best = -std::numeric_limits<double>::infinity();
  for (double v : x) best = v > best || std::isnan(v) ? v : best;
  return best;
}
double norm(std::span<const double> x, double p) {
  double sum = 0;
  for (double v : x) sum += std::pow(std::fabs(v), p);
  return std::pow(sum, 1 / p);
}

template <double (*kReduce)(std::span<const double>, double)>
Status eval(EvalContext& c) {
  const TensorView& x = c.input(0);
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer));
  const double p = static_cast<double>(c.attrs.get_int("p", 2));
  const int64_t count = y.size();
  std::vector<double> plane(count == 0 ? 0 : static_cast<size_t>(x.size() / count));
  for (int64_t i = 0; i < count; ++i) {
    load(x, i * static_cast<int64_t>(plane.size()), static_cast<int64_t>(plane.size()), plane.data());
    const double value = kReduce(plane, p);
    store(&value, 1, y, i);
  }
  return {};
}

Cost cost(const CostContext& c) {
  return {static_cast<double>(c.inputs[0].size()),
          static_cast<double>(c.inputs[0].bytes()) + static_cast<double>(c.outputs[0].bytes())};
}

std::vector<OpCase> cases() {
  return {{"image", {}, {random_input({2, 5, 7, 6})}},
          {"one_dim", {}, {random_input({1, 16, 33})}},
          {"three_dims", {}, {random_input({1, 3, 2, 4, 5})}}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_GlobalAveragePool() {
  static const OpDef op{"GlobalAveragePool", 1, 1, 1, 1, {}, ops::infer, ops::eval<ops::average>, ops::cost};
  return op;
}

std::vector<OpCase> cases_GlobalAveragePool() { return ops::cases(); }

const OpDef& op_GlobalMaxPool() {
  static const OpDef op{"GlobalMaxPool", 1, 1, 1, 1, {}, ops::infer, ops::eval<ops::maximum>, ops::cost};
  return op;
}

std::vector<OpCase> cases_GlobalMaxPool() { return ops::cases(); }

const OpDef& op_GlobalLpPool() {
  static const OpDef op{"GlobalLpPool",       1,        1, 1, 1, {optional<int64_t>("p", 2)}, ops::infer,
                        ops::eval<ops::norm>, ops::cost};
  return op;
}

std::vector<OpCase> cases_GlobalLpPool() { return ops::cases(); }

}  // namespace ingot
