// Softmax: exp(x - max) / sum over one axis. https://onnx.ai/onnx/operators/onnx__Softmax.html (version 13)
#include <cmath>
#include <limits>

#include "ops/common.h"

namespace ingot::ops {
namespace {

Status infer(InferContext& c) {
  if (c.type(0).ranked)
    INGOT_RETURN_IF_ERROR(normalize_axis(c.attrs.get_int("axis", -1), c.type(0).rank()).status());
  return infer_same(c);
}

Status eval(EvalContext& c) {
  const TensorView& x = c.input(0);
  INGOT_ASSIGN_OR_RETURN(const int axis, normalize_axis(c.attrs.get_int("axis", -1), x.rank()));
  INGOT_ASSIGN_OR_RETURN(const TensorView y, c.output(0, x.dtype, x.dims));
  int64_t outer = 1, inner = 1;
  for (int d = 0; d < axis; ++d) outer *= x.dims[static_cast<size_t>(d)];
  for (int d = axis + 1; d < x.rank(); ++d) inner *= x.dims[static_cast<size_t>(d)];
  const int64_t n = x.dims[static_cast<size_t>(axis)];
  dispatch_type(x.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* src = x.as<T>();
    T* dst = y.as<T>();
    for (int64_t o = 0; o < outer; ++o) {
      for (int64_t i = 0; i < inner; ++i) {
        const int64_t base = o * n * inner + i;
        double peak = -std::numeric_limits<double>::infinity(), sum = 0;
        for (int64_t k = 0; k < n; ++k) peak = std::max(peak, static_cast<double>(src[base + k * inner]));
        for (int64_t k = 0; k < n; ++k) sum += std::exp(static_cast<double>(src[base + k * inner]) - peak);
        for (int64_t k = 0; k < n; ++k)
          dst[base + k * inner] =
              static_cast<T>(std::exp(static_cast<double>(src[base + k * inner]) - peak) / sum);
      }
    }
  });
  return {};
}

Cost cost(const CostContext& c) {
  const double n = static_cast<double>(c.inputs[0].size());
  return {5 * n, 2.0 * static_cast<double>(c.inputs[0].bytes())};
}

std::vector<OpCase> cases() {
  return {{"last_axis", {}, {random_input({3, 17}, -10, 10)}},
          {"inner_axis", {{"axis", int64_t{1}}}, {random_input({2, 5, 7}, -3, 3)}},
          {"large_values", {}, {random_input({2, 33}, 900, 1000)}}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_Softmax() {
  static const OpDef op{"Softmax",  1,         1,        1, 1, {optional<int64_t>("axis", -1)},
                        ops::infer, ops::eval, ops::cost};
  return op;
}

std::vector<OpCase> cases_Softmax() { return ops::cases(); }

}  // namespace ingot
