// Pointwise functions of one operand: one line each in the tables below. NaN gives NaN.
#include <cmath>

#include "ops/common.h"
#include "ops/wide.h"

namespace ingot::ops {
namespace {

constexpr int64_t kChunk = 512;

struct Param {
  std::string_view name;
  float fallback;
};
/// Values of an op's float attributes, in the order of their declaration.
struct Params {
  double a = 0, b = 0;
};

Params read_params(const Attrs& attrs, std::span<const Param> params) {
  Params p;
  if (!params.empty()) p.a = attrs.get_float(params[0].name, params[0].fallback);
  if (params.size() > 1) p.b = attrs.get_float(params[1].name, params[1].fallback);
  return p;
}

std::vector<AttrSpec> param_specs(std::span<const Param> params) {
  std::vector<AttrSpec> specs;
  for (const Param& p : params) specs.push_back(optional<float>(p.name, p.fallback));
  return specs;
}

template <class W>
using Kernel = void (*)(const Params&, W*, int64_t);

template <class W>
void map(const TensorView& x, const TensorView& y, const Params& p, Kernel<W> kernel) {
  W chunk[kChunk];
  const int64_t n = x.size();
  for (int64_t i = 0; i < n; i += kChunk) {
    const int64_t count = std::min(kChunk, n - i);
    load(x, i, count, chunk);
    kernel(p, chunk, count);
    store(chunk, count, y, i);
  }
}

Status map_floats(EvalContext& c, std::span<const Param> params, Kernel<double> kernel) {
  const TensorView& x = c.input(0);
  INGOT_ASSIGN_OR_RETURN(const TensorView y, c.output(0, x.dtype, x.dims));
  map(x, y, read_params(c.attrs, params), kernel);
  return {};
}

Status map_numbers(EvalContext& c, std::span<const Param> params, Kernel<double> floats, Kernel<int64_t> ints,
                   Kernel<uint64_t> unsigned_ints) {
  const TensorView& x = c.input(0);
  INGOT_ASSIGN_OR_RETURN(const TensorView y, c.output(0, x.dtype, x.dims));
  const Params p = read_params(c.attrs, params);
  if (is_float(x.dtype))
    map(x, y, p, floats);
  else if (x.dtype == DataType::kU64)
    map(x, y, p, unsigned_ints);
  else
    map(x, y, p, ints);
  return {};
}

std::vector<OpCase> random_cases(double lo, double hi, DataType dtype) {
  return {{"vector", {}, {random_input({37}, lo, hi, dtype)}},
          {"matrix", {}, {random_input({3, 5, 7}, lo, hi, dtype)}},
          {"scalar", {}, {random_input({}, lo, hi, dtype)}},
          {"empty", {}, {random_input({0, 3}, lo, hi, dtype)}}};
}

template <TypeSet kTypes, auto kSymbolic>
Status infer_symbolic(InferContext& c) {
  INGOT_RETURN_IF_ERROR(infer_same_of<kTypes>(c));
  map_contents(c, [](const std::vector<Dim>& x) -> std::optional<Dim> { return kSymbolic(x[0]); });
  return {};
}

std::optional<Dim> symbolic_neg(const Dim& x) { return Dim(0) - x; }
std::optional<Dim> symbolic_same(const Dim& x) { return x; }
std::optional<Dim> symbolic_not(const Dim& x) { return Dim(1) - x; }
std::optional<Dim> symbolic_abs(const Dim& x) { return max(x, Dim(0) - x); }
std::optional<Dim> symbolic_relu(const Dim& x) { return max(x, 0); }
std::optional<Dim> symbolic_sign(const Dim& x) {
  const auto order = compare(x, 0);
  return order ? std::optional(Dim(*order)) : std::nullopt;
}

template <class W>
W round_down(W x) {
  if constexpr (std::is_floating_point_v<W>) return std::floor(x);
  return x;
}

double softplus(double x) { return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); }
double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

template <class W>
W magnitude(W x) {
  return x < W(0) ? wrapping_sub(W(0), x) : x;
}
template <class W>
W positive_part(W x) {
  return x < W(0) ? W(0) : x;
}
template <class W>
W sign(W x) {
  return x > W(0) ? W(1) : x < W(0) ? W(-1) : x;
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

#define INGOT_UNARY_LOOP(W, expression)            \
  [](const ops::Params& p, W* values, int64_t n) { \
    for (int64_t i = 0; i < n; ++i) {              \
      W x = values[i];                             \
      values[i] = static_cast<W>(expression);      \
    }                                              \
  }

// INGOT_FLOAT_UNARY(name, lo, hi, expression in double x and p, {attribute, default}...): floating types;
// tests draw from [lo, hi]. p.a and p.b are the first and the second attribute.
#define INGOT_FLOAT_UNARY(name, lo, hi, expression, ...)                                                 \
  const OpDef& op_##name() {                                                                             \
    static const std::vector<ops::Param> params{__VA_ARGS__};                                            \
    static const OpDef op{                                                                               \
        #name,                                                                                           \
        1,                                                                                               \
        1,                                                                                               \
        1,                                                                                               \
        1,                                                                                               \
        ops::param_specs(params),                                                                        \
        ops::infer_same_of<ops::kFloats>,                                                                \
        [](EvalContext& c) { return ops::map_floats(c, params, INGOT_UNARY_LOOP(double, expression)); }, \
        nullptr};                                                                                        \
    return op;                                                                                           \
  }                                                                                                      \
  std::vector<OpCase> cases_##name() { return ops::random_cases(lo, hi, DataType::kF32); }

// INGOT_UNARY(name, types, dtype of the cases, infer, expression in x of a wide type, {attribute,
// default}...)
#define INGOT_UNARY(name, dtype, infer, expression, ...)                                             \
  const OpDef& op_##name() {                                                                         \
    static const std::vector<ops::Param> params{__VA_ARGS__};                                        \
    static const OpDef op{#name,                                                                     \
                          1,                                                                         \
                          1,                                                                         \
                          1,                                                                         \
                          1,                                                                         \
                          ops::param_specs(params),                                                  \
                          infer,                                                                     \
                          [](EvalContext& c) {                                                       \
                            return ops::map_numbers(c, params, INGOT_UNARY_LOOP(double, expression), \
                                                    INGOT_UNARY_LOOP(int64_t, expression),           \
                                                    INGOT_UNARY_LOOP(uint64_t, expression));         \
                          },                                                                         \
                          nullptr};                                                                  \
    return op;                                                                                       \
  }                                                                                                  \
  std::vector<OpCase> cases_##name() { return ops::random_cases(-3, 3, dtype); }

