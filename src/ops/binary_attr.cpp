// Pointwise functions of two operands that have attributes or types of their own: BitShift, Mod, Pow, PRelu.
#include <cmath>

#include "ops/pairs.h"

namespace ingot::ops {
namespace {

constexpr DataType kSame = DataType::kInvalid;

// ---- BitShift

Status infer_shift(InferContext& c) {
  const std::string direction = c.attrs.get_string("direction");
  if (direction != "LEFT" && direction != "RIGHT")
    return invalid_argument("direction is '", direction, "', expected 'LEFT' or 'RIGHT'");
  return infer_pairs(c, kInts, kSame);
}

// Shifts by the width or more leave 0 (all sign bits when a negative number is shifted right).
template <class W, bool kLeft>
void shift(const W* a, const W* b, W* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    const bool far = static_cast<uint64_t>(b[i]) > 63;
    if constexpr (kLeft)
      y[i] = far ? W(0) : static_cast<W>(static_cast<uint64_t>(a[i]) << b[i]);
    else
      y[i] = far ? (a[i] < W(0) ? W(-1) : W(0)) : static_cast<W>(a[i] >> b[i]);
  }
}

Status eval_shift(EvalContext& c) {
  if (c.attrs.get_string("direction") == "LEFT")
    return eval_pairs(c, kSame, {nullptr, shift<int64_t, true>, shift<uint64_t, true>});
  return eval_pairs(c, kSame, {nullptr, shift<int64_t, false>, shift<uint64_t, false>});
}

std::vector<OpCase> cases_shift() {
  std::vector<OpCase> cases;
  for (const char* direction : {"LEFT", "RIGHT"})
    for (OpCase& c : pair_cases(0, 7, DataType::kU8)) {
      c.name += std::string("_") + direction;
      c.attrs.set("direction", std::string(direction));
      cases.push_back(std::move(c));
    }
  return cases;
}

// ---- Mod

Status infer_mod(InferContext& c) {
  INGOT_RETURN_IF_ERROR(infer_pairs(c, kNumbers, kSame));
  if (c.attrs.get_int("fmod") != 0 || !is_integer(c.type(0).dtype)) return {};
  map_contents(c, [](const std::vector<Dim>& x) -> std::optional<Dim> {
    if (x[1].lower_bound().value_or(0) <= 0 && !(x[1].is_const() && x[1].value() < 0)) return std::nullopt;
    return mod(x[0], x[1]);
  });
  return {};
}

// kFmod: the sign of the dividend; otherwise that of the divisor, as in Python. Integer x mod 0 is 0.
template <class W, bool kFmod>
void modulo(const W* a, const W* b, W* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    if constexpr (std::is_floating_point_v<W>)
      y[i] = std::fmod(a[i], b[i]);
    else
      y[i] = b[i] == 0 || b[i] == W(-1) ? W(0) : a[i] % b[i];
    if (!kFmod && y[i] != 0 && (y[i] < 0) != (b[i] < 0)) y[i] += b[i];
  }
}

Status eval_mod(EvalContext& c) {
  if (c.attrs.get_int("fmod") != 0)
    return eval_pairs(c, kSame, {modulo<double, true>, modulo<int64_t, true>, modulo<uint64_t, true>});
  return eval_pairs(c, kSame, {modulo<double, false>, modulo<int64_t, false>, modulo<uint64_t, false>});
}

std::vector<OpCase> cases_mod() {
  const CaseInput a = ints_input({-7, -7, 7, 7, 0}), b = ints_input({3, -3, 3, -3, 5});
  return {{"python", {}, {a, b}},
          {"c", {{"fmod", int64_t{1}}}, {a, b}},
          {"floats", {{"fmod", int64_t{1}}}, {random_input({3, 7}, -5, 5), random_input({7}, 1, 2)}}};
}

// ---- Pow: the result has the type of the base

Status infer_pow(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kNumbers));
  INGOT_RETURN_IF_ERROR(expect_type(c, 1, kNumbers));
  INGOT_ASSIGN_OR_RETURN(auto shape, broadcast_inputs(c));
  set_output(c, c.type(0).dtype, std::move(shape));
  return {};
}

