// Pointwise functions of two broadcast operands of one type: one line each in the table below.
#include <cmath>

#include "ops/pairs.h"

namespace ingot::ops {
namespace {

using Symbolic = std::optional<Dim> (*)(const Dim&, const Dim&);
constexpr DataType kSame = DataType::kInvalid;

template <TypeSet kTypes, DataType kResult, Symbolic kSymbolic>
Status infer(InferContext& c) {
  INGOT_RETURN_IF_ERROR(infer_pairs(c, kTypes, kResult));
  if constexpr (kSymbolic != nullptr)
    map_contents(c, [](const std::vector<Dim>& x) { return kSymbolic(x[0], x[1]); });
  return {};
}

std::optional<Dim> dim_add(const Dim& a, const Dim& b) { return a + b; }
std::optional<Dim> dim_sub(const Dim& a, const Dim& b) { return a - b; }
std::optional<Dim> dim_mul(const Dim& a, const Dim& b) { return a * b; }
// Comparisons give 0 or 1; kTrue lists the signs of a - b that satisfy it: 1 for -1, 2 for 0, 4 for +1.
template <int kTrue>
std::optional<Dim> dim_compare(const Dim& a, const Dim& b) {
  const auto order = compare(a, b);
  return order ? std::optional(Dim(kTrue >> (*order + 1) & 1)) : std::nullopt;
}
std::optional<Dim> dim_and(const Dim& a, const Dim& b) { return a * b; }
std::optional<Dim> dim_or(const Dim& a, const Dim& b) { return a + b - a * b; }
std::optional<Dim> dim_xor(const Dim& a, const Dim& b) { return a + b - a * b * Dim(2); }

template <class W>
W quotient(W a, W b) {
  if constexpr (std::is_floating_point_v<W>) return a / b;
  if (b == 0) return 0;  // as numpy: the operation itself has no result, a crash is none either
  if constexpr (std::is_signed_v<W>)
    if (b == W(-1)) return wrapping_sub(W(0), a);
  return a / b;
}

Status infer_div(InferContext& c) {
  INGOT_RETURN_IF_ERROR(infer_pairs(c, kNumbers, kSame));
  if (is_integer(c.type(0).dtype))
    map_contents(c, [](const std::vector<Dim>& x) { return truncated_div(x[0], x[1]); });
  return {};
}

template <class W>
uint64_t bits(W x) {
  return static_cast<uint64_t>(x);
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

#define INGOT_PAIR_LOOP(W, expression)            \
  [](const W* pa, const W* pb, W* y, int64_t n) { \
    for (int64_t i = 0; i < n; ++i) {             \
      const W a = pa[i], b = pb[i];               \
      y[i] = static_cast<W>(expression);          \
    }                                             \
  }

// INGOT_BINARY(name, type of the cases, result type or kSame, infer, expression in a and b of a wide type)
#define INGOT_BINARY(name, lo, hi, dtype, result, infer, expression)                                        \
  const OpDef& op_##name() {                                                                                \
    static const OpDef op{#name,                                                                            \
                          2,                                                                                \
                          2,                                                                                \
                          1,                                                                                \
                          1,                                                                                \
                          {},                                                                               \
                          infer,                                                                            \
                          [](EvalContext& c) {                                                              \
                            return ops::eval_pairs(                                                         \
                                c, result,                                                                  \
                                {INGOT_PAIR_LOOP(double, expression), INGOT_PAIR_LOOP(int64_t, expression), \
                                 INGOT_PAIR_LOOP(uint64_t, expression)});                                   \
                          },                                                                                \
                          nullptr};                                                                         \
    return op;                                                                                              \
  }                                                                                                         \
  std::vector<OpCase> cases_##name() { return ops::pair_cases(lo, hi, DataType::dtype); }

#define INGOT_ARITHMETIC(name, lo, hi, symbolic, expression) \
  INGOT_BINARY(name, lo, hi, kF32, ops::kSame, (ops::infer<ops::kNumbers, ops::kSame, symbolic>), expression)
#define INGOT_COMPARISON(name, types, signs, expression) \
  INGOT_BINARY(name, -2, 2, kI32, DataType::kBool,       \
               (ops::infer<types, DataType::kBool, ops::dim_compare<signs>>), expression)
#define INGOT_LOGIC(name, symbolic, expression) \
  INGOT_BINARY(name, 0, 1, kBool, ops::kSame, (ops::infer<ops::kBools, ops::kSame, symbolic>), expression)
#define INGOT_BITWISE(name, expression) \
  INGOT_BINARY(name, -99, 99, kI32, ops::kSame, (ops::infer<ops::kInts, ops::kSame, nullptr>), expression)

// clang-format off
INGOT_ARITHMETIC(Add, -2, 2, ops::dim_add, ops::wrapping_add(a, b))
INGOT_ARITHMETIC(Mul, -2, 2, ops::dim_mul, ops::wrapping_mul(a, b))
INGOT_ARITHMETIC(Sub, -2, 2, ops::dim_sub, ops::wrapping_sub(a, b))
INGOT_BINARY(Div, 1, 4, kF32, ops::kSame, ops::infer_div, ops::quotient(a, b))

INGOT_COMPARISON(Equal, ops::kNumbers | ops::kBools, 2, a == b)
INGOT_COMPARISON(Greater, ops::kNumbers, 4, a > b)
INGOT_COMPARISON(GreaterOrEqual, ops::kNumbers, 6, a >= b)
INGOT_COMPARISON(Less, ops::kNumbers, 1, a < b)
INGOT_COMPARISON(LessOrEqual, ops::kNumbers, 3, a <= b)

INGOT_LOGIC(And, ops::dim_and, a != 0 && b != 0)
INGOT_LOGIC(Or, ops::dim_or, a != 0 || b != 0)
INGOT_LOGIC(Xor, ops::dim_xor, (a != 0) != (b != 0))

INGOT_BITWISE(BitwiseAnd, ops::bits(a) & ops::bits(b))
INGOT_BITWISE(BitwiseOr, ops::bits(a) | ops::bits(b))
INGOT_BITWISE(BitwiseXor, ops::bits(a) ^ ops::bits(b))
// clang-format on

}  // namespace ingot
