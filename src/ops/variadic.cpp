// Max, Mean, Min, Sum: one result per element of the broadcast of any number of operands.
#include <algorithm>
#include <cmath>

#include "ops/common.h"
#include "ops/strided.h"
#include "ops/wide.h"

namespace ingot::ops {
namespace {

enum class Fold { kMax, kMin, kSum, kMean };

template <class W>
W fold(Fold how, W a, W b) {
  if (how == Fold::kSum || how == Fold::kMean) return wrapping_add(a, b);
  if (a != a || b != b) return a != a ? a : b;  // NaN wins
  return how == Fold::kMax ? std::max(a, b) : std::min(a, b);
}

template <Fold kHow>
Status infer(InferContext& c) {
  constexpr bool kOrder = kHow == Fold::kMax || kHow == Fold::kMin;
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kOrder ? kNumbers : kFloats));
  INGOT_RETURN_IF_ERROR(infer_broadcast(c));
  if constexpr (kOrder)
    map_contents(c, [](const std::vector<Dim>& x) -> std::optional<Dim> {
      Dim result = x[0];
      for (const Dim& d : x) result = kHow == Fold::kMax ? max(result, d) : min(result, d);
      return result;
    });
  return {};
}

template <Fold kHow>
Status eval(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer<kHow>));
  with_wide(y.dtype, [&](auto tag) {
    using W = typename decltype(tag)::type;
    std::vector<W> result(static_cast<size_t>(y.size()));
    for (size_t i = 0; i < c.inputs.size(); ++i) {
      const auto x = load_all<W>(c.input(i));
      const Walk walk = make_walk(y.dims, {broadcast_strides(c.input(i).dims, y.dims)});
      const int64_t step = walk.strides[0].back();
      W* dst = result.data();
      for_each_row(walk, [&](const Dims& offsets, int64_t count) {
        const W* src = x.data() + offsets[0];
        for (int64_t k = 0; k < count; ++k, ++dst)
          *dst = i == 0 ? src[k * step] : fold(kHow, *dst, src[k * step]);
      });
    }
    if (kHow == Fold::kMean)
      for (W& v : result) v /= static_cast<W>(c.inputs.size());
    store(result.data(), y.size(), y, 0);
  });
  return {};
}

std::vector<OpCase> cases() {
  return {{"one", {}, {random_input({3, 5})}},
          {"two", {}, {random_input({3, 5}), random_input({5})}},
          {"three", {}, {random_input({2, 1, 4}), random_input({3, 1}), random_input({})}}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

#define INGOT_VARIADIC(name)                                                                           \
  const OpDef& op_##name() {                                                                           \
    static const OpDef op{                                                                             \
        #name,  1, kVariadic, 1, 1, {}, ops::infer<ops::Fold::k##name>, ops::eval<ops::Fold::k##name>, \
        nullptr};                                                                                      \
    return op;                                                                                         \
  }                                                                                                    \
  std::vector<OpCase> cases_##name() { return ops::cases(); }

INGOT_VARIADIC(Max)
INGOT_VARIADIC(Mean)
INGOT_VARIADIC(Min)
INGOT_VARIADIC(Sum)

}  // namespace ingot