// clang-format off
INGOT_FLOAT_UNARY(Acos, -1, 1, std::acos(x))
INGOT_FLOAT_UNARY(Acosh, 1, 5, std::acosh(x))
INGOT_FLOAT_UNARY(Asin, -1, 1, std::asin(x))
INGOT_FLOAT_UNARY(Asinh, -5, 5, std::asinh(x))
INGOT_FLOAT_UNARY(Atan, -5, 5, std::atan(x))
INGOT_FLOAT_UNARY(Atanh, -0.99, 0.99, std::atanh(x))
INGOT_FLOAT_UNARY(Celu, -3, 3, x > 0 ? x : p.a * std::expm1(x / p.a), {"alpha", 1.0f})
INGOT_FLOAT_UNARY(Cos, -9, 9, std::cos(x))
INGOT_FLOAT_UNARY(Cosh, -4, 4, std::cosh(x))
INGOT_FLOAT_UNARY(Elu, -3, 3, x < 0 ? p.a * std::expm1(x) : x, {"alpha", 1.0f})
INGOT_FLOAT_UNARY(Erf, -4, 4, std::erf(x))
INGOT_FLOAT_UNARY(Exp, -9, 9, std::exp(x))
INGOT_FLOAT_UNARY(HardSigmoid, -4, 4, x != x ? x : std::fmax(0, std::fmin(1, p.a * x + p.b)), {"alpha", 0.2f}, {"beta", 0.5f})
INGOT_FLOAT_UNARY(HardSwish, -5, 5, x != x ? x : x * std::fmax(0, std::fmin(1, x / 6 + 0.5)))
INGOT_FLOAT_UNARY(LeakyRelu, -3, 3, x < 0 ? p.a * x : x, {"alpha", 0.01f})
INGOT_FLOAT_UNARY(Log, 0.01, 9, std::log(x))
INGOT_FLOAT_UNARY(Mish, -5, 5, x * std::tanh(ops::softplus(x)))
INGOT_FLOAT_UNARY(Reciprocal, 0.5, 4, 1 / x)
INGOT_FLOAT_UNARY(Round, -4, 4, std::nearbyint(x))
INGOT_FLOAT_UNARY(Selu, -3, 3, p.b * (x > 0 ? x : p.a * std::expm1(x)), {"alpha", 1.67326319217681884765625f}, {"gamma", 1.05070102214813232421875f})
INGOT_FLOAT_UNARY(Sigmoid, -9, 9, ops::sigmoid(x))
INGOT_FLOAT_UNARY(Sin, -9, 9, std::sin(x))
INGOT_FLOAT_UNARY(Sinh, -4, 4, std::sinh(x))
INGOT_FLOAT_UNARY(Softplus, -9, 9, ops::softplus(x))
INGOT_FLOAT_UNARY(Softsign, -5, 5, x / (1 + std::abs(x)))
INGOT_FLOAT_UNARY(Sqrt, 0, 9, std::sqrt(x))
INGOT_FLOAT_UNARY(Swish, -9, 9, x * ops::sigmoid(p.a * x), {"alpha", 1.0f})
INGOT_FLOAT_UNARY(Tan, -1, 1, std::tan(x))
INGOT_FLOAT_UNARY(Tanh, -4, 4, std::tanh(x))
INGOT_FLOAT_UNARY(ThresholdedRelu, -3, 3, x != x || x > p.a ? x : 0, {"alpha", 1.0f})