template <class W>
W integer_power(W base, W exponent) {
  if (exponent < W(0)) return base == W(1) ? W(1) : base == W(-1) ? (exponent % 2 == 0 ? W(1) : W(-1)) : W(0);
  W result = 1;
  for (; exponent != 0; exponent /= 2, base = wrapping_mul(base, base))
    if (exponent % 2 != 0) result = wrapping_mul(result, base);
  return result;
}

template <class W>
void power(const W* a, const W* b, W* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    if constexpr (std::is_floating_point_v<W>)
      y[i] = std::pow(a[i], b[i]);
    else
      y[i] = integer_power(a[i], b[i]);
  }
}

Status eval_pow(EvalContext& c) {
  // A fractional exponent of an integer base: all in floating point, and the result cut off.
  if (!is_float(c.input(0).dtype) && is_float(c.input(1).dtype)) {
    INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer_pow));
    const auto a = load_all<double>(c.input(0)), b = load_all<double>(c.input(1));
    std::vector<double> result;
    for_each_broadcast<2>(
        y.dims, {broadcast_strides(c.input(0).dims, y.dims), broadcast_strides(c.input(1).dims, y.dims)},
        [&](const auto& at) {
          result.push_back(std::pow(a[static_cast<size_t>(at[0])], b[static_cast<size_t>(at[1])]));
        });
    store(result.data(), y.size(), y, 0);
    return {};
  }
  return eval_pairs(c, kSame, {power<double>, power<int64_t>, power<uint64_t>});
}

std::vector<OpCase> cases_pow() {
  std::vector<OpCase> cases = pair_cases(0.5, 2, DataType::kF32);
  cases.push_back({"integers", {}, {ints_input({2, -3, 1, -1, 5}), ints_input({10, 3, -2, -3, -1})}});
  cases.push_back({"square", {}, {random_input({3, 5}), int_input(2)}});
  return cases;
}

// ---- PRelu: the slope broadcasts to x, never x to the slope

Status infer_prelu(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kNumbers));
  INGOT_RETURN_IF_ERROR(expect_same_type(c, 0, 1));
  if (c.all_ranked()) {
    INGOT_ASSIGN_OR_RETURN(const Shape shape, broadcast(c.shape(0), c.shape(1)));
    bool fits = shape.size() == c.shape(0).size();
    for (size_t i = 0; fits && i < shape.size(); ++i)
      fits = shape[i] == c.shape(0)[i] || !shape[i].is_const() || !c.shape(0)[i].is_const();
    if (!fits)
      return invalid_argument("slope of shape ", to_string(c.shape(1)), " does not broadcast to x of shape ",
                              to_string(c.shape(0)));
  }
  return infer_same(c);
}

template <class W>
void prelu(const W* a, const W* b, W* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = a[i] < W(0) ? wrapping_mul(a[i], b[i]) : a[i];
}

Status eval_prelu(EvalContext& c) {
  INGOT_RETURN_IF_ERROR(infer_concrete(c, infer_prelu).status());
  return eval_pairs(c, kSame, {prelu<double>, prelu<int64_t>, prelu<uint64_t>});
}

std::vector<OpCase> cases_prelu() {
  return {{"channel", {}, {random_input({2, 3, 4, 5}), random_input({3, 1, 1})}},
          {"same_shape", {}, {random_input({3, 5}), random_input({3, 5})}}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_BitShift() {
  static const OpDef op{
      "BitShift",      2,      2, 1, 1, {required<std::string>("direction")}, ops::infer_shift,
      ops::eval_shift, nullptr};
  return op;
}

std::vector<OpCase> cases_BitShift() { return ops::cases_shift(); }

const OpDef& op_Mod() {
  static const OpDef op{"Mod",         2,      2, 1, 1, {optional<int64_t>("fmod", 0)}, ops::infer_mod,
                        ops::eval_mod, nullptr};
  return op;
}

std::vector<OpCase> cases_Mod() { return ops::cases_mod(); }

const OpDef& op_Pow() {
  static const OpDef op{"Pow", 2, 2, 1, 1, {}, ops::infer_pow, ops::eval_pow, nullptr};
  return op;
}

std::vector<OpCase> cases_Pow() { return ops::cases_pow(); }

const OpDef& op_PRelu() {
  static const OpDef op{"PRelu", 2, 2, 1, 1, {}, ops::infer_prelu, ops::eval_prelu, nullptr};
  return op;
}

std::vector<OpCase> cases_PRelu() { return ops::cases_prelu(); }

}  // namespace ingot
