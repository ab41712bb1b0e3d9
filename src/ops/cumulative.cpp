// CumSum and CumProd: running sums and products along an axis, given as an input.
#include "ops/common.h"
#include "ops/strided.h"
#include "ops/wide.h"

namespace ingot::ops {
namespace {

Status infer(InferContext& c) {
  INGOT_RETURN_IF_ERROR(expect_type(c, 0, kNumbers));
  INGOT_RETURN_IF_ERROR(expect_type(c, 1, kIndices));
  INGOT_RETURN_IF_ERROR(expect_scalar(c, 1));
  if (const auto axis = known_int(c, 1); axis && c.type(0).ranked)
    INGOT_RETURN_IF_ERROR(normalize_axis(*axis, c.type(0).rank()).status());
  return infer_same(c);
}

template <bool kProduct>
Status eval(EvalContext& c) {
  INGOT_ASSIGN_OR_RETURN(const TensorView y, infer_output(c, infer));
  INGOT_ASSIGN_OR_RETURN(const int axis, normalize_axis(to_int64s(c.input(1))[0], y.rank()));
  const AxisSplit s = split_at(y.dims, axis);
  const bool exclusive = c.attrs.get_int("exclusive") != 0, reverse = c.attrs.get_int("reverse") != 0;
  with_wide(y.dtype, [&](auto tag) {
    using W = typename decltype(tag)::type;
    auto values = load_all<W>(c.input(0));
    for (int64_t o = 0; o < s.outer; ++o)
      for (int64_t i = 0; i < s.inner; ++i) {
        W running = kProduct ? 1 : 0;
        for (int64_t k = 0; k < s.n; ++k) {
          W& v = values[static_cast<size_t>((o * s.n + (reverse ? s.n - 1 - k : k)) * s.inner + i)];
          const W next = kProduct ? wrapping_mul(running, v) : wrapping_add(running, v);
          v = exclusive ? running : next;
          running = next;
        }
      }
    store(values.data(), y.size(), y, 0);
  });
  return {};
}

std::vector<OpCase> cases() {
  const std::vector<CaseInput> inputs{random_input({3, 4, 5}), int_input(1)};
  return {
      {"plain", {}, inputs},
      {"exclusive", {{"exclusive", int64_t{1}}}, inputs},
      {"reverse", {{"reverse", int64_t{1}}, {"exclusive", int64_t{1}}}, {random_input({9}), int_input(-1)}}};
}

}  // namespace
}  // namespace ingot::ops

namespace ingot {

const OpDef& op_CumSum() {
  static const OpDef op{"CumSum",   2,
                        2,          1,
                        1,          {optional<int64_t>("exclusive", 0), optional<int64_t>("reverse", 0)},
                        ops::infer, ops::eval<false>,
                        nullptr};
  return op;
}

std::vector<OpCase> cases_CumSum() { return ops::cases(); }

const OpDef& op_CumProd() {
  static const OpDef op{"CumProd",  2,
                        2,          1,
                        1,          {optional<int64_t>("exclusive", 0), optional<int64_t>("reverse", 0)},
                        ops::infer, ops::eval<true>,
                        nullptr};
  return op;
}

std::vector<OpCase> cases_CumProd() { return ops::cases(); }

}  // namespace ingot
