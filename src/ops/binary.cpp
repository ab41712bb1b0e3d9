// Pointwise functions of two broadcast operands of one type: one line each in the table below.
#include <cmath>

#include "ops/common.h"

namespace ingot::ops {
namespace {

template <auto F>
Status eval_binary(EvalContext& c) {
  const TensorView &a = c.input(0), &b = c.input(1);
  INGOT_ASSIGN_OR_RETURN(const Dims dims, broadcast(a.dims, b.dims));
  INGOT_ASSIGN_OR_RETURN(const TensorView y, c.output(0, a.dtype, dims));
  dispatch_type(a.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T *pa = a.as<T>(), *pb = b.as<T>();
    T* dst = y.as<T>();
    for_each_broadcast<2>(
        dims, {broadcast_strides(a.dims, dims), broadcast_strides(b.dims, dims)}, [&](const auto& at) {
          *dst++ = static_cast<T>(F(static_cast<Wide<T>>(pa[at[0]]), static_cast<Wide<T>>(pb[at[1]])));
        });
  });
  return {};
}

template <int kLo, int kHi>
std::vector<OpCase> binary_cases() {
  return {{"same_shape", {}, {random_input({3, 17}, kLo, kHi), random_input({3, 17}, kLo, kHi)}},
          {"scalar", {}, {random_input({2, 9}, kLo, kHi), random_input({}, kLo, kHi)}},
          {"outer", {}, {random_input({5, 1}, kLo, kHi), random_input({1, 33}, kLo, kHi)}},
          {"channel", {}, {random_input({2, 3, 4, 5}, kLo, kHi), random_input({3, 1, 1}, kLo, kHi)}}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

#define INGOT_BINARY(name, lo, hi, expression)                                   \
  const OpDef& op_##name() {                                                     \
    static constexpr auto kFunction = [](auto a, auto b) { return expression; }; \
    static const OpDef op{#name,                                                 \
                          2,                                                     \
                          2,                                                     \
                          1,                                                     \
                          1,                                                     \
                          {},                                                    \
                          ops::infer_broadcast,                                  \
                          ops::eval_binary<kFunction>,                           \
                          nullptr,                                               \
                          ops::binary_cases<lo, hi>};                            \
    return op;                                                                   \
  }

INGOT_BINARY(Add, -2, 2, a + b)

}  // namespace ingot