INGOT_UNARY(Abs, DataType::kF32, (ops::infer_symbolic<ops::kNumbers, ops::symbolic_abs>), ops::magnitude(x))
INGOT_UNARY(BitwiseNot, DataType::kI32, ops::infer_same_of<ops::kInts>, ~static_cast<uint64_t>(x))
INGOT_UNARY(Ceil, DataType::kF32, (ops::infer_symbolic<ops::kFloats, ops::symbolic_same>), -ops::round_down(-x))
INGOT_UNARY(Floor, DataType::kF32, (ops::infer_symbolic<ops::kFloats, ops::symbolic_same>), ops::round_down(x))
INGOT_UNARY(Neg, DataType::kF32, (ops::infer_symbolic<ops::kFloats | ops::kSigned, ops::symbolic_neg>), ops::wrapping_sub(decltype(x)(-0.0), x))
INGOT_UNARY(Not, DataType::kBool, (ops::infer_symbolic<ops::kBools, ops::symbolic_not>), x == 0)
INGOT_UNARY(Relu, DataType::kF32, (ops::infer_symbolic<ops::kFloats | ops::kSigned, ops::symbolic_relu>), ops::positive_part(x))
INGOT_UNARY(Shrink, DataType::kF32, ops::infer_same_of<ops::kNumbers>, static_cast<double>(x) < -p.b ? x + p.a : static_cast<double>(x) > p.b ? x - p.a : x != x ? x : 0, {"bias", 0.0f}, {"lambd", 0.5f})
INGOT_UNARY(Sign, DataType::kF32, (ops::infer_symbolic<ops::kNumbers, ops::symbolic_sign>), ops::sign(x))
// clang-format on

}  // namespace ingot
