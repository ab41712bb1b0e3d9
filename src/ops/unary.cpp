// Pointwise functions of one operand: one line each in the table below.
#include <cmath>

#include "ops/common.h"

namespace ingot::ops {
namespace {

// f: double -> double (floating types) applied to each element; `lo`, `hi` bound the domain that tests draw
// from.
template <auto F>
Status eval_float(EvalContext& c) {
  const TensorView& x = c.input(0);
  INGOT_ASSIGN_OR_RETURN(const TensorView y, c.output(0, x.dtype, x.dims));
  const int64_t n = x.size();
  dispatch_type(x.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* src = x.as<T>();
    T* dst = y.as<T>();
    for (int64_t i = 0; i < n; ++i) dst[i] = static_cast<T>(F(c.attrs, static_cast<Wide<T>>(src[i])));
  });
  return {};
}

template <int kLo, int kHi>
std::vector<OpCase> unary_cases() {
  return {{"vector", {}, {random_input({37}, kLo, kHi)}},
          {"matrix", {}, {random_input({3, 5, 7}, kLo, kHi)}}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

// INGOT_UNARY(name, lo, hi, attributes, expression in x): NaN gives NaN everywhere.
#define INGOT_UNARY(name, lo, hi, attr_specs, expression)                                \
  const OpDef& op_##name() {                                                             \
    static constexpr auto kFunction = [](const Attrs& a, auto x) { return expression; }; \
    static const OpDef op{#name,                                                         \
                          1,                                                             \
                          1,                                                             \
                          1,                                                             \
                          1,                                                             \
                          std::vector<AttrSpec>                                          \
                              attr_specs,                                                \
                          ops::infer_same,                                               \
                          ops::eval_float<kFunction>,                                    \
                          nullptr,                                                       \
                          ops::unary_cases<lo, hi>};                                     \
    return op;                                                                           \
  }

INGOT_UNARY(Relu, -2, 2, {}, x < 0 ? decltype(x)(0) : x)

}  // namespace ingot
