// AveragePool and LpPool: https://onnx.ai/onnx/operators/onnx__AveragePool.html, onnx__LpPool.html (version
// 22).
#include <cmath>

#include "ops/pool.h"
#include "ops/wide.h"

namespace ingot::ops {
namespace {

Status infer_float(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kFloats));
  return infer_pool(c);
}

// y = reduce(the window's elements, the window) for each window.
template <class F>
Status eval_windows(EvalContext& c, F&& reduce) {
  const TensorView& x = c.input(0);
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer_float));
  INGOT_ASSIGN_OR_RETURN(const PoolProblem pool, PoolProblem::make(c.attrs, x.dims));
  const int64_t in_plane = num_elements(pool.in), out_plane = num_elements(pool.out);
  const std::vector<double> source = load_all<double>(x);
  std::vector<double> result(static_cast<size_t>(y.size()));
  for (int64_t plane = 0; plane < x.dims[0] * x.dims[1]; ++plane) {
    const double* from = source.data() + plane * in_plane;
    double* to = result.data() + plane * out_plane;
    pool.for_each_window([&](int64_t at, const PoolWindow& w) { to[at] = reduce(from, w); });
  }
  store(result.data(), y.size(), y, 0);
  return {};
}

Status eval_average(EvalContext& c) {
  const bool count_pads = c.attrs.get_int("count_include_pad") != 0;
  return eval_windows(c, [&](const double* x, const PoolWindow& w) {
    double sum = 0;
    for (int64_t offset : w.offsets) sum += x[offset];
    const int64_t count = count_pads ? w.padded_taps : static_cast<int64_t>(w.offsets.size());
    return count == 0 ? 0 : sum / static_cast<double>(count);
  });
}

Status eval_lp(EvalContext& c) {
  const double p = static_cast<double>(c.attrs.get_int("p", 2));
  return eval_windows(c, [&](const double* x, const PoolWindow& w) {
    double sum = 0;
    for (int64_t offset : w.offsets) sum += std::pow(std::fabs(x[offset]), p);
    return std::pow(sum, 1 / p);
  });
}

Status infer_lp(InferContext& c) {
  if (const int64_t p = c.attrs.get_int("p", 2); p < 1)
    return invalid_argument("p is ", p, ", expected at least 1");
  return infer_float(c);
}

std::vector<OpCase> average_cases() {
  std::vector<OpCase> all = pool_cases(), with_pads = pool_cases({{"count_include_pad", int64_t{1}}});
  for (OpCase& one : with_pads) {
    one.name += "_count_pads";
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_AveragePool() {
  static const OpDef op{"AveragePool",
                        1,
                        1,
                        1,
                        1,
                        ops::pool_attrs({optional<int64_t>("count_include_pad", 0)}),
                        ops::infer_float,
                        ops::eval_average,
                        ops::pool_cost};
  return op;
}

std::vector<OpCase> cases_AveragePool() { return ops::average_cases(); }

const OpDef& op_LpPool() {
  static const OpDef op{
      "LpPool",      1, 1, 1, 1, ops::pool_attrs({optional<int64_t>("p", 2)}), ops::infer_lp, ops::eval_lp,
      ops::pool_cost};
  return op;
}

std::vector<OpCase> cases_LpPool() { return ops::pool_cases(); }

}  // namespace ingot
